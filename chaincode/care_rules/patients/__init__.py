"""Patients: random handles, each bound to a public key."""
