"""CareChannel's rules: who may see which record, decided from values alone.

Pure functions over values: no input or output, no clock, no random, no Fabric; the standard library only.
The chaincode, the client and the command line share them, so that all decide alike.
"""
