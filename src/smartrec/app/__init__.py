"""The running recorder: it wires the pure parts to the world."""
