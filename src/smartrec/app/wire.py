r"""What is said over the control socket, and where it lies; also the asking side.

One JSON object a line, in UTF-8, at most 300 kB::

    {"v": 1, "command": {"id": "0193…", "action": "start"}}   ->  {"v": 1, "answers": [{…}, …]}
    {"v": 1, "status": true}                                  ->  {"v": 1, "status": {…}}
    {"v": 1, "settings": {"do": "read"}}                      ->  {"v": 1, "settings": {…}}
    {"v": 1, "log": {"since": 0}}                             ->  {"v": 1, "log": {…}}
    anything else                     ->  {"v": 1, "error": {"message": "…", "hint": "…"}}

`smartrec.app.settings_question` says what can be asked about settings.

`smartrec trigger` starts in a blink only because nothing large is imported here.
"""

import hashlib
import json
import os
import socket
import stat
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, cast

from smartrec.app.fields import Fields, read
from smartrec.app.settings_question import Question, error_of, failed, question, refusal
from smartrec.errors import ControlError, SmartrecError, UsageError
from smartrec.model import Action, Answer, Command, Verdict
from smartrec.units import Ns

VERSION: Final = 1
LINE_MAX: Final = 300_000
"""Bytes: all zones that a camera may have, of as many corners as they may, with five digits."""
REPLY_MAX: Final = 4_000_000
_PATH_MAX: Final = 107  # sockaddr_un.sun_path less its final zero
_UNDERSTOOD: Final = '"command", "settings", "log" or "status": true'


@dataclass(frozen=True, slots=True)
class Since:
    """A question: which lines of the log came after the `n`-th?"""

    n: int


Asked = Command | Question | Since | None
"""A command, a question about settings or the log, or None for the status."""


