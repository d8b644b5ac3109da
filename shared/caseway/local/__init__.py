"""A real Kafka and a real MongoDB for one machine."""

from caseway.local.process import StackError
from caseway.local.stack import Stack

__all__ = ["Stack", "StackError"]
