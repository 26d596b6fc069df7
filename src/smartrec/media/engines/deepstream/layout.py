"""How DeepStream's metadata lies in memory: one row a range of versions.

The structures are public C structures (nvdsmeta.h, nvll_osd_struct.h) and have no accessors, so
whoever reads them must know their fields. What changed in the versions supported is one thing: 9.1
added a rotation to the boxes, which moves all that follows them. Where a row's facts are from
stands in it; `smartrec.media.engines.deepstream.proof` asks the library that is installed.
"""

import ctypes
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

Fields = tuple[tuple[str, str], ...]
"""Name and type of each field, in order; a type is a word of C, a structure, or either with [n]."""

REAL_LIBRARY: Final = "real library"
HEADER_ONLY: Final = "header only"

_WORDS: Final[Mapping[str, Any]] = {
    "int": ctypes.c_int32,
    "uint": ctypes.c_uint32,
    "int64": ctypes.c_int64,
    "uint64": ctypes.c_uint64,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "char": ctypes.c_char,
    "pointer": ctypes.c_uint64,
}
_LETTERS: Final[Mapping[Any, str]] = {
    ctypes.c_int32: "i",
    ctypes.c_uint32: "I",
    ctypes.c_int64: "q",
    ctypes.c_uint64: "Q",
    ctypes.c_float: "f",
    ctypes.c_double: "d",
}
"""As `struct` names them where it is told sizes; ctypes' own letters follow the machine."""
_TYPE: Final = re.compile(r"(\w+)(?:\[(\d+)\])?")

