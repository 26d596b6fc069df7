"""The control socket's listening side; see `smartrec.app.wire` for what is said and where.

It has a thread of its own. Clients may be slow, silent or hostile: each costs a little memory for
a bounded time, never the station a moment, and one with a real request always gets through.
"""

import asyncio
import logging
import os
import socket
import stat
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from smartrec.app.settings_question import Question
from smartrec.app.wire import (
    LINE_MAX,
    Since,
    answers_line,
    ask,
    ask_settings,
    ask_status,
    check_private,
    error_line,
    find_socket,
    listens,
    log_line,
    read_request,
    refusal_line,
    settings_line,
    socket_path,
    status_line,
)
from smartrec.errors import ControlError, SmartrecError, UsageError
from smartrec.model import Answer, Command

__all__ = ["ControlServer", "ask", "ask_settings", "ask_status", "find_socket", "socket_path"]

CLIENTS: Final = 32
_WAITING: Final = 128  # connections that the kernel holds until we look
_AGAIN_S: Final = 0.05
_STOPPING: Final = error_line("the recorder is stopping")
_BUSY: Final = error_line(
    "the recorder is too busy to answer", "Try again; smartrec doctor says why."
)
_MOST_SETTLING: Final = 16

log = logging.getLogger(__name__)


def no_settings(_: Question) -> Mapping[str, object]:
    """Of a recorder whose settings nobody can change.

    Raises:
        ControlError: Always.
    """
    raise ControlError("this recorder has no settings to be asked about")


def no_log(_: int) -> Mapping[str, object]:
    """Of a recorder that keeps nothing of what it says.

    Raises:
        ControlError: Always.
    """
    raise ControlError("this recorder keeps no log")


