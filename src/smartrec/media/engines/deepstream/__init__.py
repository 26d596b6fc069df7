"""NVIDIA DeepStream as the engine: its pipeline, its metadata, its configuration files."""