_RECT: Final[Fields] = (
    ("left", "float"),
    ("top", "float"),
    ("width", "float"),
    ("height", "float"),
    ("border_width", "uint"),
    ("border_color", "NvOSD_ColorParams"),
    ("has_bg_color", "uint"),
    ("reserved", "uint"),
    ("bg_color", "NvOSD_ColorParams"),
    ("has_color_info", "int"),
    ("color_id", "int"),
)
# In order of need: each names only those before it. Of the batch, a frame and a display meta it is
# the head, as far as it is read; of the others, all.
_STRUCTURES: Final[Mapping[str, Fields]] = {
    "GList": (("data", "pointer"), ("next", "pointer"), ("prev", "pointer")),
    "NvOSD_ColorParams": (
        ("red", "double"),
        ("green", "double"),
        ("blue", "double"),
        ("alpha", "double"),
    ),
    "NvOSD_FontParams": (
        ("font_name", "pointer"),
        ("font_size", "uint"),
        ("font_color", "NvOSD_ColorParams"),
    ),
    "NvOSD_TextParams": (
        ("display_text", "pointer"),
        ("x_offset", "uint"),
        ("y_offset", "uint"),
        ("font_params", "NvOSD_FontParams"),
        ("set_bg_clr", "int"),
        ("text_bg_clr", "NvOSD_ColorParams"),
    ),
    "NvOSD_RectParams": _RECT,
    "NvOSD_MaskParams": (
        ("data", "pointer"),
        ("size", "uint"),
        ("threshold", "float"),
        ("width", "uint"),
        ("height", "uint"),
    ),
    "NvDsMetaPool": (
        ("meta_type", "int"),
        ("max_elements_in_pool", "uint"),
        ("element_size", "uint"),
        ("num_empty_elements", "uint"),
        ("num_full_elements", "uint"),
    ),
    "NvDsBaseMeta": (
        ("batch_meta", "pointer"),
        ("meta_type", "int"),
        ("uContext", "pointer"),
        ("copy_func", "pointer"),
        ("release_func", "pointer"),
    ),
    "NvDsBatchMeta": (
        ("base_meta", "NvDsBaseMeta"),
        ("max_frames_in_batch", "uint"),
        ("num_frames_in_batch", "uint"),
        ("frame_meta_pool", "pointer"),
        ("obj_meta_pool", "pointer"),
        ("classifier_meta_pool", "pointer"),
        ("display_meta_pool", "pointer"),
        ("user_meta_pool", "pointer"),
        ("label_info_meta_pool", "pointer"),
        ("frame_meta_list", "pointer"),
    ),
    "NvDsFrameMeta": (
        ("base_meta", "NvDsBaseMeta"),
        ("pad_index", "uint"),
        ("batch_id", "uint"),
        ("frame_num", "int"),
        ("buf_pts", "uint64"),
        ("ntp_timestamp", "uint64"),
        ("source_id", "uint"),
        ("num_surfaces_per_frame", "int"),
        ("source_frame_width", "uint"),
        ("source_frame_height", "uint"),
        ("surface_type", "uint"),
        ("surface_index", "uint"),
        ("num_obj_meta", "uint"),
        ("bInferDone", "int"),
        ("obj_meta_list", "pointer"),
        ("display_meta_list", "pointer"),
        ("frame_user_meta_list", "pointer"),
        ("misc_frame_info", "int64[4]"),
        ("pipeline_width", "uint"),
        ("pipeline_height", "uint"),
    ),
    "NvDsObjectMeta": (
        ("base_meta", "NvDsBaseMeta"),
        ("parent", "pointer"),
        ("unique_component_id", "int"),
        ("class_id", "int"),
        ("object_id", "uint64"),
        ("detector_bbox_info", "float[4]"),
        ("tracker_bbox_info", "float[4]"),
        ("confidence", "float"),
        ("tracker_confidence", "float"),
        ("rect_params", "NvOSD_RectParams"),
        ("mask_params", "NvOSD_MaskParams"),
        ("text_params", "NvOSD_TextParams"),
        ("obj_label", "char[128]"),
        ("classifier_meta_list", "pointer"),
        ("obj_user_meta_list", "pointer"),
        ("misc_obj_info", "int64[4]"),
        ("reserved", "int64[4]"),
    ),
    "NvDsDisplayMeta": (
        ("base_meta", "NvDsBaseMeta"),
        ("num_rects", "uint"),
        ("num_labels", "uint"),
        ("num_lines", "uint"),
        ("num_arrows", "uint"),
        ("num_circles", "uint"),
        ("rect_params", "NvOSD_RectParams[16]"),
        ("text_params", "NvOSD_TextParams[16]"),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """The structures of a range of versions.

    Attributes:
        first: The oldest, such as ``(6, 4)``.
        last: The newest.
        verified: `REAL_LIBRARY` or `HEADER_ONLY`.
        facts: What was read or run, for people.
        structures: Name -> fields.
    """

    first: tuple[int, int]
    last: tuple[int, int]
    verified: str
    facts: str
    structures: Mapping[str, Fields]

    def covers(self, version: str | None) -> bool:
        """Whether a version is one of the range."""
        number = _number(version)
        return number is not None and self.first <= number <= self.last

    @property
    def words(self) -> str:
        """For people."""
        first, last = _words(self.first), _words(self.last)
        return first if first == last else f"{first} to {last}"


_TURNED: Final = {**_STRUCTURES, "NvOSD_RectParams": (*_RECT, ("rotation_angle", "float"))}
ROWS: Final = (
    Row((6, 4), (7, 1), HEADER_ONLY, "headers of 6.2 and 8.0, which agree", _STRUCTURES),
    Row((8, 0), (8, 0), HEADER_ONLY, "headers of 8.0", _STRUCTURES),
    Row((9, 0), (9, 1), REAL_LIBRARY, "headers of 9.0 and 9.1; libnvds_meta 9.0.2", _TURNED),
)


@dataclass(frozen=True)
class Layout:
    """A row as ctypes structures.

    Attributes:
        row: Which.
        kinds: Name -> structure; its instances are made with `from_address`.
    """

    row: Row
    kinds: Mapping[str, type[ctypes.Structure]]

    def offset(self, kind: str, path: str) -> int:
        """Bytes from the start of a structure to a field such as ``"rect_params.left"``."""
        return self._field(kind, path)[0]

    def pattern(self, kind: str, paths: tuple[str, ...]) -> str:
        """What `struct` needs to read those fields at once, in the order given, which must be ours.

        Only fields of plain words; the pattern begins at the structure's first byte.
        """
        text, at = "<", 0
        for path in paths:
            offset, field = self._field(kind, path)
            assert offset >= at, f"{kind}.{path} lies before the one named ahead of it"
            text += f"{offset - at}x{_LETTERS[field]}"
            at = offset + ctypes.sizeof(field)
        return text

    def _field(self, kind: str, path: str) -> tuple[int, Any]:
        at, found = 0, cast("Any", self.kinds[kind])
        for name in path.split("."):
            at += getattr(found, name).offset
            found = dict(found._fields_)[name]
        return at, found


def layout(row: Row) -> Layout:
    """Make a row's structures, as a C compiler on a 64-bit machine lays them out."""
    kinds: dict[str, type[ctypes.Structure]] = {}
    for name, fields in row.structures.items():
        made = [(field, _type(text, kinds)) for field, text in fields]
        kinds[name] = cast(
            "type[ctypes.Structure]", type(name, (ctypes.Structure,), {"_fields_": made})
        )
    return Layout(row, kinds)


def in_order(version: str | None, rows: Sequence[Row] = ROWS) -> tuple[Row, ...]:
    """The rows, the likeliest first.

    Args:
        version: Such as ``"9.1"`` or ``"9.1.0"``; None or anything else where it is not known.
            Versions newer than all are taken for the newest.
        rows: All there are, the oldest first.
    """
    wanted = _number(version) or rows[-1].last
    return tuple(sorted(rows, key=lambda row: _distance(row, wanted)))


def _number(version: str | None) -> tuple[int, int] | None:
    found = re.match(r"(\d+)\.(\d+)", version or "")
    return (int(found[1]), int(found[2])) if found else None


def _distance(row: Row, wanted: tuple[int, int]) -> int:
    """How far a version lies from a row's range; nothing if it lies in it."""
    first, last, at = (major * 100 + minor for major, minor in (row.first, row.last, wanted))
    return max(0, first - at, at - last)


def _type(text: str, kinds: Mapping[str, type[ctypes.Structure]]) -> Any:
    match = _TYPE.fullmatch(text)
    assert match is not None, text
    plain = _WORDS.get(match[1]) or kinds[match[1]]
    return plain * int(match[2]) if match[2] else plain


def _words(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
