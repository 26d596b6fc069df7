"""Every row of the recipe table and every finisher's graph is a pipeline for real GStreamer."""

import pytest

from smartrec.errors import MissingElement
from smartrec.graph.recipes import RECIPES, Recipe, Role, choose
from smartrec.media.gst import launch, reaches_ready
from tests.graph.test_plan import GRAPHS


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_parses_where_its_elements_are(name: str) -> None:
    try:
        pipeline = launch(str(GRAPHS[name]))
    except MissingElement as error:
        pytest.skip(str(error))
    assert pipeline.get_by_name("source") is not None


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.role.value}-{recipe.name}")
def test_a_row_parses_where_its_elements_are(recipe: Recipe) -> None:
    try:
        launch(recipe.sample())
    except MissingElement as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("role", [Role.DECODE_JPEG, Role.ENCODE_H264, Role.DECODE_H264])
def test_this_machine_can_do_every_job_of_the_finisher(role: Role) -> None:
    recipe = choose(role, usable=reaches_ready)
    assert reaches_ready(recipe.sample())
