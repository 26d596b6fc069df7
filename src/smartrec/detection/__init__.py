"""What a picture shows: pure values in, values out; no file, thread, clock or GStreamer."""
