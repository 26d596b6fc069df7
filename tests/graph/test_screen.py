"""The screen's graphs as text, one file each."""

from pathlib import Path

import pytest

from smartrec.graph import screen
from smartrec.graph.recipes import RECIPES, Role

GOLDEN = Path(__file__).parent / "golden"
SINKS = {recipe.name: recipe.fragment() for recipe in RECIPES if recipe.role is Role.DISPLAY}
GRAPHS = {
    **{f"show-{name}": screen.show(sink) for name, sink in SINKS.items()},
    "show-ximage-turned": screen.show(SINKS["ximage"], "90r"),
    "wall-wayland": screen.wall(SINKS["wayland"], ("one", "two")),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_is_as_reviewed(name: str) -> None:
    assert f"{GRAPHS[name]}\n" == (GOLDEN / f"{name}.txt").read_text()


def test_marks_are_drawn_last_and_on_what_is_shown() -> None:
    for graph in (screen.show(sink, "90r") for sink in SINKS.values()):
        (elements,) = graph.branches
        assert elements[-2].startswith("overlaycomposition")
        assert "videoconvert" in elements[: elements.index("videoflip video-direction=90r")]


def test_only_a_picture_that_must_be_turned_is() -> None:
    assert "videoflip" not in str(screen.show(SINKS["ximage"]))
