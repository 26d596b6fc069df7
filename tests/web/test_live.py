"""The live socket of the real page: what comes, in which order, and what who is slow gets."""

import contextlib
import json
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from smartrec import __version__
from smartrec.app.envelope import Published, envelope
from smartrec.app.events import CameraState, ClipClosed, Event
from smartrec.app.page_messages import Cameras, Format, Happened, Looked, ShownCamera, Unit, Wall
from smartrec.clock import SystemClock
from smartrec.model import AccessUnit, Box, Codec, Look, StreamFormat, Track, new_id
from smartrec.units import SECOND, Ns
from smartrec.web.guard import HEADERS
from smartrec.web.hub import MOST_CAMERAS, RECALLED, placed
from smartrec.web.live import MOST_FRAMES, MOST_TEXTS
from tests.web.child import STATION, TIMEOUT, Child, setup
from tests.web.http import until_closed
from tests.web.live import Page, Picture, opened

JPEG = StreamFormat(Codec.JPEG, 1280, 720, 30.0, "image/jpeg", rotate=90, flip=True)
SIZE = 100_000


def unit(seq: int, size: int = SIZE) -> Unit:
    data = seq.to_bytes(4, "big") * (size // 4)
    pts = Ns(seq * SECOND // 30)
    return Unit("cam0", AccessUnit(1, seq, pts, pts, Ns(0), True, 0, data), True, False)


def happened(event: Event, seq: int = 1) -> Happened:
    published = Published(new_id(), seq, SystemClock().now(), event)
    return Happened(envelope(published, STATION))


def state(pictures: int, camera: str = "cam0") -> Happened:
    return happened(CameraState(camera, 30.0, 12.0, 1, pictures, 0, 0))


def closed(seq: int) -> Happened:
    return happened(ClipClosed("cam0", f"clip {seq}", "event", "complete", 1.0), seq)


def watching(page: Child, tab: Page) -> None:
    """It shows the first camera, and has its first picture; perhaps an older one before."""
    tab.watch("cam0")
    page.wait_wants(("cam0",))
    page.tell(Format("cam0", JPEG))
    page.tell(unit(0))
    while tab.picture().seq != 0:
        pass


@pytest.fixture
def child(tmp_path: Path) -> Any:
    with Child(setup(tmp_path, cameras=2, viewers=3)) as running:
        yield running


def test_it_greets_and_then_shows_what_was_asked_for(child: Child) -> None:
    with opened(child.port) as tab:
        hello = tab.next()
        assert isinstance(hello, dict)
        now = hello.pop("now")
        assert abs(int(now["mono_ns"]) - SystemClock().monotonic()) < 60 * SECOND
        assert hello == {
            "type": "hello",
            "version": __version__,
            "station": STATION,
            "cameras": [
                {"index": 0, "id": "cam0", "name": "Demo", "zones": []},
                {"index": 1, "id": "cam1", "name": "Demo 1", "zones": []},
            ],
        }
        tab.watch("cam0")
        child.wait_wants(("cam0",))
        child.tell(Format("cam0", JPEG))
        child.tell(unit(7))
        assert tab.next() == {
            "type": "format",
            "camera": "cam0",
            "codec": "jpeg",
            "width": 1280,
            "height": 720,
            "fps": 30.0,
            "rotate": 90,
            "flip": True,
        }
        sent = unit(7).unit
        assert tab.next() == Picture(0, 0, True, 1, 7, sent.pts, sent.data)


def test_looks_come_with_the_pictures_of_their_camera(child: Child) -> None:
    track = Track(3, Box(0.1, 0.2, 0.3, 0.4), 0.9)
    with opened(child.port) as tab, opened(child.port) as other:
        watching(child, tab)
        child.tell(Looked(Look("cam1", 1, Ns(5), ()), 1.0, 2.0))
        child.tell(Looked(Look("cam0", 1, Ns(2**60), (track,)), 1.0, 2.0))
        child.tell(closed(1))
        look = tab.text("look")
        assert (look["camera"], look["pts"], look["tracks"][0]["id"]) == ("cam0", str(2**60), 3)
        other.next()
        assert other.next() == tab.next()  # the event: the other shows no camera


def test_events_come_as_they_are_and_in_order(child: Child) -> None:
    told = [closed(n) for n in range(50)]
    with opened(child.port) as tab:
        tab.text("hello")
        for each in told:
            child.tell(each)
        assert [tab.text("event")["event"] for _ in told] == [each.event for each in told]


def test_who_comes_later_hears_what_happened_last_and_how_things_stand(child: Child) -> None:
    facts = [closed(n) for n in range(RECALLED + 3)]
    states = [state(2), state(9, "cam1")]
    with opened(child.port) as tab:
        for each in (state(1), *facts, *states):
            child.tell(each)
        while tab.text("event")["event"] != states[-1].event:
            pass
    with opened(child.port) as later:
        later.text("hello")
        for each in (*facts[3:], *states):
            assert later.text("event")["event"] == each.event
        child.tell(closed(99))
        assert later.text("event")["event"]["smartrecseq"] == 99


def test_who_comes_later_sees_the_newest_picture_at_once(child: Child) -> None:
    with opened(child.port) as tab, opened(child.port) as later:
        watching(child, tab)
        child.tell(unit(1))
        assert tab.picture().seq == 1
        later.watch("cam0")
        assert later.text("format")["camera"] == "cam0"
        assert later.picture().seq == 1


def test_only_what_somebody_looks_at_is_wanted(impatient: Child) -> None:
    page = impatient
    with opened(page.port) as tab, opened(page.port) as other:
        tab.watch("cam1", "nonsense", "cam1")
        page.wait_wants(("cam1",))
        other.watch("cam0", "cam1")
        page.wait_wants(("cam0", "cam1"))
        tab.watch()
        other.watch("cam0")
        page.wait_wants(("cam0",))
    page.wait_wants(())


def test_a_jump_of_the_wall_clock_is_told(child: Child) -> None:
    with opened(child.port) as tab:
        tab.text("hello")
        for wall in (10**18, 10**18 + SECOND, 10**18 + 3 * SECOND):
            mono = (wall - 10**18) // SECOND if wall < 10**18 + 2 * SECOND else 2
            child.tell(Wall(Ns(mono * SECOND), wall))
        now = tab.text("clock")["now"]
        assert now == {"mono_ns": str(2 * SECOND), "wall_ns": str(10**18 + 3 * SECOND)}


def test_who_does_not_read_loses_pictures_and_nobody_else_does(child: Child) -> None:
    last = 200
    with opened(child.port, buffer=4096, max_queue=1) as slow, opened(child.port) as quick:
        slow.watch("cam0")
        watching(child, quick)
        for seq in range(1, last + 1):
            child.tell(unit(seq))
            if seq % 50 == 0:
                child.tell(closed(seq))
            assert quick.picture().seq == seq
        seen: list[int] = []
        events: list[str] = []
        while not seen or seen[-1] != last or len(events) < 4:
            message = slow.next()
            if isinstance(message, Picture):
                assert message.data == unit(message.seq).unit.data
                seen.append(message.seq)
            elif message["type"] == "event":
                events.append(message["event"]["data"]["clip_id"])
        assert seen == sorted(set(seen))
        assert len(seen) < last / 2  # most would be old by now
        assert events == ["clip 50", "clip 100", "clip 150", "clip 200"]  # these are not lost


def test_who_is_too_many_events_behind_is_dropped(child: Child) -> None:
    with opened(child.port) as quick, opened(child.port, buffer=4096, max_queue=1) as slow:
        slow.watch("cam0")
        watching(child, quick)
        for seq in range(1, 20):
            child.tell(unit(seq))
            assert quick.picture().seq == seq
        # Its machine takes some of them; that is not being behind.
        for seq in range(2 * MOST_TEXTS):
            child.tell(closed(seq))
            if seq % 100 == 0:
                while quick.text("event")["event"]["data"]["clip_id"] != f"clip {seq}":
                    pass
        assert slow.code() is None


@pytest.mark.parametrize(
    "said",
    [
        *("", "{", "null", "[]", "7", '"watch"', "{}", '{"watch":null}', '{"watch":"cam0"}'),
        *('{"watch":[1]}', '{"watch":[["cam0"]]}', '{"watch":[],"more":1}', '{"Watch":[]}'),
        *('{"record":"cam0"}', "[" * 4000, '{"watch":[NaN]}', b'{"watch":["cam0"]}', b""),
    ],
)
def test_anything_but_what_is_shown_ends_the_connection(page: Child, said: str | bytes) -> None:
    with opened(page.port) as tab:
        tab.connection.send(said)
        assert tab.code() == 1008


def test_a_message_that_is_too_long_ends_the_connection(page: Child) -> None:
    with opened(page.port) as tab:
        tab.connection.send(json.dumps({"watch": ["x" * 5000]}))
        assert tab.code() == 1009


@pytest.mark.parametrize("ping", [True, False])
def test_too_many_messages_end_the_connection(page: Child, ping: bool) -> None:
    with opened(page.port) as tab:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(MOST_FRAMES + 1):
                if ping:
                    tab.connection.ping()
                else:
                    tab.watch("cam0")
        assert tab.code() == 1008


def test_a_message_in_pieces_is_understood(page: Child) -> None:
    with opened(page.port) as tab:
        tab.connection.send(iter(['{"watch"', ':["ca', 'm1"]}']))
        page.wait_wants(("cam1",))


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"headers": {"Origin": "http://evil.example"}}, 403),
        ({"headers": {"Origin": "null"}}, 403),
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ({"host": "evil.example"}, 421),
        ({"headers": {"Host": "evil.example"}}, 400),  # a second one
        ({"subprotocols": ["other.v1"]}, 400),
    ],
)
def test_a_handshake_of_another_site_is_refused(
    page: Child, how: dict[str, Any], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(page.port, **how):
        pass
    response = refused.value.response
    assert response.status_code == status
    assert {name: response.headers[name] for name, _ in HEADERS} == dict(HEADERS)


def test_a_page_of_ours_is_let_in_with_or_without_subprotocol(page: Child) -> None:
    origin = {"Origin": f"http://127.0.0.1:{page.port}"}
    for how in (
        {"headers": origin},
        {"subprotocols": None},
        {"subprotocols": ["x", "smartrec.live.v1"]},
    ):
        with opened(page.port, **how) as tab:
            tab.text("hello")


def test_more_pages_than_may_be_are_told_so(child: Child) -> None:
    with opened(child.port), opened(child.port):
        with opened(child.port) as third:
            third.text("hello")
            with pytest.raises(InvalidStatus) as refused, opened(child.port):
                pass
            assert refused.value.response.status_code == 503
            assert b"[web] viewers" in (refused.value.response.body or b"")
        with pytest.raises(ConnectionClosed):
            third.next()
        for _ in range(100):  # the end of a connection takes its time to be seen
            try:
                with opened(child.port) as again:
                    again.text("hello")
                    return
            except InvalidStatus:
                continue
        raise AssertionError("the place of who left is not given to others")


def test_a_page_that_dies_harms_nobody(child: Child) -> None:
    with opened(child.port) as tab:
        for _ in range(20):
            with opened(child.port, buffer=4096) as other:
                other.watch("cam0")
                child.tell(Format("cam0", JPEG))
                child.tell(unit(1))
                linger = struct.pack("ii", 1, 0)  # its end is a reset
                other.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                other.connection.socket.close()
        watching(child, tab)
        child.tell(unit(2))
        assert tab.picture().seq == 2


def test_who_answers_no_ping_is_let_go(impatient: Child) -> None:
    request = (
        f"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:{impatient.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", impatient.port), TIMEOUT) as connection:
        connection.sendall(request.encode())
        heard = until_closed(connection)
    assert heard.startswith(b"HTTP/1.1 101 ")
    assert heard.endswith(b"\x89\x00")  # a ping


