"""One set of scenarios for every ledger that runs chaincode: a Fabric network, and the simulator.

What a peer does is the truth; the simulator passes because it does the same.
"""
