"""What other recorders and NVIDIA's own parts print, for users who come from there.

Sources: the code of NVIDIA's smart record (``gst-nvdssr.c``, published with DeepStream 9.1) and
the projects' public bug trackers. See `smartrec.app.doctor.troubles.table`.
"""

from collections.abc import Mapping
from typing import Final

from smartrec.app.doctor.troubles.trouble import Trouble

FOREIGN: Final[Mapping[str, Trouble]] = {
    "no-moov": Trouble(
        "`moov atom not found`: a clip does not play",
        "A plain MP4 has its index at the end: a recorder that was killed, or whose disk was full, "
        "never wrote it. smartrec's journal needs none, and is finished at the next start.",
        "Nothing brings such a file back; of smartrec's own: `smartrec clips verify`",
        (r"moov atom not found", r"no moov", r"this file (is invalid|contains no playable)"),
    ),
    "nvdssr-length": Trouble(
        "Smart Record's clips are shorter than asked, or always as long as its default",
        "NvDsSR begins at a keyframe, empties its cache with each clip, and takes its default "
        "instead of 300 s or more. smartrec counts what a clip lacks, and asks for less.",
        'Leave `recording.recorder` at `"ring"`: exact to the frame',
        (
            r"(smart.?rec\w*|nvdssr).{0,60}(short|duration|length)",
            r"smart-rec-(cache|duration|start-time|default-duration)",
        ),
    ),
    "nvdssr-no-keyframe": Trouble(
        "Of Smart Record: `No video stream found`",
        "Its window of time holds no keyframe: the camera sends them more rarely than the clip is "
        "long.",
        "A keyframe interval of one second on the camera; smartrec's ring begins at the keyframe "
        "before and hides the surplus",
        (r"no video stream found",),
    ),
    "nvdssr-busy": Trouble(
        "Smart Record refuses to start: `INVALID_OP`, `NVDSSR_STATUS_INVALID_OP`",
        "One NvDsSR bin records one clip at a time; a second event meanwhile is refused.",
        "smartrec extends the clip instead, or opens another: nothing to do",
        (r"invalid_op\b", r"nvdssr_status", r"sr_?start.{0,20}(fail|error)"),
    ),
    "nvdssr-hangs": Trouble(
        "Smart Record hangs when it is stopped or destroyed while it records",
        "Its bin waits for an end of the stream that does not come, as after a lost camera.",
        "`kill` that program; smartrec waits ten seconds for it, then makes the clip of its "
        "journal",
        (r"nvdssrdestroy", r"nvdssrstop"),
    ),
    "nvdssr-aborts": Trouble(
        "`gst_queue_leak_downstream: assertion failed (leak != NULL)`",
        "Seen where the connections of cameras come and go while NvDsSR records with its leaky "
        "queue; GStreamer ends the whole program.",
        'Leave `recording.recorder` at `"ring"`; with `"nvdssr"` only the watching process ends, '
        "and is started again",
        (r"gst_queue_leak_downstream",),
    ),
    "nvdssr-parser": Trouble(
        "A program with Smart Record links no parser, or no sound, since DeepStream 6.0",
        "The parser moved into the bin when sound came; older examples add a second one.",
        "Leave the parser out in front of `recordbin`; smartrec's own pipeline is printed by "
        "`smartrec graph --platform jetson-orin --recorder nvdssr`",
        (r"recordbin.{0,60}(link|not-linked|parser)",),
    ),
    "grey-blocks": Trouble(
        "Grey blocks in the middle of a clip",
        "Packets of H.264 were lost (UDP, a full network or USB), and every picture up to the next "
        "keyframe is spoilt.",
        'RTSP by TCP, which is smartrec\'s default (`transport = "tcp"`)',
        (r"gr[ae]y (blocks|frames|picture|video)", r"error while decoding mb", r"concealing \d+"),
    ),
    "nvdssr-python": Trouble(
        "`Smart Recording isn't in the Python bindings`: `module 'pyds' has no attribute …SR…`",
        "NVIDIA gives NvDsSR to C++ and to its Service Maker only.",
        'smartrec calls the library itself: `recording.recorder = "nvdssr"`',
        (r"pyds.{0,40}no attribute.{0,10}\w*sr", r"smart record\w* .{0,40}python"),
    ),
    "frames-stay-away": Trouble(
        "The camera is back, and another program's rate stays 0 until it is restarted",
        "It keeps a dead connection, or the camera came back under another number.",
        "Nothing with smartrec: a camera is found again by its lasting name, and tried for as long "
        "as it runs",
        (r"fps (stays|stuck|is|drops to) (at )?0\b", r"\b0(\.0+)? fps\b"),
    ),
    "frigate-cache": Trouble(
        "`Unable to keep up with recording segments in cache`; recordings have gaps",
        "That recorder keeps segments in memory and drops them when disk or processor are late.",
        "smartrec writes to a journal from the ring: `smartrec doctor` measures the disk",
        (r"unable to keep up with recording", r"too many .{0,20}segments in cache"),
    ),
}
