"""GStreamer for the stand-ins, which are there before the program's own module has it."""

import gi

gi.require_version("Gst", "1.0")  # noqa: TID251
gi.require_version("GstBase", "1.0")  # noqa: TID251
gi.require_version("GstVideo", "1.0")  # noqa: TID251
from gi.repository import GLib, GObject, Gst, GstBase, GstVideo  # noqa: E402

__all__ = ["GLib", "GObject", "Gst", "GstBase", "GstVideo"]

Gst.init(None)
