"""Text from outside, such as a camera's name: no terminal obeys it, and it stays on its line."""


def printable(text: str) -> str:
    r"""The text with escapes such as ``\x1b`` for what cannot be printed."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def one_line(text: str) -> str:
    """The text with blanks for what cannot be printed: words of a library, in several lines."""
    return "".join(each if each.isprintable() else " " for each in text)
