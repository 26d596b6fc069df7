"""nvstreammux, the legacy one and the new one: pictures of several cameras become a batch.

A batch has at most one picture of each camera and is pushed when it is full, or `batched-push-
timeout` after its first picture came. The legacy one scales all to its own width and height; the
new one leaves the sizes alone, and waits for as many pictures as there are cameras.
"""

import re
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from tests.deepstream.stand_ins import meta, raw
from tests.deepstream.stand_ins.gst import Gst
from tests.deepstream.stand_ins.making import Element, fail, pad_template
from tests.deepstream.stand_ins.surfaces import Size, Surface, lay_out, room_for

_MOST_WAITING: Final = 4
_MICROSECOND: Final = 1e-6


@dataclass
class _Source:
    """What waits at one pad."""

    index: int
    pad: Any
    format: str = "NV12"
    size: Size = (0, 0)
    rate: str = "0/1"
    waiting: deque[Any] = field(default_factory=deque)
    ended: bool = False
    flushing: bool = False
    count: int = 0


class Mux(Element, Gst.Element):
    """See the module."""

    __gtype_name__ = "StandIn_Mux"

    def __init__(self) -> None:
        Gst.Element.__init__(self)
        self.prepare()
        (self._request,) = (each for each in self.facts.pads if each.direction == "sink")
        (source,) = (each for each in self.facts.pads if each.direction == "src")
        self._src = Gst.Pad.new_from_template(pad_template(source), "src")
        self.add_pad(self._src)
        self._changed = threading.Condition()
        self._sources: dict[int, _Source] = {}
        self._running = False
        self._thread: threading.Thread | None = None
        self._told: str | None = None

    @property
    def _legacy(self) -> bool:
        return "width" in self.facts.properties

    def do_request_new_pad(self, _template: Any, name: str | None, _caps: Any) -> Any:
        given = re.fullmatch(r"sink_(\d+)", name or "")
        with self._changed:
            free = next(n for n in range(len(self._sources) + 1) if n not in self._sources)
            index = int(given[1]) if given else free
            if index in self._sources:
                return None
            pad = Gst.Pad.new_from_template(pad_template(self._request), f"sink_{index}")
            source = self._sources[index] = _Source(index, pad)
            pad.set_chain_function_full(lambda _pad, _parent, buffer: self._chain(source, buffer))
            pad.set_event_function_full(lambda _pad, _parent, event: self._event(source, event))
        pad.set_active(True)
        self.add_pad(pad)
        return pad

    def do_release_pad(self, pad: Any) -> None:
        with self._changed:
            for index, source in list(self._sources.items()):
                if source.pad == pad:
                    source.flushing = True
                    del self._sources[index]
            self._changed.notify_all()
        pad.set_active(False)
        self.remove_pad(pad)

    def do_change_state(self, transition: Any) -> Any:
        if transition == Gst.StateChange.READY_TO_PAUSED:
            if self._legacy and not (self.value("width") and self.value("height")):
                fail(self, Gst.LibraryError.SETTINGS, "width and height are not set")
                return Gst.StateChangeReturn.FAILURE
            self._running, self._told = True, None
            self._thread = threading.Thread(target=self._work, name="nvstreammux", daemon=True)
            self._thread.start()
        elif transition == Gst.StateChange.PAUSED_TO_READY:
            with self._changed:
                self._running = False
                self._changed.notify_all()
        result = Gst.Element.do_change_state(self, transition)
        if transition == Gst.StateChange.PAUSED_TO_READY and self._thread is not None:
            self._thread.join()
            self._thread = None
        return result

    def _event(self, source: _Source, event: Any) -> bool:
        with self._changed:
            if event.type == Gst.EventType.CAPS:
                return self._format(source, event.parse_caps().get_structure(0))
            if event.type == Gst.EventType.EOS:
                source.ended = True
            elif event.type == Gst.EventType.STREAM_START:
                source.ended = False
            elif event.type == Gst.EventType.FLUSH_START:
                source.flushing = True
                source.waiting.clear()
            elif event.type == Gst.EventType.FLUSH_STOP:
                source.flushing = source.ended = False
            self._changed.notify_all()
        return True

    def _format(self, source: _Source, structure: Any) -> bool:
        if not structure.get_name().startswith("video/"):
            fail(self, Gst.CoreError.NOT_IMPLEMENTED, "the stand-in takes no sound")
            return False
        source.format = structure.get_string("format")
        if source.format not in ("NV12", "RGBA"):  # and nvinfer takes no other
            fail(self, Gst.CoreError.NOT_IMPLEMENTED, f"the stand-in takes no {source.format}")
            return False
        source.size = structure.get_int("width")[1], structure.get_int("height")[1]
        rate = re.search(r"framerate=\(fraction\)(\d+/\d+)", structure.to_string())
        source.rate = rate[1] if rate else "0/1"
        return True

    def _chain(self, source: _Source, buffer: Any) -> Any:
        with self._changed:
            while len(source.waiting) >= _MOST_WAITING and self._running and not source.flushing:
                self._changed.wait()
            if source.flushing or not self._running:
                return Gst.FlowReturn.FLUSHING
            source.waiting.append((buffer, source.format, source.size))
            self._changed.notify_all()
        return Gst.FlowReturn.OK

    def _work(self) -> None:
        while True:
            with self._changed:
                taken = self._gather()
                ended = not taken and self._running
                if not self._running:
                    return
            if ended:
                self._say_what_comes("NV12", (1, 1), "0/1")
                self._src.push_event(Gst.Event.new_eos())
                return
            flow = self._push(taken)
            if flow not in (Gst.FlowReturn.OK, Gst.FlowReturn.FLUSHING):
                if flow != Gst.FlowReturn.EOS:
                    fail(self, Gst.StreamError.FAILED, "Internal data stream error.", str(flow))
                return

    def _gather(self) -> list[tuple[_Source, Any]]:
        """The next batch; nothing when all have ended, or it is over. With the lock."""
        taken: dict[int, tuple[_Source, Any]] = {}
        until: float | None = None
        while self._running:
            for index, source in sorted(self._sources.items()):
                if index not in taken and source.waiting and len(taken) < self._batch_size():
                    taken[index] = (source, source.waiting.popleft())
                    self._changed.notify_all()
            live = [each for each in self._sources.values() if not each.ended or each.waiting]
            if len(taken) >= self._wanted(len(live)) or (self._all_ended() and not live):
                break
            if taken and until is None:
                timeout = self.value("batched-push-timeout")
                until = time.monotonic() + timeout * _MICROSECOND if timeout >= 0 else None
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                break
            self._changed.wait(left)
        return [taken[index] for index in sorted(taken)]

    def _batch_size(self) -> int:
        return max(1, int(self.value("batch-size")))

    def _wanted(self, live: int) -> int:
        return self._batch_size() if self._legacy else max(1, min(self._batch_size(), live))

    def _all_ended(self) -> bool:
        return bool(self._sources) and all(each.ended for each in self._sources.values())

    def _push(self, taken: list[tuple[_Source, Any]]) -> Any:
        kinds = []
        for _, (_, format_, size) in taken:
            whole = (self.value("width"), self.value("height")) if self._legacy else size
            kinds.append(("RGBA" if format_ == "RGBA" else "NV12", whole))
        first, (pixels, _, _) = taken[0]
        self._say_what_comes(*kinds[0], first.rate)
        buffer = raw.new_buffer(room_for(kinds), pixels.pts, pixels.duration)
        with raw.memory(buffer) as memory:
            made = lay_out(memory, kinds)
            for (_, (given, format_, size)), surface in zip(taken, made, strict=True):
                with raw.memory(hash(given)) as plain:
                    picture = Surface(format_, size[0], size[1], plain)
                    left, top, inner = self._place(size, surface.size)
                    if inner != surface.size:
                        surface.blacken()
                    surface.put(picture, left, top, inner)
        batch = meta.new_batch(buffer, self._batch_size())
        for at, (source, (given, _, size)) in enumerate(taken):
            self._describe(batch, at, source, given, size, kinds[at][1])
        taken.clear()
        return Gst.FlowReturn(raw.push(self._src, buffer))

    def _place(self, size: Size, whole: Size) -> tuple[int, int, Size]:
        """Where in the batch's picture: all of it, unless proportions are to be kept."""
        if not self._legacy or not self.value("enable-padding"):
            return 0, 0, whole
        scale = min(whole[0] / size[0], whole[1] / size[1])
        return 0, 0, (int(size[0] * scale) // 2 * 2, int(size[1] * scale) // 2 * 2)

    def _describe(
        self, batch: meta.Batch, at: int, source: _Source, given: Any, size: Size, whole: Size
    ) -> None:
        batch.add(
            pad_index=source.index,
            source_id=source.index,
            batch_id=at,
            frame_num=source.count,
            buf_pts=given.pts,
            ntp_timestamp=time.time_ns() if self.value("attach-sys-ts") else 0,
            num_surfaces_per_frame=1,
            source_frame_width=size[0],
            source_frame_height=size[1],
            pipeline_width=whole[0],
            pipeline_height=whole[1],
        )
        source.count += 1

    def _say_what_comes(self, format_: str, size: Size, rate: str) -> None:
        caps = (
            f"video/x-raw(memory:NVMM), format=(string){format_}, width=(int){size[0]}, "
            f"height=(int){size[1]}, framerate=(fraction){rate}, "
            f"batch-size=(int){self._batch_size()}, num-surfaces-per-frame=(int)1"
        )
        given: Any = Gst.Caps.from_string(caps)
        if self._told is None:
            self._src.push_event(Gst.Event.new_stream_start(f"{self.get_name()}/src"))
        if caps != self._told:
            self._src.push_event(Gst.Event.new_caps(given))
        if self._told is None:
            segment = Gst.Segment()
            segment.init(Gst.Format.TIME)
            self._src.push_event(Gst.Event.new_segment(segment))
        self._told = caps
