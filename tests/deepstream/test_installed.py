"""Which DeepStream is there and on which board: directories that look like those machines."""

from pathlib import Path

import pytest

from smartrec.errors import EngineMissing, EngineTooOld
from smartrec.media.engines.deepstream.installed import find_installed, has_nvidia

RELEASE = "# R{} (release), REVISION: {}, GCID: 38968081, BOARD: generic, EABI: aarch64\n"
BOARDS = {
    "jetson-orin": ("nvidia,p3737-0000+p3701-0005\0nvidia,tegra234\0", "Jetson AGX Orin"),
    "jetson-orin-nano": ("nvidia,p3768-0000+p3767-0005\0nvidia,tegra234\0", "Jetson Orin Nano"),
    "jetson-thor": ("nvidia,p4071-0000+p3834-0008\0nvidia,tegra264\0", "Jetson AGX Thor"),
}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def deepstream(root: Path, version: str) -> Path:
    home = root / "opt/nvidia/deepstream/deepstream"
    write(home / "version", f"Version: {version}\nGCID: 1\n")
    return home


@pytest.mark.parametrize("board", BOARDS)
def test_a_jetson_is_told_by_its_device_tree(tmp_path: Path, board: str) -> None:
    compatible, model = BOARDS[board]
    write(tmp_path / "proc/device-tree/compatible", compatible)
    write(tmp_path / "proc/device-tree/model", f"NVIDIA {model} Developer Kit\0")
    home = deepstream(tmp_path, "8.0")
    found = find_installed({}, tmp_path)
    assert (found.board, found.version, found.root) == (board, (8, 0), home)


def test_without_a_device_tree_of_nvidias_it_is_a_graphics_card(tmp_path: Path) -> None:
    write(tmp_path / "proc/device-tree/compatible", "raspberrypi,5-model-b\0")
    deepstream(tmp_path, "9.1")
    assert find_installed({}, tmp_path).board == "dgpu"
    assert not has_nvidia(tmp_path)


def test_the_variable_names_another_place(tmp_path: Path) -> None:
    write(tmp_path / "mine/version", "Version: 7.1\n")
    found = find_installed({"SMARTREC_DEEPSTREAM": str(tmp_path / "mine")}, tmp_path)
    assert (found.root, found.words) == (tmp_path / "mine", "DeepStream 7.1")


def test_a_relative_place_is_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "mine/version", "Version: 7.1\n")
    monkeypatch.chdir(tmp_path)
    found = find_installed({"SMARTREC_DEEPSTREAM": "mine"}, tmp_path)
    assert found.root == tmp_path / "mine"


def test_a_place_that_is_a_file_is_told(tmp_path: Path) -> None:
    write(tmp_path / "mine", "no directory")
    with pytest.raises(EngineMissing, match="mine is no directory"):
        find_installed({"SMARTREC_DEEPSTREAM": str(tmp_path / "mine")}, tmp_path)


@pytest.mark.parametrize(
    ("l4t", "package"),
    [
        (("36", "4.3"), "deepstream-7.1_7.1.0-1_arm64.deb"),
        (("38", "2.1"), "deepstream-8.0_8.0.0-1_arm64.deb"),
        (("39", "2.0"), "deepstream-9.1_9.1.0-1_arm64.deb"),
    ],
)
def test_where_it_is_missing_the_package_for_this_jetpack_is_named(
    tmp_path: Path, l4t: tuple[str, str], package: str
) -> None:
    write(tmp_path / "etc/nv_tegra_release", RELEASE.format(*l4t))
    with pytest.raises(EngineMissing) as missing:
        find_installed({}, tmp_path)
    assert missing.value.hint is not None
    assert missing.value.hint.startswith(f"sudo apt install ./{package};")


def test_a_jetpack_or_a_card_that_is_not_known_gets_the_guide(tmp_path: Path) -> None:
    for release in ("", "# R40 (release), GCID: 1\n"):
        write(tmp_path / "etc/nv_tegra_release", release)
        with pytest.raises(EngineMissing) as missing:
            find_installed({}, tmp_path)
        assert missing.value.hint == "docs/guide/deepstream.md says how to install it"


def test_jetpack_5_is_refused_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path / "etc/nv_tegra_release", RELEASE.format("35", "4.1"))
    deepstream(tmp_path, "6.3")
    with pytest.raises(EngineTooOld, match=r"JetPack 5 .* Python 3\.8 and GStreamer 1\.16"):
        find_installed({}, tmp_path)


def test_an_old_deepstream_on_a_card_is_refused(tmp_path: Path) -> None:
    deepstream(tmp_path, "6.3")
    with pytest.raises(EngineTooOld, match=r"DeepStream 6\.3 is not supported"):
        find_installed({}, tmp_path)


def test_a_directory_without_a_version_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "opt/nvidia/deepstream/deepstream").mkdir(parents=True)
    with pytest.raises(EngineMissing, match="is not whole: its file 'version' says none"):
        find_installed({}, tmp_path)
