"""The clients of the Fabric Gateway side by side: `make bench-client`."""
