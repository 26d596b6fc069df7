"""Stand-ins for NVIDIA's elements, in Python, for machines that have none of the real ones.

They are called what they are and live under tests only. Pads, caps and properties come from what is
known of the real elements (`facts`), so a property that the real one lacks fails as it does there.
Pictures are real: decoded by GStreamer's own decoders, looked at by a model on the processor,
drawn upon with Pillow, shown by ximagesink. The metadata is made by NVIDIA's own libnvds_meta.

"NVMM memory" is ordinary memory whose caps carry the feature memory:NVMM.

A process takes them up by its environment only; see `tests.deepstream.machine`.
"""

import ctypes
from contextlib import suppress

# As in smartrec.media.gst, which comes too late here: GCC's unwinder before libgstreamer's, or the
# first exception of ONNX Runtime aborts the process.
with suppress(OSError):
    ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)
