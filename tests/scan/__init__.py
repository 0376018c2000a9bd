"""Search everything that a network leaves behind for values that must not be there."""
