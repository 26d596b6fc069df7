"""A child that has only begun gets no signal that is meant for the recorder."""

import os
import signal
import subprocess

from smartrec.app.children import STOPS, shielded


def test_a_child_is_shielded_from_its_first_moment_and_its_parent_only_meanwhile() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with shielded():
        child = subprocess.Popen(["sleep", "50"])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    for number in STOPS:
        os.kill(child.pid, number)
    child.kill()
    assert child.wait(50) == -signal.SIGKILL
