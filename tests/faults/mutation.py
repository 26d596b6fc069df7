"""What cables, drivers and editors do to bytes, at random."""

import random
from collections.abc import Callable

Mutation = Callable[[random.Random, bytearray], None]


def mutated(choice: random.Random, data: bytes, *, head: int) -> bytes:
    """A copy that something has happened to, once or up to four times; never empty.

    Args:
        choice: Where from.
        data: Not empty.
        head: In half of the cases it happens to the first so many bytes.
    """
    wrong = bytearray(data)
    for _ in range(choice.choice((1, 1, 2, 4))):
        if choice.random() < 0.5:
            front = wrong[:head]
            choice.choice(_MUTATIONS)(choice, front)
            wrong[:head] = front
        else:
            choice.choice(_MUTATIONS)(choice, wrong)
    return bytes(wrong) or b"\0"


def _span(choice: random.Random, data: bytearray) -> slice:
    begin = choice.randrange(len(data) + 1)
    return slice(begin, min(len(data), begin + choice.choice((1, 2, 4, 64, 2000))))


def _turn_over(choice: random.Random, data: bytearray) -> None:
    if data:
        data[choice.randrange(len(data))] ^= 1 << choice.randrange(8)


def _replace(choice: random.Random, data: bytearray) -> None:
    span = _span(choice, data)
    data[span] = choice.randbytes(span.stop - span.start)


def _cut_off(choice: random.Random, data: bytearray) -> None:
    del data[choice.randrange(len(data) + 1) :]


def _leave_out(choice: random.Random, data: bytearray) -> None:
    del data[_span(choice, data)]


def _double(choice: random.Random, data: bytearray) -> None:
    span = _span(choice, data)
    data[span] = 2 * data[span]


def _blank(choice: random.Random, data: bytearray) -> None:
    span = _span(choice, data)
    data[span] = choice.choice((b"\0", b"\xff")) * (span.stop - span.start)


def _mark(choice: random.Random, data: bytearray) -> None:
    """A marker of a JPEG, or a delimiter of text, where none belongs."""
    at = choice.randrange(len(data) + 1)
    data[at:at] = choice.choice((bytes((0xFF, choice.randrange(256))), b'"', b"\n", b"[", b"="))


_MUTATIONS: tuple[Mutation, ...] = (
    *(_turn_over, _turn_over, _replace, _cut_off),
    *(_leave_out, _double, _blank, _mark),
)
