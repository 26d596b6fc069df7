"""A smart event recorder for cameras: clips that begin before the event, exact to the frame."""

__version__ = "0.1.0"
