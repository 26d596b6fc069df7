"""What is made ready for nvinfer: our own model in the cache, or the user's configuration."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from smartrec.detection.nvinfer_config import PARSER, PARSERS
from smartrec.detection.nvinfer_engine import EngineName
from smartrec.detection.nvinfer_lint import read_configuration
from smartrec.errors import ConfigError, EngineMissing, ModelUnusable
from smartrec.graph.platforms import PLATFORMS
from smartrec.media.engines.deepstream.engine_cache import (
    keep_copy,
    keep_text,
    place,
    tensorrt_version,
)
from smartrec.media.engines.deepstream.here import Gpu, Here
from smartrec.media.engines.deepstream.installed import Installed
from smartrec.media.engines.deepstream.model import prepare, why_not
from smartrec.media.watch.messages import DetectorSetup
from smartrec.places import cache_dir

PGIE = """\
[property]
onnx-file=a.onnx
labelfile-path=labels.txt
num-detected-classes=2
network-mode=2
[class-attrs-1]
pre-cluster-threshold=0.3
"""


@pytest.fixture(scope="session")
def parsers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with the parser's name, in the place of DeepStream's."""
    made = tmp_path_factory.mktemp("parsers") / PARSERS
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(made)]
    source = f"int {PARSER}(void) {{ return 1; }}"
    subprocess.run(command, input=source.encode(), check=True, timeout=50)
    return made


@pytest.fixture
def here(tmp_path: Path, parsers: Path) -> Here:
    root = tmp_path / "deepstream"
    (root / "lib").mkdir(parents=True)
    (root / "lib" / PARSERS).symlink_to(parsers)
    return on(root)


def on(root: Path, gpu: str = "NVIDIA H200", version: tuple[int, int] = (9, 1)) -> Here:
    return Here(Installed(root, version, "dgpu"), PLATFORMS["dgpu"], Gpu(gpu, "9.0"))


@pytest.fixture
def pgie(tmp_path: Path) -> Path:
    home = tmp_path / "mine"
    home.mkdir()
    (home / "a.onnx").write_bytes(b"\x08\x08model")
    (home / "labels.txt").write_text("car\nperson\n")
    (home / "pgie.txt").write_text(PGIE)
    return home / "pgie.txt"


def built(engine: Path | None) -> Path:
    """As nvinfer leaves it."""
    assert engine is not None
    engine.write_bytes(b"ftrt" + bytes(60))
    return engine


def test_our_own_model_is_made_ready_in_the_cache(tmp_path: Path, here: Here) -> None:
    cache = tmp_path / "cache"
    ready = prepare(DetectorSetup(), 2, here, cache=cache, interval=3)
    found = read_configuration(ready.config)
    onnx, engine = found.file("onnx-file"), found.file("model-engine-file")
    assert found.findings == []
    assert (found.whole("batch-size", 0), found.whole("interval", 0)) == (2, 3)
    assert onnx is not None
    assert onnx.is_file()
    assert onnx.name == f"nanodet-deepstream-{ready.digest[:12]}.onnx"
    assert cache in onnx.parents
    assert engine == ready.engine == onnx.with_name(f"{onnx.name}_b2_gpu0_fp16.engine")
    assert not onnx.is_symlink()  # nvinfer would write beside the link's target
    assert (ready.name, ready.person_class_ids, ready.min_confidence) == ("NanoDet-G", (0,), 0.5)
    assert ready.properties == {}
    assert ready.builds


def test_the_engine_is_built_once_for_each_batch_and_gpu(tmp_path: Path, here: Here) -> None:
    cache = tmp_path / "cache"
    first = prepare(DetectorSetup(), 1, here, cache=cache)
    built(first.engine)
    assert not prepare(DetectorSetup(), 1, here, cache=cache).builds
    assert prepare(DetectorSetup(), 2, here, cache=cache).builds
    root = here.installed.root
    assert prepare(DetectorSetup(), 1, on(root, gpu="Orin (nvgpu)"), cache=cache).builds
    assert prepare(DetectorSetup(), 1, on(root, version=(8, 0)), cache=cache).builds


def test_an_engine_that_was_not_written_whole_is_built_anew(tmp_path: Path, here: Here) -> None:
    cache = tmp_path / "cache"
    engine = prepare(DetectorSetup(), 1, here, cache=cache).engine
    assert engine is not None
    engine.touch()
    assert prepare(DetectorSetup(), 1, here, cache=cache).builds