class ControlServer(threading.Thread):
    """Listens from construction on, answers from `start` until `close`.

    Args:
        path: Of the socket, see `socket_path`. Its directory is made (0700); a socket that a
            killed recorder left is replaced. So the clip directory must be locked by now.
        submit: Hands a command to the station; called on this thread, must not wait. Whoever
            completes the future should call ``set_running_or_notify_cancel`` first: a client
            that was told "no answer" has its command cancelled.
        status: What the recorder says of itself, JSON values only; called on this thread.
        settings: Answers questions about settings, JSON values only; called on a thread for that,
            where it may wait, one question after the other.
        silence_s: A client that sends no whole line for so long is let go.
        patience_s: A command that has no answer after so long is given up.

    Attributes:
        log: What was said after the n-th line, JSON values only; called on this thread.

    Raises:
        ControlError: Nobody can listen there, or the directory is not ours alone.
    """

    def __init__(
        self,
        path: Path,
        submit: Callable[[Command], "Future[tuple[Answer, ...]]"],
        status: Callable[[], Mapping[str, object]] = dict,
        settings: Callable[[Question], Mapping[str, object]] = no_settings,
        *,
        silence_s: float = 30.0,
        patience_s: float = 8.0,
    ) -> None:
        super().__init__(name="control", daemon=True)
        self._path = path
        self._submit = submit
        self._status = status
        self._settings = settings
        self.log: Callable[[int], Mapping[str, object]] = no_log
        self._settling = 0
        self._settler = ThreadPoolExecutor(1, thread_name_prefix="settings")
        self._silence_s = silence_s
        self._patience_s = patience_s
        self._socket, self._inode = _listen(path)
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._talks: set[asyncio.Task[None]] = set()  # those of them that are served
        self._silent: dict[asyncio.Task[None], None] = {}  # in order: longest silence first

    def run(self) -> None:
        """Serve until closed; called by `start`."""
        asyncio.run(self._serve())

    def close(self) -> None:
        """Stop listening, drop all clients and remove the socket. Any other thread, any time."""
        if self.is_alive():
            self._up.wait()
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._ended.set)
            self.join()
        self._settler.shutdown(wait=False, cancel_futures=True)
        self._socket.close()
        if _inode(self._path) == self._inode:
            self._path.unlink(missing_ok=True)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        server = await asyncio.start_unix_server(self._welcome, sock=self._socket, limit=LINE_MAX)
        self._up.set()
        await self._ended.wait()
        # No more are accepted. Those that are just being so would never be closed if the server
        # was closed now.
        self._loop.remove_reader(self._socket)
        # Again and again: wait_for (before Python 3.12) forgets a cancellation that comes as what
        # it waits for is done, and a client that asks on and on gives it cause to.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks & self._tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_AGAIN_S)
        server.close()

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin with a client, however early its task may be cancelled."""
        task = asyncio.get_running_loop().create_task(self._accept(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        if len(self._talks) >= CLIENTS:
            if not self._silent:
                await self._send(writer, error_line("the recorder has too many clients"))
                return
            longest = next(iter(self._silent))
            del self._silent[longest]
            longest.cancel()
        self._talks.add(talk)
        writer.transport.set_write_buffer_limits(0)  # drained means: all is with the kernel
        try:
            await self._talk(talk, reader, writer)
        finally:
            self._talks.discard(talk)
            self._silent.pop(talk, None)

    async def _talk(
        self, talk: "asyncio.Task[None]", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Line by line; nothing more is read from a client before it has its answer."""
        while True:
            self._silent[talk] = None
            try:
                line = await asyncio.wait_for(reader.readline(), self._silence_s)
            except ValueError:  # asyncio's word for a line beyond the limit
                await self._send(writer, error_line(f"a request has at most {LINE_MAX} bytes"))
                return
            except (OSError, asyncio.TimeoutError):
                return
            self._silent.pop(talk, None)
            if not line or not await self._send(writer, await self._reply(line)):
                return

    async def _send(self, writer: asyncio.StreamWriter, line: bytes) -> bool:
        """Whether the client took it."""
        try:
            writer.write(line)
            await asyncio.wait_for(writer.drain(), self._silence_s)
        except (OSError, asyncio.TimeoutError):
            return False
        return True

    async def _reply(self, line: bytes) -> bytes:
        try:
            asked = read_request(line)
            if asked is None:
                return status_line(self._status())
            if isinstance(asked, Question):
                return await self._settled(asked)
            if isinstance(asked, Since):
                return log_line(self.log(asked.n))
            return await self._obeyed(asked)
        except UsageError as error:
            why = f"the request was not understood: {error}"
            return refusal_line(UsageError(why, hint=error.hint))
        except SmartrecError as error:
            return error_line(str(error), error.hint)

    async def _obeyed(self, command: Command) -> bytes:
        asked = self._submit(command)
        future = asyncio.wrap_future(asked)
        await asyncio.wait({future}, timeout=self._patience_s)
        if not future.done():
            asked.cancel()
            return _BUSY
        if future.cancelled():
            return _STOPPING
        error = future.exception()
        if error is None:
            return answers_line(future.result())
        if isinstance(error, SmartrecError):
            raise error
        log.error("command %s failed", command.id, exc_info=error)
        return _failed(error)

    async def _settled(self, question: Question) -> bytes:
        """The answer to a question about settings, which may have to wait for others, and a disk.

        What is begun is done, whoever asked may be gone.
        """
        if self._settling >= _MOST_SETTLING:
            return _BUSY
        self._settling += 1
        asked = asyncio.get_running_loop().run_in_executor(self._settler, self._settings, question)
        try:
            await asyncio.wait({asked})
        finally:
            self._settling -= 1
        if asked.cancelled():
            return _STOPPING
        error = asked.exception()
        if error is None:
            return settings_line(asked.result())
        if isinstance(error, SmartrecError):
            return refusal_line(error)
        log.error("settings: %s failed", question.do.value, exc_info=error)
        return _failed(error)


def _failed(error: BaseException) -> bytes:
    return error_line(f"the recorder failed: {error!r}", "This is a bug; its log says more.")


def _listen(path: Path) -> tuple[socket.socket, int | None]:
    """A listening socket, 0600, and the inode by which we know it again."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_private(path.parent)
        _remove_stale(path)
        listening = socket.socket(socket.AF_UNIX)
        try:
            listening.bind(os.fspath(path))
            path.chmod(0o600)  # until here the directory's 0700 keeps others out
            listening.listen(_WAITING)
            listening.setblocking(False)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise ControlError(
            f"nobody can listen at {path}: {error.strerror or error}",
            hint="Run: unset XDG_RUNTIME_DIR",
        ) from error
    return listening, _inode(path)


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ControlError(f"{path} is in the way and no socket", hint=f"Run: rm -r '{path}'")
    if listens(path):
        raise ControlError(f"another recorder already answers at {path}")
    path.unlink()


def _inode(path: Path) -> int | None:
    try:
        return path.lstat().st_ino
    except OSError:
        return None
