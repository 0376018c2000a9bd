"""What the clients of Fabric's gateway do in every language, done by ours on a real network."""