def test_a_gpu_without_fast_fp16_keeps_its_engine_as_well(tmp_path: Path, here: Here) -> None:
    cache = tmp_path / "cache"
    engine = prepare(DetectorSetup(), 1, here, cache=cache).engine
    assert engine is not None
    kept = built(engine.with_name(engine.name.replace("fp16", "fp32")))
    ready = prepare(DetectorSetup(), 1, here, cache=cache)
    assert (ready.engine, ready.builds) == (kept, False)
    assert read_configuration(ready.config).file("model-engine-file") == kept


def test_many_may_make_it_ready_at_once(tmp_path: Path, here: Here) -> None:
    cache, ready = tmp_path / "cache", []
    threads = [
        threading.Thread(
            target=lambda: ready.append(prepare(DetectorSetup(), 1, here, cache=cache))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ready) == len(threads)
    assert len({each.config for each in ready}) == 1
    kept = sorted(path.suffix for path in ready[0].config.parent.iterdir())
    assert kept == [".onnx", ".txt", ".txt"]  # nothing half-written is left


def test_a_deepstream_without_its_parsers_is_not_whole(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=f"not whole.*no such file.*{PARSERS}"):
        prepare(DetectorSetup(), 1, on(tmp_path), cache=tmp_path / "cache")


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, here: Here) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ModelUnusable, match="cannot be written") as caught:
        prepare(DetectorSetup(), 1, here, cache=tmp_path / "cache")
    assert "SMARTREC_CACHE_DIR" in (caught.value.hint or "")


def test_the_users_file_is_used_as_it_is(here: Here, pgie: Path) -> None:
    ready = prepare(DetectorSetup(model=str(pgie)), 2, here)
    assert ready.config == pgie
    assert (ready.name, ready.person_class_ids, ready.min_confidence) == ("a.onnx", (1,), 0.3)
    assert ready.engine == pgie.parent / "a.onnx_b2_gpu0_fp16.engine"
    assert ready.properties == {"model-engine-file": str(ready.engine)}  # the file names none
    assert ready.builds
    assert ready.notes == ()
    built(ready.engine)
    assert not prepare(DetectorSetup(model=str(pgie)), 2, here).builds


def test_an_engine_that_the_users_file_names_is_left_to_it(here: Here, pgie: Path) -> None:
    pgie.write_text(PGIE.replace("network", "model-engine-file=mine.engine\nnetwork", 1))
    mine = built(pgie.parent / "mine.engine")
    ready = prepare(DetectorSetup(model=str(pgie)), 2, here)
    assert (ready.engine, ready.properties, ready.builds) == (mine, {}, False)


def test_an_engine_for_fewer_cameras_gives_way_to_one_that_can_be_kept(
    here: Here, pgie: Path
) -> None:
    name = str(EngineName("a.onnx", 1))
    pgie.write_text(PGIE.replace("network", f"model-engine-file={name}\nnetwork", 1))
    built(pgie.parent / name)
    alone = prepare(DetectorSetup(model=str(pgie)), 1, here)
    assert (alone.properties, alone.builds) == ({}, False)
    three = prepare(DetectorSetup(model=str(pgie)), 3, here)
    kept = pgie.parent / "a.onnx_b3_gpu0_fp16.engine"
    assert (three.properties, three.builds) == ({"model-engine-file": str(kept)}, True)
    assert any("was built for 1, and there are 3 cameras" in note for note in three.notes)


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ("network-mode=1", "a.onnx_b1_gpu0_fp16.engine"),
        ("network-mode=1\nint8-calib-file=labels.txt", "a.onnx_b1_gpu0_int8.engine"),
        ("network-mode=0\ngpu-id=1", "a.onnx_b1_gpu1_fp32.engine"),
        ("enable-dla=1\nuse-dla-core=0", "a.onnx_b1_dla0_fp16.engine"),
    ],
)
def test_the_name_is_the_one_that_nvinfer_gives(
    here: Here, pgie: Path, more: str, name: str
) -> None:
    pgie.write_text(PGIE.replace("[class", f"{more}\n[class", 1))
    assert prepare(DetectorSetup(model=str(pgie)), 1, here).engine == pgie.parent / name


def test_a_model_behind_a_link_keeps_its_engine_beside_the_model(here: Here, pgie: Path) -> None:
    real = pgie.parent.parent / "real.onnx"
    (pgie.parent / "a.onnx").rename(real)
    (pgie.parent / "a.onnx").symlink_to(real)
    engine = prepare(DetectorSetup(model=str(pgie)), 1, here).engine
    assert engine == real.with_name("real.onnx_b1_gpu0_fp16.engine")


