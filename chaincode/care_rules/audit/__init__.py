"""Audit: which requests to show, in which order, page by page."""
