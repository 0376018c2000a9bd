"""Institutions: who takes part, approved by a majority of those registered."""
