"""The one list of system packages is readable, and dpkg is asked about it rightly."""

import shutil

import pytest

from smartrec.app.doctor.packages import Package, missing, packages


def test_the_list_names_what_a_recording_needs() -> None:
    needed = {package.name for package in packages() if package.when == "run"}
    assert {"python3-gi", "gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good"} <= needed
    assert all(package.why for package in packages())


def test_comments_and_empty_lines_are_no_packages() -> None:
    text = "# a | run | b\n\n  python3 | run | why | with a bar\n"
    assert packages(text) == (Package("python3", "run", "why | with a bar"),)


@pytest.mark.parametrize("line", ["python3", "python3 | sometimes | why", " | run | why"])
def test_a_line_of_another_form_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="is not: PACKAGE"):
        packages(line)


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="this system has no dpkg")
def test_a_package_that_nobody_made_is_missing_and_dpkg_itself_is_not() -> None:
    assert missing(["dpkg", "smartrec-never-packaged"]) == ["smartrec-never-packaged"]
    assert missing([]) == []
