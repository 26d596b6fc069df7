"""One thing that can go wrong; the modules beside this one are tables of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that can go wrong.

    Attributes:
        symptom: What a person sees, in one line.
        why: The cause, in one sentence.
        mend: A command, or where none can help, what to do.
        heard: What this and other programs print of it, as regular expressions; case does not
            count, and a blank stands for any run of blanks.
    """

    symptom: str
    why: str
    mend: str
    heard: tuple[str, ...] = ()