def test_an_engine_that_a_library_makes_is_not_guessed(
    here: Here, pgie: Path, parsers: Path
) -> None:
    text = f"custom-lib-path={parsers}\nengine-create-func-name={PARSER}\n[class"
    pgie.write_text(PGIE.replace("[class", text, 1))
    ready = prepare(DetectorSetup(model=str(pgie)), 1, here)
    assert (ready.engine, ready.builds, ready.properties) == (None, True, {})
    assert f"model-engine-file={Path.cwd()}/model_b1_gpu0_fp16.engine" in ready.notes[0]


def test_confidence_is_the_settings_or_the_files_or_the_usual(here: Here, pgie: Path) -> None:
    def of(**more: float) -> tuple[float, int]:
        ready = prepare(DetectorSetup(model=str(pgie), **more), 1, here)  # type: ignore[arg-type]
        return ready.min_confidence, len(ready.notes)

    assert of() == (0.3, 0)
    assert of(min_confidence=0.6) == (0.6, 0)
    assert of(min_confidence=0.2) == (0.2, 1)  # the file lets nothing below 0.3 through
    pgie.write_text(PGIE.split("[class")[0])
    assert of() == (0.35, 0)


def test_all_mistakes_of_the_users_file_are_told_at_once(here: Here, pgie: Path) -> None:
    pgie.write_text(PGIE.replace("a.onnx", "b.onnx").replace("labels", "label"))
    with pytest.raises(ConfigError) as caught:
        prepare(DetectorSetup(model=str(pgie)), 1, here)
    first, second = str(caught.value).split("\n")
    assert first.startswith(f"{pgie}:2: onnx-file: no such file")
    assert second.startswith(f"{pgie}:3: labelfile-path: no such file")


def test_what_deepstream_cannot_run_is_refused_with_what_can_be_done(here: Here) -> None:
    for setup in (DetectorSetup(model="yolo.onnx"), DetectorSetup(person_class_ids=(16,))):
        refused = why_not(setup)
        assert refused is not None
        assert 'detector.engine = "portable"' in (refused.hint or "")
        with pytest.raises(ModelUnusable):
            prepare(setup, 1, here)
    for setup in (
        DetectorSetup(),
        DetectorSetup(model="a.yml"),
        DetectorSetup(person_class_ids=(0,)),
    ):
        assert why_not(setup) is None


def test_the_place_says_what_an_engine_depends_on(tmp_path: Path) -> None:
    here = on(tmp_path, gpu="Orin (nvgpu)/Jetson")
    made = place(tmp_path, here, "10.3.0")
    assert made == tmp_path / "deepstream" / "orin-nvgpu-jetson-sm9.0-deepstream9.1-tensorrt10.3.0"
    unknown = Here(here.installed, here.platform, Gpu())
    assert place(tmp_path, unknown, "").name == "gpu-deepstream9.1"


def test_tensorrt_is_known_by_its_library(tmp_path: Path) -> None:
    assert tensorrt_version({}, tmp_path) == ""
    usual = tmp_path / "usr/lib/aarch64-linux-gnu"
    usual.mkdir(parents=True)
    for name in ("libnvinfer.so.8", "libnvinfer.so.10.3.0", "libnvinfer.so.8.6.2", "libc.so.6"):
        (usual / name).touch()
    assert tensorrt_version({}, tmp_path) == "10.3.0"
    own = tmp_path / "own"
    own.mkdir()
    (own / "libnvinfer.so.10.13.3").touch()
    assert tensorrt_version({"LD_LIBRARY_PATH": f"/nowhere:{own}"}, tmp_path) == "10.13.3"


def test_the_cache_is_where_the_environment_says() -> None:
    assert cache_dir({"SMARTREC_CACHE_DIR": "/x/y"}) == Path("/x/y")
    assert cache_dir({}).name == "smartrec"


def test_copies_are_made_once_and_mended_where_they_were_cut(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "deep" / "b"
    source.write_bytes(b"model")
    keep_copy(source, target)
    os.utime(target, (1, 1))
    keep_copy(source, target)
    assert target.stat().st_mtime == 1
    target.write_bytes(b"mod")
    keep_copy(source, target)
    assert target.read_bytes() == b"model"
    with pytest.raises(ModelUnusable):
        keep_copy(tmp_path / "gone", target.with_name("c"))
    assert [path.name for path in target.parent.iterdir()] == ["b"]


def test_texts_are_known_by_what_they_say(tmp_path: Path) -> None:
    one = keep_text("a", tmp_path, "x", ".txt")
    assert keep_text("a", tmp_path, "x", ".txt") == one
    assert keep_text("b", tmp_path, "x", ".txt") != one
    one.write_text("spoilt")
    assert keep_text("a", tmp_path, "x", ".txt").read_text() == "a"
