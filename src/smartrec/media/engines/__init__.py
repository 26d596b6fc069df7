"""Engines: what finds persons in a picture."""
