"""Set-up, on systems that are not this one.

Strategy: the real scripts run in a copy of what they read, on a PATH that holds the shell's tools
and stand-ins for what a system has or lacks: the package manager, sudo, Python. A stand-in writes
down how it was called, and says what the real one says in that case. The real ones are proved on
new systems by `make fresh`.
"""

import os
import re
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHELL_TOOLS = (
    *("awk", "bash", "cat", "dirname", "env", "flock", "grep", "mkdir", "mktemp", "readlink"),
    *("rm", "sed", "sha256sum", "stat", "tail", "ln", "touch"),
)

PYTHON = r"""#!/usr/bin/env bash
set -eu
case "$*" in
  "-c import sys;"*) echo "$VERSION" ;;
  "-c "*) exit 0 ;;
  "-") exit "$IMPORTABLE" ;;
  "-m venv "*)
    venv="${*: -1}"
    echo "venv" >>"$CALLS"
    mkdir -p "$venv/bin"
    ln -sf "$SMARTREC_PYTHON" "$venv/bin/python"
    [ -z "$VENV_BREAKS" ] || { echo "$VENV_BREAKS"; exit 1; }
    echo "include-system-site-packages = true" >"$venv/pyvenv.cfg" ;;
  "-m pip install "*)
    echo "pip ${*: -1}" >>"$CALLS"
    [ "$PIP_BREAKS" != killed ] || kill -KILL 0
    [ -z "$PIP_BREAKS" ] || { echo "$PIP_BREAKS"; exit 1; }
    case "$*" in *--editable*)
      printf '#!/usr/bin/env bash\necho "smartrec $*"\n' >.venv/bin/smartrec
      "$CHMOD" +x .venv/bin/smartrec ;;
    esac ;;
  *) echo "stand-in: $*" >&2; exit 99 ;;
esac
"""
DPKG_QUERY = r"""#!/usr/bin/env bash
if grep -qx "${*: -1}" "$INSTALLED"; then echo installed; else exit 1; fi
"""
APT_GET = r"""#!/usr/bin/env bash
echo "apt-get ${*: -1}" >>"$CALLS"
case "$*" in *--fix-broken*) exit 0 ;; *install*) ;; *) exit 0 ;; esac
if [ -n "$APT_BREAKS" ] && ! [ -e "$CALLS.repaired" ]; then echo "$APT_BREAKS"; exit 100; fi
for package in "$@"; do echo "$package" >>"$INSTALLED"; done
"""
DPKG = r"""#!/usr/bin/env bash
echo "dpkg $1 $2" >>"$CALLS"
touch "$CALLS.repaired"
"""
SUDO = r"""#!/usr/bin/env bash
if [ "$SUDO_NEEDS_PASSWORD" = yes ]; then echo "sudo: a password is required"; exit 1; fi
[ "$1" = -n ] && shift
[ "$1" = true ] || "$@"
"""
ID = r"""#!/usr/bin/env bash
if [ "$1" = -un ]; then echo somebody; else echo "$USER_ID"; fi
"""


class System:
    """A system as the set-up sees it, and a checkout on it."""

    def __init__(self, where: Path) -> None:
        self.checkout = where / "checkout"
        self.bin = where / "bin"
        self.calls_file = where / "calls"
        self.installed_file = where / "installed"
        self.settings = {
            "PATH": str(self.bin),
            "HOME": str(where / "home"),
            "LC_ALL": "C.UTF-8",
            "SMARTREC_PYTHON": str(self.bin / "python3"),
            "CHMOD": shutil.which("chmod") or "chmod",
            "CALLS": str(self.calls_file),
            "INSTALLED": str(self.installed_file),
            "VERSION": "3.11",
            "IMPORTABLE": "0",
            "USER_ID": "0",
            "SUDO_NEEDS_PASSWORD": "no",
            "VENV_BREAKS": "",
            "PIP_BREAKS": "",
            "APT_BREAKS": "",
            "L4T_RELEASE": str(where / "nv_tegra_release"),
        }
        for name in ("run.sh", "tools/setup.sh", "src/smartrec/packages.txt", "pyproject.toml"):
            (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.checkout / name)
        shutil.copytree(ROOT / "requirements", self.checkout / "requirements")
        self.bin.mkdir()
        for tool in SHELL_TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        self.has("python3", PYTHON)
        self.has("dpkg-query", DPKG_QUERY)
        self.has("apt-get", APT_GET)
        self.has("dpkg", DPKG)
        self.has("sudo", SUDO)
        self.has("id", ID)
        self.installed_file.touch()
        self.calls_file.touch()

    def has(self, program: str, text: str) -> None:
        path = self.bin / program
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def lacks(self, program: str) -> None:
        (self.bin / program).unlink()

    def start(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.checkout / "run.sh", *arguments],
            env={**self.settings, **settings},
            cwd=self.checkout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            start_new_session=True,
        )

    def calls(self) -> list[str]:
        """What was called since the last look."""
        lines = self.calls_file.read_text().splitlines()
        self.calls_file.write_text("")
        return lines


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_a_new_system_gets_packages_venv_lock_and_smartrec_and_starts_it(system: System) -> None:
    done = system.start("clips", "list", "--json")
    assert (done.returncode, done.stdout) == (0, "smartrec clips list --json\n"), done.stderr
    update, install, venv, lock, itself = system.calls()
    assert update == "apt-get update"
    assert install.startswith("apt-get ")
    assert venv == "venv"
    assert lock.endswith("requirements/run.txt")
    assert itself == f"pip {system.checkout}"
    assert "ffmpeg" not in system.installed_file.read_text()


