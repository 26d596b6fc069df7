"""Commands about who may see and do what, run in the test's own process on a state of its own."""

import click
from click.testing import CliRunner, Result

from smartrec.cli.main import cli
from smartrec.errors import SmartrecError

PASSWORD = "correct horse"


def ask(*args: object, answer: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(arg) for arg in args], input=answer)


def said(*args: object, answer: str | None = None) -> str:
    """What it printed for programs."""
    result = ask(*args, answer=answer)
    assert result.exception is None, result.exception
    return result.stdout


def refused(*args: object, answer: str | None = None) -> SmartrecError:
    error = ask(*args, answer=answer).exception
    assert isinstance(error, SmartrecError), error
    return error


def misused(*args: object) -> str:
    """What click says of it."""
    result = ask(*args)
    assert result.exit_code == click.UsageError.exit_code
    return result.output


def add_user(name: str, *args: str, password: str = PASSWORD) -> str:
    return said("user", "add", name, "--password-stdin", *args, answer=f"{password}\n")
