"""What a pipeline shall be, as plain values: no GStreamer is imported here."""