def test_each_step_is_one_line(system: System) -> None:
    packages, venv, lock = system.start().stderr.splitlines()
    assert re.match(r"smartrec: installing \d+ system packages, .* \(python3 ", packages)
    assert venv == "smartrec: making .venv"
    assert re.match(r"smartrec: installing \d+ Python packages \(requirements/run.txt\)$", lock)


def test_without_arguments_it_records(system: System) -> None:
    assert system.start().stdout == "smartrec run\n"


def test_setup_only_starts_nothing(system: System) -> None:
    done = system.start("--setup-only")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_second_start_does_nothing_but_start(system: System) -> None:
    system.start()
    system.calls()
    done = system.start()
    assert (done.returncode, done.stdout, done.stderr) == (0, "smartrec run\n", "")
    assert system.calls() == []


@pytest.mark.parametrize(
    "changed", ["requirements/run.txt", "pyproject.toml", "src/smartrec/packages.txt"]
)
def test_a_change_of_what_is_needed_is_set_up_again(system: System, changed: str) -> None:
    system.start()
    system.calls()
    with (system.checkout / changed).open("a") as file:
        file.write("# changed\n")
    assert system.start().returncode == 0
    assert any(call.startswith("pip") for call in system.calls())


def test_a_moved_checkout_gets_its_programs_anew(system: System) -> None:
    system.start()
    system.calls()
    moved = system.checkout.with_name("elsewhere")
    system.checkout.rename(moved)
    system.checkout = moved
    assert system.start().returncode == 0
    assert f"pip {moved}" in system.calls()


def test_a_half_made_venv_is_made_anew(system: System) -> None:
    broken = system.start(VENV_BREAKS="Error: killed")
    assert broken.returncode == 1
    system.calls()
    done = system.start()
    assert done.returncode == 0, done.stderr
    assert "venv" in system.calls()


def test_a_venv_in_which_pip_was_cut_off_is_made_anew(system: System) -> None:
    assert system.start(PIP_BREAKS="killed").returncode == -signal.SIGKILL
    system.calls()
    done = system.start()
    assert (done.returncode, done.stdout) == (0, "smartrec run\n")
    assert "venv" in system.calls()


def test_a_python_install_that_failed_is_done_again_in_the_same_venv(system: System) -> None:
    system.start(PIP_BREAKS="ERROR: no such thing")
    system.calls()
    done = system.start()
    assert (done.returncode, done.stdout) == (0, "smartrec run\n")
    assert "venv" not in system.calls()


def test_an_interrupted_package_manager_is_repaired(system: System) -> None:
    broken = "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'"
    done = system.start(APT_BREAKS=broken)
    assert done.returncode == 0, done.stderr
    assert "dpkg --configure -a" in system.calls()


def refused(
    system: System, settings: Mapping[str, str], *, lacks: tuple[str, ...] = ()
) -> list[str]:
    for program in lacks:
        system.lacks(program)
    done = system.start(**settings)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    return lines[[line.startswith("smartrec:   why:") for line in lines].index(True) - 1 :]


def test_without_apt_it_says_so_and_names_the_list(system: System) -> None:
    what, why, command, *_ = refused(system, {"IMPORTABLE": "1"}, lacks=("apt-get", "dpkg-query"))
    assert "python3-gi" in what
    assert "not Debian or Ubuntu" in why
    assert "src/smartrec/packages.txt" in command


def test_without_sudo_it_names_the_packages_and_the_command_for_root(system: System) -> None:
    settings = {"IMPORTABLE": "1", "USER_ID": "1000"}
    what, why, command, *_ = refused(system, settings, lacks=("sudo",))
    assert "gstreamer1.0-plugins-good" in what
    assert "somebody may not install packages" in why
    assert "try: su -c 'apt-get install --no-install-recommends python3 " in command


def test_where_sudo_asks_and_nobody_can_answer_it_says_so(system: System) -> None:
    settings = {"IMPORTABLE": "1", "USER_ID": "1000", "SUDO_NEEDS_PASSWORD": "yes"}
    _, why, command, *_ = refused(system, settings)
    assert "wants a password" in why
    assert "try: sudo apt-get install" in command


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("E: Failed to fetch x  Temporary failure resolving 'mirror'", "network cannot be reached"),
        ("E: Unable to locate package gstreamer1.0-libav", "package sources do not have it"),
        ("E: You don't have enough free space in /var/cache/apt/", "no space is left"),
        ("E: Could not get lock /var/lib/dpkg/lock-frontend", "another program is installing"),
        ("E: Something that nobody foresaw\n", "E: Something that nobody foresaw"),
    ],
)
def test_a_failing_package_manager_is_explained(system: System, said: str, reason: str) -> None:
    what, why, command, log = refused(system, {"IMPORTABLE": "1", "APT_BREAKS": said})
    assert "system packages are missing: python3 " in what
    assert reason in why
    assert "apt-get install" in command
    assert said.strip() in Path(log.partition("log: ")[2]).read_text()


