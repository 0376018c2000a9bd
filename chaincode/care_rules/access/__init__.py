"""Access: a request, the decision on it, the answer, and the receipt."""
