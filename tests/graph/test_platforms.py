"""What NVIDIA's machines differ in."""

import pytest

from smartrec.graph.platforms import CONDITIONAL, PLATFORMS, with_new_mux


def test_names_are_those_of_the_rows() -> None:
    assert [*PLATFORMS] == ["jetson-orin", "jetson-orin-nano", "jetson-thor", "dgpu"]
    assert all(name == on.name for name, on in PLATFORMS.items())


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_new_mux_takes_no_size_and_changes_nothing_else(name: str) -> None:
    old, new = PLATFORMS[name], with_new_mux(PLATFORMS[name])
    assert (old.new_mux, new.new_mux) == (False, True)
    assert old.has("nvstreammux", "width")
    assert not any(new.has("nvstreammux", prop) for prop in CONDITIONAL["nvstreammux"])
    assert new.has("nvv4l2decoder", "mjpeg") == old.has("nvv4l2decoder", "mjpeg")


def test_what_is_not_conditional_is_everywhere() -> None:
    assert all(on.has("nvstreammux", "batch-size") for on in PLATFORMS.values())
    assert all(on.has("nvinfer", "unique-id") for on in PLATFORMS.values())


def test_each_machine_has_an_encoder_and_a_sink() -> None:
    assert {name: (on.encoder, on.sink) for name, on in PLATFORMS.items()} == {
        "jetson-orin": ("jetson", "nv3dsink"),
        "jetson-orin-nano": ("x264", "nv3dsink"),
        "jetson-thor": ("nvidia", "nv3dsink"),
        "dgpu": ("nvidia", "nveglglessink"),
    }
