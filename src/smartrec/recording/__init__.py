"""What to record, decided purely: values in, values out; no file, thread, clock or GStreamer."""
