"""Pure functions from a topology (and where it lies) to contents of files. Nothing here reads or writes."""
