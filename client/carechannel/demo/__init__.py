"""The demonstration: a record goes from one hospital to another under a consent that the patient signed."""

from carechannel.demo.cast import Cast
from carechannel.demo.story import Story

__all__ = ["Cast", "Story"]
