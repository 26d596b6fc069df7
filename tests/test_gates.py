"""What holds the project together: one version, one list of packages, one lock, one wheel."""

import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import smartrec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PLACES = [(python, machine) for python in PYTHONS for machine in ("x86_64", "aarch64")]
SYSTEM_PYTHON_PACKAGES = {"pygobject", "pycairo"}


def system_packages() -> list[tuple[str, str, str]]:
    """The rows of the list that set-up and doctor read as well."""
    text = (ROOT / "src/smartrec/packages.txt").read_text()
    rows = [line.split("|") for line in text.splitlines() if line and not line.startswith("#")]
    return [(name.strip(), when.strip(), why.strip()) for name, when, why in rows]


def locked(kind: str) -> list[Requirement]:
    text = (ROOT / "requirements" / f"{kind}.txt").read_text()
    return [Requirement(line.rstrip("\\ ")) for line in text.splitlines() if re.match(r"\w", line)]


def pins(kind: str, python: str, machine: str) -> Iterator[tuple[str, str]]:
    """What pip installs there: name and version, a name perhaps twice if the lock is wrong."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "platform_machine": machine,
        "sys_platform": "linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    for requirement in locked(kind):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield canonicalize_name(requirement.name), str(requirement.specifier)


def wanted(group: str | None = None) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    texts = project["dependency-groups"][group] if group else project["project"]["dependencies"]
    return [Requirement(text) for text in texts if isinstance(text, str)]


def test_version_is_written_in_one_place() -> None:
    assert version("smartrec") == smartrec.__version__
    number = re.escape(smartrec.__version__)
    sources = [ROOT / "pyproject.toml", ROOT / "Makefile", *ROOT.glob("src/**/*.py")]
    holders = [
        path.relative_to(ROOT).as_posix()
        for path in sources
        if re.search(rf"(?<![\d.]){number}(?![\d.])", path.read_text())
    ]
    assert holders == ["src/smartrec/__init__.py"]


def test_changelog_knows_what_is_coming() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"


def test_each_system_package_says_when_and_why_once() -> None:
    rows = system_packages()
    names = [name for name, _, _ in rows]
    assert len(set(names)) == len(names)
    for name, when, why in rows:
        assert re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name), name
        assert when in {"run", "test", "extra"}, name
        assert why, name


def test_no_code_or_advice_names_a_system_package_that_the_list_lacks() -> None:
    debian = r"\b(?:gstreamer1\.0|gir1\.2|python3)-[a-z0-9][a-z0-9.+-]*[a-z0-9]"
    advice = r"(?<=apt install )[a-z0-9][a-z0-9.+-]+"
    named = {
        package
        for path in ROOT.glob("src/**/*.py")
        for package in re.findall(rf"{debian}|{advice}", path.read_text())
    }
    assert "python3-gi" in named
    assert named <= {name for name, _, _ in system_packages()}


@pytest.mark.parametrize("kind", ["run", "dev"])
def test_lock_has_a_digest_for_every_package_and_names_no_host(kind: str) -> None:
    text = (ROOT / "requirements" / f"{kind}.txt").read_text()
    for block in re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    assert "//" not in text


@pytest.mark.parametrize("kind", ["run", "dev"])
@pytest.mark.parametrize(("python", "machine"), PLACES)
def test_lock_pins_each_package_once_for_every_python_and_machine(
    kind: str, python: str, machine: str
) -> None:
    names = [name for name, _ in pins(kind, python, machine)]
    assert len(set(names)) == len(names)
    assert not SYSTEM_PYTHON_PACKAGES & set(names)


@pytest.mark.parametrize(("python", "machine"), PLACES)
def test_dev_lock_holds_the_run_lock(python: str, machine: str) -> None:
    assert set(pins("run", python, machine)) <= set(pins("dev", python, machine))


@pytest.mark.parametrize("python", PYTHONS)
def test_lock_satisfies_what_the_project_declares(python: str) -> None:
    installed = dict(pins("dev", python, "x86_64"))
    for requirement in wanted() + wanted("dev") + wanted("build"):
        if requirement.marker is None or requirement.marker.evaluate({"python_version": python}):
            number = installed[canonicalize_name(requirement.name)].removeprefix("==")
            assert requirement.specifier.contains(number), requirement


def test_makefile_stays_short_enough_to_read() -> None:
    assert len((ROOT / "Makefile").read_text().splitlines()) <= 40


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(where)]
    done = subprocess.run([*build, str(ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = where.glob("*.whl")
    return made


def test_wheel_holds_the_package_with_its_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        inside = {name for name in file.namelist() if ".dist-info/" not in name}
    package = ROOT / "src" / "smartrec"
    ours = {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == ours
    assert {"smartrec/packages.txt", "smartrec/py.typed"} <= inside


def test_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 15_000_000


def test_wheel_runs_where_there_is_no_checkout(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    make = [sys.executable, "-m", "venv", "--system-site-packages", str(venv)]
    subprocess.run(make, check=True)
    install = [str(venv / "bin/pip"), "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True)
    # Our dependencies, but not our checkout: a .pth file counts only in a site directory.
    settings = {"PYTHONPATH": sysconfig.get_path("purelib"), "PATH": "/usr/bin:/bin"}
    for command in ([venv / "bin/smartrec"], [venv / "bin/python", "-m", "smartrec"]):
        done = subprocess.run(
            [*command, "--version"],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert smartrec.__version__ in done.stdout


@pytest.mark.xdist_group("gates")
def test_groups_of_tests_stay_together(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("not a run by groups on several workers")
    assert request.node.nodeid.endswith("@gates")
