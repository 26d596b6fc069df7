"""Which screen is taken: by a real X server, and by the files that describe other machines."""

from pathlib import Path

import pytest
from Xlib.display import Display as XDisplay

from smartrec.errors import NoScreen
from smartrec.media.screen.displays import (
    choose_display,
    connected_monitors,
    has_gpu,
    is_local,
)
from tests.xserver import NOBODY, start


def works(_launch: str) -> bool:
    return True


def drm(root: Path, **connectors: str) -> Path:
    """A machine with these connectors, and what each says of its monitor."""
    for name, status in connectors.items():
        directory = root / "sys/class/drm" / name.replace("_", "-")
        directory.mkdir(parents=True)
        (directory / "status").write_text(f"{status}\n")
    return root


def card(root: Path, driver: str) -> Path:
    """A machine with a graphics card of that driver."""
    (root / "dev/dri").mkdir(parents=True)
    (root / "dev/dri/renderD128").touch()
    device = root / "sys/class/drm/renderD128/device"
    device.mkdir(parents=True)
    (root / "sys/bus/drivers" / driver).mkdir(parents=True)
    (device / "driver").symlink_to(root / "sys/bus/drivers" / driver)
    return root


def test_an_x_server_is_shown_on_by_software_where_no_card_draws(
    x_display: str, tmp_path: Path
) -> None:
    found = choose_display("auto", {"DISPLAY": x_display})
    assert (found.kind, found.recipe.name) == ("x11", "ximage")
    assert x_display in found.note
    # A card that the server does not let programs use is no card.
    beside_a_card = choose_display("auto", {"DISPLAY": x_display}, root=card(tmp_path, "i915"))
    assert beside_a_card.recipe.name == "ximage"


def test_a_pinned_recipe_is_taken_though_another_would_be_better(x_display: str) -> None:
    assert choose_display("gl", {"DISPLAY": x_display}, usable=works).recipe.name == "gl"
    assert choose_display("xv", {"DISPLAY": x_display}, usable=works).recipe.name == "xv"


def test_x11_comes_before_wayland_unless_wayland_is_pinned(x_display: str) -> None:
    both = {"DISPLAY": x_display, "WAYLAND_DISPLAY": "wayland-0"}
    assert choose_display("auto", both, usable=works).kind == "x11"
    assert choose_display("wayland", both, usable=works).kind == "wayland"


def test_a_dead_x_server_is_missing_with_a_hint() -> None:
    with pytest.raises(NoScreen, match=NOBODY) as caught:
        choose_display("auto", {"DISPLAY": NOBODY})
    assert caught.value.missing
    assert "xhost" in (caught.value.hint or "")


def test_where_x_is_dead_wayland_is_tried() -> None:
    both = {"DISPLAY": NOBODY, "WAYLAND_DISPLAY": "wayland-0"}
    assert choose_display("auto", both, usable=works).kind == "wayland"


def test_a_dead_wayland_compositor_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(NoScreen, match="wayland-7") as caught:
        choose_display("auto", {"WAYLAND_DISPLAY": "wayland-7"})
    assert caught.value.missing


def test_a_bare_monitor_is_shown_on(tmp_path: Path) -> None:
    machine = drm(tmp_path, card0_HDMI_A_1="disconnected", card1_DP_2="connected")
    found = choose_display("auto", {}, root=machine, usable=works)
    assert (found.kind, found.recipe.name) == ("kms", "kms")
    assert "DP-2" in found.note


def test_a_monitor_that_another_program_has_is_explained(tmp_path: Path) -> None:
    machine = drm(tmp_path, card0_HDMI_A_1="connected")
    with pytest.raises(NoScreen, match="HDMI-A-1") as caught:
        choose_display("auto", {}, root=machine, usable=lambda _: False)
    assert not caught.value.missing
    assert "DISPLAY" in (caught.value.hint or "")


def test_a_machine_without_any_says_so_and_nothing_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NoScreen) as caught:
        choose_display("auto", {}, root=tmp_path)
    assert str(caught.value) == (
        "There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set and no monitor is connected"
    )
    assert not caught.value.missing


def test_a_virtual_machines_own_monitor_is_none(tmp_path: Path) -> None:
    machine = drm(tmp_path, card0_Virtual_1="connected", card0_Writeback_1="unknown")
    assert connected_monitors(machine) == ()


def test_a_recipe_that_is_none_lists_those_that_are() -> None:
    with pytest.raises(NoScreen) as caught:
        choose_display("best", {})
    assert caught.value.hint == "Write one of: auto, gl, ximage, xv, wayland, kms"


def test_a_pinned_recipe_without_its_screen_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(NoScreen, match="'ximage' needs an X11 screen"):
        choose_display("ximage", {}, root=tmp_path)


def test_a_screen_that_takes_no_pictures_just_now_may_later(x_display: str) -> None:
    with pytest.raises(NoScreen, match="takes no pictures just now") as caught:
        choose_display("auto", {"DISPLAY": x_display}, usable=lambda _: False)
    assert caught.value.missing


def test_a_server_that_resets_when_it_is_left_is_no_lottery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = start(reset=True)
    monkeypatch.setenv("DISPLAY", server.display)
    monkeypatch.delenv("XAUTHORITY", raising=False)
    try:
        for _ in range(40):  # one in ten failed
            assert choose_display("auto", {"DISPLAY": server.display}).kind == "x11"
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("driver", "real"), [("i915", True), ("amdgpu", True), ("vgem", False), ("virtio_gpu", False)]
)
def test_a_virtual_card_is_no_gpu(tmp_path: Path, driver: str, real: bool) -> None:
    assert has_gpu(card(tmp_path, driver)) is real


def test_nvidias_own_driver_is_a_gpu(tmp_path: Path) -> None:
    assert not has_gpu(tmp_path)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvidiactl").touch()
    assert has_gpu(tmp_path)


def test_a_display_at_the_other_end_of_ssh_is_not_local() -> None:
    assert all(is_local(name) for name in (":0", ":0.1", "unix:3"))
    assert not any(is_local(name) for name in ("localhost:10.0", "box:0", "192.0.2.1:0.0"))


def test_asking_leaves_no_connection_behind(x_display: str) -> None:
    other = XDisplay(x_display)
    before = len(other.res_query_clients().clients)
    choose_display("auto", {"DISPLAY": x_display}, usable=works)
    assert len(other.res_query_clients().clients) == before
    other.close()
