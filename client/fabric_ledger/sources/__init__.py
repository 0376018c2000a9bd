"""Where blocks come from: files, or a peer."""
