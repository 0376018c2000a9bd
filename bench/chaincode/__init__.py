"""The same contract in Python, Node and Go, measured side by side: `make bench-chaincode`."""
