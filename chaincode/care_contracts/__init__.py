"""The chaincode ``care``: thin contracts that put the rules on a Fabric channel.

Every submitted function returns its transaction id and nothing else, because responses lie in the block.
`docs/privacy.md` says for each function who may call it, and what other members can see of it.
"""
