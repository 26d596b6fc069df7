"""Every plan for NVIDIA's machines keeps to what is known of their elements.

Nothing here runs. The other half, that what is known is so, is `test_real_elements`.
"""

import pytest

from smartrec.graph.deepstream import trunk, whole
from smartrec.graph.platforms import CONDITIONAL, PLATFORMS
from tests.deepstream.contract import check
from tests.deepstream.facts import FILES, facts, read
from tests.deepstream.plans import MACHINES, plans, shared, stream

ORIN = PLATFORMS["jetson-orin"]
DGPU = PLATFORMS["dgpu"]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_plan_keeps_to_the_contract(machine: str) -> None:
    on = MACHINES[machine]
    found = {name: check(text, on).findings for name, text in plans(on)}
    assert {name: findings for name, findings in found.items() if findings} == {}


def test_every_element_that_is_known_is_in_some_plan_of_each_machine_that_has_it() -> None:
    met = {
        on.name: set().union(*(check(text, on).elements for _, text in plans(on)))
        for on in MACHINES.values()
    }
    known = {read(file).element for file in FILES}
    assert {name for names in met.values() for name in names if name.startswith("nv")} == known
    assert "nv3dsink" in met["jetson-thor"]
    assert "nveglglessink" in met["dgpu"]


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("unique-id=1", "uniqe-id=1", "nvinfer has no property uniqe-id"),
        ("batch-size=1 interval", "batch-size=0 interval", "not within 1 to 1024"),
        ("batch-size=1 interval", "batch-size=one interval", "is no whole number"),
        ("live-source=true", "live-source=yes", "neither true nor false"),
        ("process-mode=MODE_GPU", "process-mode=GPU", "is none of MODE_CPU, MODE_GPU"),
        ("mjpeg=true", "mjpeg=true device=/dev/nvdec", "cannot be set"),
        ("(memory:NVMM),format=NV12", ",format=NV12", "mux.sink_0 takes"),
        ("(memory:NVMM),format=NV12", "(memory:NVM),format=NV12", "never video/x-raw(memory:NVM)"),
        ("(memory:NVMM),format=NV12", "(memory:NVMM),format=YV12", "nvvideoconvert gives"),
        ("mux.sink_0", "mux.source_0", "nvstreammux has no pad source_0"),
        ("mux.sink_0", "mixer.sink_0", "nothing is called mixer"),
        ("nv3dsink", "nvsink", "jetson-orin has no nvsink"),
        ("leaky-type=downstream", "leaky-type=forward", "could not set property"),
        ("queue leaky", "queue leeky", 'no property "leeky"'),
        ("image/jpeg,width", "image/png,width", "nvv4l2decoder takes image/jpeg"),
    ],
)
def test_a_mistake_is_found(right: str, wrong: str, says: str) -> None:
    text = str(whole(shared(), [stream()], ORIN))
    assert right in text
    findings = check(text.replace(right, wrong), ORIN).findings
    assert any(says in finding for finding in findings), findings


def test_what_one_machine_lacks_is_found_there() -> None:
    orin = str(whole(shared(), [stream()], ORIN))
    assert check(orin, DGPU).findings == [
        "dgpu has no nv3dsink",
        "nvv4l2decoder has no property mjpeg",
    ]
    new = MACHINES["jetson-orin-new-mux"]
    assert check(str(trunk(shared(), ORIN)), new).findings == [
        "nvstreammux has no property width",
        "nvstreammux has no property height",
        "nvstreammux has no property live-source",
    ]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_rows_say_of_each_property_what_the_data_say(machine: str) -> None:
    on = MACHINES[machine]
    for element, names in CONDITIONAL.items():
        known = facts(element, on)
        assert known is not None
        assert {name for name in names if on.has(element, name)} == names & set(known.properties)


def test_the_actions_and_the_signal_of_smart_record_are_there() -> None:
    known = read("nvurisrcbin")
    assert {"start-sr", "stop-sr"} <= set(known.actions)
    assert "sr-done" in known.signals


@pytest.mark.parametrize("file", FILES)
def test_data_are_whole(file: str) -> None:
    known = read(file)
    assert known.source in ("inspect of 9.1, dGPU", "documentation")
    assert known.pads
    for prop in known.properties.values():
        assert (prop.type == "enum") == bool(prop.values)
        assert prop.type != "enum" or prop.default is None or prop.default in prop.values
        if prop.range and isinstance(prop.default, int):
            assert prop.range[0] <= prop.default <= prop.range[1]
