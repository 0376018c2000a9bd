"""Contracts that the scenarios of the gateway client call."""
