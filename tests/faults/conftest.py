"""Faults happen to the same recorder as in tests/e2e."""

from tests.e2e.conftest import home

__all__ = ["home"]
