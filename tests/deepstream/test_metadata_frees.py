"""Every text is freed once, by whoever holds it last: counted in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deepstream.wheel import libraries

WHEEL = libraries()
pytestmark = pytest.mark.skipif(WHEEL is None, reason="DeepStream's wheel is not installed")
HERE = Path(__file__)
LIFE = """
import ctypes, gc, sys
from pathlib import Path
from smartrec.media.engines.deepstream.annotations import Text
from smartrec.media.engines.deepstream.layout import ROWS, layout
from smartrec.media.engines.deepstream.library import Library
from smartrec.media.engines.deepstream.native import NativeMetadata
from smartrec.media.gst import Gst
from tests.deepstream.batches import Found, Maker

counter = ctypes.CDLL(sys.argv[1])
def counted(): return counter.texts_made(), counter.texts_freed()
library = Library(Path(sys.argv[2]), glib=sys.argv[1])
maker, metadata = Maker(library), NativeMetadata(library, layout(ROWS[-1]))
buffer, _ = maker.buffer([[Found(0), Found(1), Found(2), Found(3, float("nan"))]])
print("made", *counted())
with metadata.batch(buffer) as frames:
    by_class = {each.class_id: each for each in frames[0].objects}
    print("one that cannot be is hidden", *counted())
    by_class[0].show("~ person 87 %", (0, 0, 1, 1), 3, 14)
    by_class[0].show("~ person 88 %", (0, 0, 1, 1), 3, 14)
    print("shown twice", *counted())
    by_class[1].hide()
    by_class[1].hide()
    print("hidden twice", *counted())
    frames[0].write([Text(f"~ {number}", 0, 0, 14) for number in range(17)])
    print("written", *counted())
del by_class, frames
copy = buffer.copy_region(Gst.BufferCopyFlags.META, 0, 0)
print("copied", *counted())
del copy
gc.collect()
print("the copy is gone", *counted())
del buffer
gc.collect()
print("all is gone", *counted())
"""
SAID = """\
made 4 0
one that cannot be is hidden 4 1
shown twice 6 3
hidden twice 6 4
written 23 4
copied 42 4
the copy is gone 42 23
all is gone 42 42
"""


def test_every_text_is_freed_once(tmp_path: Path) -> None:
    counter = tmp_path / "counted_texts.so"
    source = HERE.with_name("counted_texts.c")
    glib = ("-Wl,--no-as-needed", "-l:libglib-2.0.so.0", "-ldl")
    compiled = ["cc", "-shared", "-fPIC", "-o", str(counter), str(source), *glib]
    subprocess.run(compiled, check=True)
    said = subprocess.run(
        [sys.executable, "-c", LIFE, str(counter), str(WHEEL)],
        check=True,
        cwd=HERE.parents[2],
        env={**os.environ, "LD_PRELOAD": str(counter)},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert said.stdout == SAID