def test_who_is_slow_but_answers_pings_stays(impatient: Child) -> None:
    with opened(impatient.port) as tab:
        tab.text("hello")
        with pytest.raises(TimeoutError):
            tab.connection.recv(1.5)  # pings of a third of a second are answered meanwhile
        tab.watch("cam0")
        impatient.wait_wants(("cam0",))


def test_its_end_is_the_recorders_end(child: Child) -> None:
    with opened(child.port) as tab:
        tab.text("hello")
        child.hang_up()
        assert tab.code() is None
    assert child.process.wait(TIMEOUT) == 0


def of(camera: str, seq: int, epoch: int = 1) -> Unit:
    pts = Ns(seq * SECOND // 30)
    data = seq.to_bytes(4, "big") * (SIZE // 4)
    unit = AccessUnit(epoch, seq, pts, pts, Ns(0), True, 0, data)
    return Unit(camera, unit, show=True, look=False)


CORNERS = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
ZONE = {"name": "step", "kind": "include", "polygon": CORNERS}
DEMO, DEMO_1 = ShownCamera("cam0", "Demo", []), ShownCamera("cam1", "Demo 1", [])
DOOR = ShownCamera("door", "Door", [ZONE])


def told(index: int, camera: ShownCamera) -> dict[str, object]:
    return {"index": index, "id": camera.id, "name": camera.name, "zones": camera.zones}


def test_cameras_come_and_go_on_an_open_page_which_goes_on_with_the_others(child: Child) -> None:
    with opened(child.port) as tab:
        tab.text("hello")
        watching(child, tab)
        child.tell(Cameras((DOOR, DEMO)))
        assert tab.text("cameras")["cameras"] == [told(2, DOOR), told(0, DEMO)]
        child.tell(unit(1))
        assert tab.picture().index == 0
        tab.watch("cam0", "door")
        child.wait_wants(("door", "cam0"))
        child.tell(Format("door", JPEG))
        child.tell(of("door", 7))
        while (picture := tab.picture()).index != 2:
            pass
        assert picture.seq == 7
    with opened(child.port) as later:
        assert later.text("hello")["cameras"] == [told(2, DOOR), told(0, DEMO)]


def test_a_camera_that_is_gone_is_wanted_and_told_of_no_more_and_comes_again_as_it_was(
    child: Child,
) -> None:
    with opened(child.port) as tab:
        tab.text("hello")
        watching(child, tab)
        child.tell(state(1))
        child.tell(state(1, "cam1"))
        assert tab.text("event")["event"]["subject"] == "cam0"
        child.tell(Cameras((DEMO_1,)))
        child.tell(unit(1))  # it was under way
        child.tell(Looked(Look("cam0", 1, Ns(0), ())))
        assert tab.text("cameras")["cameras"] == [told(1, DEMO_1)]
        child.wait_wants(())
        with opened(child.port) as other:
            assert other.text("event")["event"]["subject"] == "cam1", "nothing of the other"
        child.tell(Cameras((DEMO_1, DEMO)))
        assert tab.text("cameras")["cameras"] == [told(1, DEMO_1), told(0, DEMO)]
        tab.watch("cam0")
        assert tab.text("format")["camera"] == "cam0", "it is not told twice by the recorder"
        child.wait_wants(("cam0",))
        child.tell(of("cam0", 9, epoch=2))
        while (picture := tab.picture()).epoch != 2:
            pass
        assert (picture.index, picture.seq) == (0, 9)


def test_every_camera_has_a_place_of_its_own_as_long_as_there_are_any() -> None:
    places: dict[str, int] = {}
    for n in range(0, 300, 3):
        places = placed([ShownCamera(f"cam{n + i}", "", []) for i in range(3)], places)
    assert sorted(places.values()) == list(range(MOST_CAMERAS))
    assert len(places) == MOST_CAMERAS