def test_missing_packages_that_recording_can_do_without_do_not_stop_it(system: System) -> None:
    done = system.start(APT_BREAKS="E: Unable to locate package gstreamer1.0-plugins-ugly")
    assert (done.returncode, done.stdout) == (0, "smartrec run\n")
    assert "going on without" in done.stderr


def test_packages_that_were_missing_are_tried_again_at_the_next_start(system: System) -> None:
    system.start(APT_BREAKS="E: Failed to fetch x  Could not resolve 'mirror'")
    assert "gstreamer1.0-libav" not in system.installed_file.read_text()
    system.start()
    assert "gstreamer1.0-libav" in system.installed_file.read_text()


@pytest.mark.parametrize("version", ["3.9", "3.14"])
def test_a_python_that_does_not_fit_is_refused_before_anything_is_installed(
    system: System, version: str
) -> None:
    what, why, *_ = refused(system, {"VERSION": version})
    assert f"is Python {version}" in what
    assert "3.10 to 3.13" in why
    assert system.calls() == []


def write_release(system: System, text: str) -> None:
    Path(system.settings["L4T_RELEASE"]).write_text(text)


@pytest.mark.parametrize("version", ["3.8", "3.10"])
@pytest.mark.parametrize("l4t", ["32", "35"])
def test_jetpack_5_is_refused_with_the_reason_before_anything_is_installed(
    system: System, l4t: str, version: str
) -> None:
    write_release(system, f"# R{l4t} (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref\n")
    what, why, command, *_ = refused(system, {"VERSION": version})
    assert f"JetPack 5 and older are not supported (this is L4T {l4t})" in what
    assert "Python 3.8, GStreamer 1.16 and DeepStream 6.3" in why
    assert "JetPack 6 or 7" in command
    assert system.calls() == []


@pytest.mark.parametrize("l4t", ["36", "38", "39"])
def test_jetpack_6_and_7_are_set_up_as_any_other_system(system: System, l4t: str) -> None:
    write_release(system, f"# R{l4t} (release), REVISION: 4.3, GCID: 38968081, BOARD: generic\n")
    done = system.start(VERSION="3.10" if l4t == "36" else "3.12")
    assert (done.returncode, done.stdout) == (0, "smartrec run\n"), done.stderr


def test_a_missing_venv_module_names_its_package(system: System) -> None:
    said = "The virtual environment was not created successfully because ensurepip is not available"
    what, _, command, *_ = refused(system, {"VENV_BREAKS": said})
    assert "python3-venv" in what
    assert "apt-get install --reinstall python3-venv" in command


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Collecting numpy==2.2.6\nOSError: [Errno 28] No space left on device", "no space"),
        ("Collecting numpy==2.2.6\nNewConnectionError('refused')", "network cannot be reached"),
        ("Collecting numpy==2.2.6\nTHESE PACKAGES DO NOT MATCH THE HASHES", "not the file"),
    ],
)
def test_a_failing_python_install_names_the_package_and_the_reason(
    system: System, said: str, reason: str
) -> None:
    what, why, command, *_ = refused(system, {"PIP_BREAKS": said})
    assert "numpy==2.2.6" in what
    assert reason in why
    assert "./run.sh --setup-only" in command


def test_two_set_ups_at_once_do_the_work_once(system: System) -> None:
    both = [
        subprocess.Popen(
            [system.checkout / "run.sh"],
            env=system.settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=system.checkout,
            text=True,
        )
        for _ in range(2)
    ]
    assert [run.communicate(timeout=30)[0] for run in both] == ["smartrec run\n"] * 2
    assert system.calls().count("venv") == 1


def test_a_log_that_cannot_lie_at_home_lies_elsewhere(system: System) -> None:
    Path(system.settings["HOME"]).write_text("a file where the home should be")
    *_, log = refused(system, {"PIP_BREAKS": "ERROR: nothing works"})
    path = Path(log.partition("log: ")[2])
    assert "nothing works" in path.read_text()
    path.unlink()


def test_the_shell_scripts_are_clean() -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed (see src/smartrec/packages.txt)")
    folders = (ROOT, ROOT / "tools", ROOT / "tests" / "usb" / "boot")
    scripts = [*(path for each in folders for path in each.glob("*.sh")), ROOT / ".ci" / "run"]
    done = subprocess.run(
        [shellcheck, "-x", *scripts], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_the_commands_can_be_started() -> None:
    for script in ("run.sh", "test.sh", "tools/fresh.sh", ".ci/run"):
        assert os.access(ROOT / script, os.X_OK), script