def socket_path(clip_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the recorder that keeps its clips in `clip_dir` listens; nothing is made.

    Raises:
        ControlError: ``XDG_RUNTIME_DIR`` is so long that no socket can lie below it.
    """
    return next(_candidates(clip_dir, environ))


def find_socket(clip_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The place where somebody listens, else `socket_path`.

    A recorder that a service manager started may not know the ``XDG_RUNTIME_DIR`` of a login.

    Raises:
        ControlError: As `socket_path`.
    """
    places = list(_candidates(clip_dir, environ))
    return next((place for place in places if listens(place)), places[0])


def listens(path: Path) -> bool:
    """Whether somebody listens at `path` whom this user may reach."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except BlockingIOError:  # so many others want to be heard just now
            return True
        except OSError:
            return False
    return True


def _candidates(clip_dir: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    real = os.fsencode(os.path.realpath(clip_dir))
    name = f"{hashlib.sha256(real).hexdigest()[:16]}.sock"
    uid = os.geteuid()
    if (runtime := Path(environ.get("XDG_RUNTIME_DIR", ""))).is_absolute():
        path = runtime / "smartrec" / name
        if len(os.fsencode(path)) > _PATH_MAX:
            raise ControlError(
                f"XDG_RUNTIME_DIR is too long for a socket below it: {runtime}",
                hint="Run: unset XDG_RUNTIME_DIR",
            )
        yield path
    if (login := Path(f"/run/user/{uid}")).is_dir():
        yield login / "smartrec" / name
    yield Path(f"/tmp/smartrec-{uid}") / name  # noqa: S108, RUF100 - 0700 and ours, else refused


def check_private(directory: Path) -> None:
    """Refuse a directory in which somebody else could have put a socket.

    Raises:
        ControlError: It is no directory, not this user's, or open to others.
    """
    try:
        found = directory.lstat()
    except OSError as error:
        raise ControlError(f"{directory} cannot be looked at: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise ControlError(f"{directory} is no directory", hint=f"Move it away: {directory}")
    if found.st_uid != os.geteuid():
        raise ControlError(
            f"{directory} belongs to user {found.st_uid}, not to you (user {os.geteuid()})",
            hint="Run: unset XDG_RUNTIME_DIR",
        )
    if found.st_mode & 0o077:
        raise ControlError(f"{directory} is open to others", hint=f"Run: chmod 700 '{directory}'")


def request_line(asked: Asked) -> bytes:
    """A request."""
    if asked is None:
        return _line({"v": VERSION, "status": True})
    if isinstance(asked, Question):
        return _line({"v": VERSION, "settings": asked.as_json()})
    if isinstance(asked, Since):
        return _line({"v": VERSION, "log": {"since": asked.n}})
    return _line({"v": VERSION, "command": asdict(asked)})


def answers_line(answers: tuple[Answer, ...]) -> bytes:
    """The reply to a command."""
    return _line({"v": VERSION, "answers": [asdict(answer) for answer in answers]})


def status_line(status: Mapping[str, object]) -> bytes:
    """The reply to a request for the status."""
    return _line({"v": VERSION, "status": dict(status)})


def settings_line(told: Mapping[str, object]) -> bytes:
    """The reply to a question about settings."""
    return _line({"v": VERSION, "settings": dict(told)})


def log_line(told: Mapping[str, object]) -> bytes:
    """The reply to a question about the log."""
    return _line({"v": VERSION, "log": dict(told)})


def refusal_line(error: SmartrecError) -> bytes:
    """The reply to a question about settings that is refused."""
    return _line({"v": VERSION, "error": refusal(error)})


def error_line(message: str, hint: str | None = None) -> bytes:
    """The reply to a request that cannot be answered."""
    return _line({"v": VERSION, "error": {"message": message, "hint": hint}})


def _line(value: dict[str, object]) -> bytes:
    # In JSON's own escapes most letters but those of English were six bytes each.
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def read_request(line: bytes) -> Asked:
    """What a client wants.

    Raises:
        UsageError: It is no request of this version; the message names every mistake.
    """
    message = _object(line)
    if set(message) == {"v", "status"} and message["status"] is True:
        return None
    if set(message) == {"v", "settings"}:
        return question(message["settings"])
    if set(message) == {"v", "log"}:
        return read(message["log"], "log", _since)
    if set(message) != {"v", "command"}:
        raise UsageError(
            f'a request has "v" and one of {_UNDERSTOOD}',
            hint='Send: {"v": 1, "command": {"id": "…", "action": "start"}}',
        )
    return read(message["command"], "command", _command)


def _object(line: bytes) -> dict[str, object]:
    """A JSON object of our version, whatever the bytes are."""
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"it is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError("it is no JSON object")
    if value.get("v") != VERSION or value["v"] is True:
        raise UsageError(
            f"it has not the protocol version {VERSION}",
            hint="Client and recorder must be of the same smartrec version.",
        )
    return cast("dict[str, object]", value)


def _command(fields: Fields) -> Command:
    pts = fields.whole("pts")
    return Command(
        id=fields.text("id"),
        camera=fields.text_or_none("camera"),
        action=fields.word("action", Action),
        reason=fields.text("reason", default="cli"),
        pts=None if pts is None else Ns(pts),
        start=fields.whole("start"),
        end=fields.whole("end"),
        expires=fields.whole("expires"),
        reply_to=fields.text_or_none("reply_to"),
    )


def _since(fields: Fields) -> Since:
    n = fields.whole("since")
    if n is None:
        fields.mistakes.append("since is missing")
    return Since(n or 0)


def _answer(fields: Fields) -> Answer:
    return Answer(
        id=fields.text("id"),
        camera=fields.text("camera"),
        verdict=fields.word("verdict", Verdict),
        reason=fields.text("reason", default=""),
        clip_id=fields.text_or_none("clip_id"),
        pre_roll_s=fields.number("pre_roll_s"),
        until=fields.text_or_none("until"),
    )


def ask(
    path: Path, command: Command, timeout: float = 10.0, *, clip_dir: Path | None = None
) -> tuple[Answer, ...]:
    """Send a command to the recorder that listens at `path` and wait for its answers.

    Args:
        path: See `find_socket`.
        command: It may be sent again with the same id: it is then obeyed once.
        timeout: Seconds for all of it.
        clip_dir: Named in the error when nobody listens.

    Raises:
        ControlError: Nobody answers, or not with answers.
    """
    reply = _exchange(path, request_line(command), timeout, clip_dir)
    answers = reply.get("answers")
    if not isinstance(answers, list):
        raise ControlError(f"the recorder's reply has no answers: {str(reply)[:200]}")
    try:
        return tuple(read(each, "answer", _answer) for each in answers)
    except UsageError as error:
        raise ControlError(f"the recorder's reply makes no sense: {error}") from error


def ask_status(
    path: Path, timeout: float = 10.0, *, clip_dir: Path | None = None
) -> dict[str, object]:
    """What the recorder that listens at `path` says of itself.

    Raises:
        ControlError: Nobody answers, or not with a status.
    """
    status = _exchange(path, request_line(None), timeout, clip_dir).get("status")
    if not isinstance(status, dict):
        raise ControlError("the recorder's reply has no status")
    return cast("dict[str, object]", status)


def ask_log(
    path: Path, since: int, timeout: float = 10.0, *, clip_dir: Path | None = None
) -> dict[str, object]:
    """What the recorder that listens at `path` said after its `since`-th line; see `Logbook`.

    Raises:
        ControlError: Nobody answers, or not with a log.
    """
    told = _exchange(path, request_line(Since(since)), timeout, clip_dir).get("log")
    if not isinstance(told, dict):
        raise ControlError("the recorder's reply has no log")
    return cast("dict[str, object]", told)


def ask_settings(
    path: Path, asked: Question, timeout: float = 60.0, *, clip_dir: Path | None = None
) -> dict[str, object]:
    """What the recorder that listens at `path` answers to a question about its settings.

    Raises:
        ConfigChanged: The file is not the one that the changes were made for.
        ConfigError: The settings would be wrong, or the file cannot be read or written.
        FileOnly: Some of them can be changed in the file alone.
        UsageError: It is no question.
        ControlError: Nobody answers, or not with settings; or what was saved is not in force.
    """
    line = request_line(asked)
    if len(line) > LINE_MAX:
        raise UsageError(
            f"these changes are {len(line)} bytes: a recorder takes {LINE_MAX} at once",
            hint="Save one camera after the other; corners with four digits are exact enough.",
        )
    told = _exchange(path, line, timeout, clip_dir, error_of).get("settings")
    if not isinstance(told, dict):
        raise ControlError("the recorder's reply has no settings")
    return cast("dict[str, object]", told)


def _exchange(
    path: Path,
    request: bytes,
    timeout: float,
    clip_dir: Path | None,
    refused: Callable[[Mapping[str, object]], SmartrecError] = failed,
) -> dict[str, object]:
    with _reaching(path, clip_dir), socket.socket(socket.AF_UNIX) as talk:
        ends = time.monotonic() + timeout
        _connect(talk, path, timeout)
        _check_peer(talk, path)
        talk.sendall(request)
        line = b"".join(_received(talk, ends))
    try:
        reply = _object(line)
    except UsageError as error:
        raise ControlError(f"the recorder's reply makes no sense: {error}") from error
    if isinstance(told := reply.get("error"), dict):
        raise refused(told)
    return reply


def _connect(talk: socket.socket, path: Path, timeout: float) -> None:
    """Wait for our turn; with Python's own time limit, a full queue would be an error at once."""
    whole, rest = divmod(round(max(timeout, 0.001) * 1e6), 1_000_000)
    talk.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", whole, rest))
    talk.connect(os.fspath(path))
    talk.settimeout(timeout)


def _received(talk: socket.socket, ends: float) -> Iterable[bytes]:
    size = 0
    while size < REPLY_MAX:
        if (left := ends - time.monotonic()) <= 0:
            raise TimeoutError
        talk.settimeout(left)
        chunk = talk.recv(65_536)
        yield chunk
        size += len(chunk)
        if not chunk or chunk.endswith(b"\n"):
            return


def _check_peer(talk: socket.socket, path: Path) -> None:
    """Under /tmp anybody could listen in our name."""
    peer = talk.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    if (uid := struct.unpack("3i", peer)[1]) not in (0, os.geteuid()):
        raise ControlError(f"user {uid} listens at {path}, and is not you")


@contextmanager
def _reaching(path: Path, clip_dir: Path | None) -> Iterator[None]:
    """The network's errors in our words."""
    where = clip_dir or "that directory"
    try:
        yield
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError) as error:
        raise ControlError(
            f"no recorder is running for clips in {where}",
            hint=f"Start one: smartrec run --clips {clip_dir or 'DIR'}",
        ) from error
    except PermissionError as error:
        raise ControlError(f"the recorder at {path} belongs to another user") from error
    except (TimeoutError, BlockingIOError) as error:
        raise ControlError(
            f"the recorder for clips in {where} does not answer",
            hint="Try again: a command that is repeated with the same --id is obeyed once.",
        ) from error
    except OSError as error:
        raise ControlError(f"the recorder at {path} went away: {error.strerror}") from error
