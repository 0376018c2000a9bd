"""What is run, as values: a program, its arguments, its environment. Nothing here starts anything."""

from fabric_network.commands.command import Command

__all__ = ["Command"]
