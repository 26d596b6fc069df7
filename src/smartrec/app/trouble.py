"""One thing that can go wrong; the tables of them are `troubles` and `deepstream_troubles`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that can go wrong.

    Attributes:
        symptom: What a person sees, in one line.
        why: The cause, in one sentence.
        mend: A command, or where none can help, what to do.
    """

    symptom: str
    why: str
    mend: str
