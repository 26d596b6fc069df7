"""What `smartrec doctor` says of DeepStream: stand-ins that are whole, and what is left of them.

Each time the real command runs, in a process of its own: which plug-ins GStreamer has is decided
when it starts.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smartrec.media.engines.deepstream.installed import has_nvidia
from smartrec.media.screen import fonts
from tests.deepstream.machine import deepstream_environment

PARSERS = "libnvds_infercustomparser.so"
COMPILER = ("cc", "-shared", "-fPIC", "-Wl,--no-as-needed")


class Machine:
    """One with stand-ins for DeepStream's elements, and a settings file."""

    def __init__(self, at: Path) -> None:
        self.at = at
        self.environ = deepstream_environment(at)
        self.root = at / "deepstream"

    def settings(self, text: str) -> None:
        (self.at / "smartrec.toml").write_text(text)

    def doctor(self, **environ: str | None) -> dict[str, list[dict[str, Any]]]:
        """What was found, by check."""
        own = {name: value for name, value in os.environ.items() if "SMARTREC" not in name}
        here = {
            "XDG_CONFIG_HOME": str(self.at / "config"),
            "SMARTREC_CACHE_DIR": str(self.at / "cache"),
        }
        changed = {**own, **here, **self.environ, **environ}
        done = subprocess.run(
            [sys.executable, "-m", "smartrec", "doctor", "--json", "--clips", str(self.at)],
            env={name: value for name, value in changed.items() if value is not None},
            cwd=self.at,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert done.stdout, done.stderr
        found: dict[str, list[dict[str, Any]]] = {}
        for each in json.loads(done.stdout)["findings"]:
            found.setdefault(each["check"], []).append(each)
        bad = [each for rows in found.values() for each in rows if each["status"] == "bad"]
        assert done.returncode == (1 if bad else 0), bad
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def status_and_words(rows: list[dict[str, Any]]) -> tuple[set[str], str]:
    return {each["status"] for each in rows}, "\n".join(each["what"] for each in rows)


def test_a_machine_that_is_whole_says_what_it_has(machine: Machine) -> None:
    found = machine.doctor()
    status, words = status_and_words(found["deepstream"])
    assert status == {"ok"} if fonts.are_installed() else {"ok", "warn"}
    assert f"DeepStream 9.1, graphics card (dGPU): {machine.root}" in words
    assert "nvstreammux is the legacy one; encodes in hardware" in words
    assert "metadata is read by" in words
    assert "its engine is built at the first start" in words
    assert found["detector"][0]["what"] == "DeepStream's; see there"


def test_board_mux_and_encoder_are_those_of_the_machine(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.environ = deepstream_environment(tmp_path, "jetson-orin-nano", new_mux=True)
    _, words = status_and_words(machine.doctor()["deepstream"])
    assert "the new one (USE_NEW_NVSTREAMMUX=yes); no encoder in hardware" in words


def test_nothing_is_built(machine: Machine) -> None:
    machine.doctor()
    assert not list(machine.at.rglob("*.engine"))


def test_an_engine_that_is_there_is_named(machine: Machine) -> None:
    machine.doctor()
    (onnx,) = machine.at.rglob("nanodet-deepstream-*.onnx")
    engine = onnx.with_name(f"{onnx.name}_b1_gpu0_fp16.engine")
    engine.write_bytes(b"ptrt" + bytes(96))
    _, words = status_and_words(machine.doctor()["deepstream"])
    assert f"its engine is there ({engine})" in words


@pytest.mark.skipif(has_nvidia(), reason="this machine has a GPU of NVIDIA's")
def test_without_a_gpu_one_line_says_that_the_portable_engine_is_taken(machine: Machine) -> None:
    found = machine.doctor(SMARTREC_DEEPSTREAM=None)
    assert status_and_words(found["deepstream"]) == ({"ok"}, "portable: no NVIDIA GPU here")
    assert "NanoDet-G" in found["detector"][0]["what"]


@pytest.mark.parametrize(("engine", "status"), [("auto", "warn"), ("deepstream", "bad")])
def test_what_is_missing_counts_as_much_as_the_settings_want_it(
    machine: Machine, engine: str, status: str
) -> None:
    machine.settings(f"[detector]\nengine = '{engine}'\n")
    (machine.root / "lib" / PARSERS).unlink()
    found = machine.doctor()
    (missing,) = [each for each in found["deepstream"] if each["status"] != "ok"]
    assert missing["status"] == status
    assert PARSERS in missing["what"]
    assert "docs/guide/deepstream.md" in missing["mend"]
    assert ("NanoDet-G" in found["detector"][0]["what"]) == (engine == "auto")


def test_switched_off_by_the_settings_nothing_is_looked_for(machine: Machine) -> None:
    machine.settings("[detector]\nengine = 'portable'\n")
    found = machine.doctor()
    assert len(found["deepstream"]) == 1
    assert "portable" in found["deepstream"][0]["what"]
    assert "NanoDet-G" in found["detector"][0]["what"]


def test_an_element_whose_file_is_not_there_says_which(machine: Machine) -> None:
    found = machine.doctor(PYTHONPATH=None)["deepstream"]
    missing = [each["what"] for each in found]
    assert any(
        words.startswith(f"DeepStream 9.1 has no nvinfer: there is no {machine.root}/lib/gst-")
        for words in missing
    )
    assert {each["status"] for each in found} == {"warn"}


def test_an_element_that_lacks_a_library_of_another_cuda_says_which(machine: Machine) -> None:
    plugins = machine.root / "lib/gst-plugins"
    plugins.mkdir()
    cuda = machine.at / "libcudart.so.12"
    compile_library(cuda, "int cudart(void) { return 0; }", f"-Wl,-soname,{cuda.name}")
    lacking, well = plugins / "libnvdsgst_infer.so", plugins / "libnvdsgst_osd.so"
    compile_library(lacking, "int cudart(void); int infer(void) { return cudart(); }", str(cuda))
    compile_library(well, "int osd(void) { return 0; }")
    cuda.unlink()
    found = machine.doctor(PYTHONPATH=None)["deepstream"]
    (infer,) = [each for each in found if "no nvinfer" in each["what"]]
    assert "needs libcudart.so.12, which is not found" in infer["what"]
    assert "made for one CUDA" in infer["why"]
    assert infer["mend"] == f"ldd {lacking} | grep 'not found'"
    (osd,) = [each for each in found if "no nvdsosd" in each["what"]]
    assert f"{well} loads" in osd["what"]
    assert osd["mend"] == "rm -rf ~/.cache/gstreamer-1.0"


def compile_library(path: Path, source: str, *more: str) -> None:
    done = subprocess.run(
        [*COMPILER, "-o", path, "-x", "c", "-", "-x", "none", *more],
        input=source,
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_every_mistake_of_a_configuration_is_told_with_its_line(machine: Machine) -> None:
    (machine.at / "labels.txt").write_text("")
    (machine.at / "pgie.txt").write_text(
        "[property]\nonnx-file=gone.onnx\nlabelfile-path=labels.txt\nnum-detected-classes=1\n"
    )
    machine.settings("[detector]\nengine = 'deepstream'\nmodel = 'pgie.txt'\n")
    found = machine.doctor()
    told = [each["what"] for each in found["deepstream"] if each["status"] == "bad"]
    assert any("pgie.txt:2: onnx-file: no such file" in words for words in told)
    assert any("pgie.txt:3: labelfile-path" in words and "empty" in words for words in told)
    (detector,) = found["detector"]
    assert detector["what"].startswith("nobody is looked for without DeepStream")


def test_a_library_of_the_users_is_loaded_once_however_much_asks_for_it(machine: Machine) -> None:
    loaded = machine.at / "loaded"
    source = (
        "#include <stdio.h>\n"
        "__attribute__((constructor)) static void count(void) {\n"
        f'  FILE *file = fopen("{loaded}", "a"); fputs("x", file); fclose(file);\n'
        "}\nint Parse(void) { return 1; }\n"
    )
    compile_library(machine.at / "libown.so", source)
    (machine.at / "labels.txt").write_text("person\n")
    (machine.at / "a.onnx").write_text("no model")
    (machine.at / "pgie.txt").write_text(
        "[property]\nonnx-file=a.onnx\nlabelfile-path=labels.txt\nnum-detected-classes=1\n"
        "custom-lib-path=libown.so\nparse-bbox-func-name=Parse\n"
    )
    machine.settings("[detector]\nengine = 'deepstream'\nmodel = 'pgie.txt'\n")
    found = machine.doctor()
    assert found["deepstream"]
    assert found["detector"]
    assert loaded.read_text() == "x"


def test_smart_record_without_its_library_is_one_warning(machine: Machine) -> None:
    gone = machine.at / "gone.so"
    machine.settings(f"[recording]\nrecorder = 'nvdssr'\nsmart_record_library = '{gone}'\n")
    (warned,) = [each for each in machine.doctor()["deepstream"] if each["status"] == "warn"]
    assert f"{gone}: there is no such file" in warned["what"]
    assert "nothing is lost" in warned["why"]
