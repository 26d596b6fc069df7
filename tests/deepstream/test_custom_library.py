"""Libraries that load, that do not, that crash and that hang: real ones, compiled here."""

import subprocess
from pathlib import Path

import pytest

from smartrec.media.engines.deepstream.custom_library import try_library

PARSER = "int Parse(void) { return 1; }"


def library(home: Path, source: str, *options: str, name: str = "libcustom.so") -> Path:
    made = home / name
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(made), *options]
    subprocess.run(command, input=source.encode(), check=True, timeout=50)
    return made


def test_a_library_with_its_functions_passes(tmp_path: Path) -> None:
    path = library(tmp_path, PARSER)
    assert try_library(path, ["Parse"]) == []
    assert try_library(path, []) == []


def test_functions_that_are_missing_are_named_one_by_one(tmp_path: Path) -> None:
    path = library(tmp_path, PARSER)
    assert try_library(path, ["NvDsInferParseYolo", "Parse", "Get"]) == [
        ("NvDsInferParseYolo", f"NvDsInferParseYolo is not in {path}"),
        ("Get", f"Get is not in {path}"),
    ]


def test_a_function_that_nobody_has_yet_does_not_matter(tmp_path: Path) -> None:
    path = library(tmp_path, "int later(void); int Parse(void) { return later(); }")
    assert try_library(path, ["Parse"]) == []


def test_what_it_needs_is_named_unless_it_is_beside_deepstream(tmp_path: Path) -> None:
    beside = tmp_path / "lib"
    beside.mkdir()
    soname = "-Wl,-soname,libneeded.so.3"
    library(beside, "int needed(void) { return 1; }", soname, name="libneeded.so.3")
    source = "int needed(void); int Parse(void) { return needed(); }"
    path = library(tmp_path, source, f"-L{beside}", "-l:libneeded.so.3")
    ((_, words),) = try_library(path, ["Parse"])
    assert words == "does not load: it needs libneeded.so.3, which is not found"
    assert try_library(path, ["Parse"], [beside]) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("__builtin_trap();", "crashes (SIG"),
        ("kill(getpid(), 11);", "crashes (SIGSEGV) when it is loaded"),
        ("_exit(0);", "ends the process when it is loaded"),
    ],
)
def test_a_library_that_takes_the_process_along_is_told(
    tmp_path: Path, body: str, words: str
) -> None:
    source = "int kill(int, int); int getpid(void); void _exit(int);"
    path = library(tmp_path, f"{source} __attribute__((constructor)) void begin(void) {{ {body} }}")
    ((function, said),) = try_library(path, [])
    assert function == ""
    assert said.startswith(words)


def test_a_library_that_hangs_is_given_up(tmp_path: Path) -> None:
    source = "int pause(void); __attribute__((constructor)) void begin(void) { pause(); }"
    assert try_library(library(tmp_path, source), [], patience_s=2) == [
        ("", "does not load within 2 s")
    ]


def test_what_a_library_prints_is_not_its_verdict(tmp_path: Path) -> None:
    source = "int puts(const char *); __attribute__((constructor)) void begin(void)"
    path = library(tmp_path, f'{source} {{ puts("smartrec? no"); }} {PARSER}')
    assert try_library(path, ["Parse"]) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"GROUP ( libx.so )", "is no library (no ELF file)"),
        (b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x16\x00", "is made for machine 22;"),
    ],
)
def test_files_that_are_no_library_are_named(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "libx.so"
    path.write_bytes(data)
    ((_, said),) = try_library(path, [])
    assert said.startswith(words)


def test_a_cut_library_does_not_load(tmp_path: Path) -> None:
    path = library(tmp_path, PARSER)
    path.write_bytes(path.read_bytes()[:200])
    ((_, said),) = try_library(path, [])
    assert said.startswith("does not load: ")
