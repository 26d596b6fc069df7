"""Settings files as people write them, each in another way: headers, dotted keys, inline tables."""

import copy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

COMMENTS = ("# why not", "#pre_roll = '1s'", "# [recording]", "#fps=3", "# 'x", '# """', "# ]")
TEXTS = ('"5s"', "'clips'", '"a # b"', "'''\n# [x]\ny = 1'''", '"""\\\n  z"""', '"\\u00e9 \\" é"')
LISTS = ("[1, 2]", "[]", "[\n  1, # one\n  # two\n  2,\n]", '["a", "[b]"]')
NUMBERS = ("1", "0x10", "1_000", "0.5", "1e3", "true", "false")
VALUES = st.sampled_from((*TEXTS, *LISTS, *NUMBERS))
TABLES = {
    "recording": ("pre_roll", "post_roll", "directory"),
    "detector": ("fps", "person_class_ids"),
    "trigger": ("frames",),
    "log": ("level",),
}
CAMERA = ("source", "fps", "rotate")
CONTROLS = ("focus", "exposure")
ZONE = ("polygon", "kind")


@dataclass
class Writer:
    """Lines of a file; remarks, blank lines and indents as they are drawn."""

    draw: Any
    lines: list[str] = field(default_factory=list)

    def pick(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def noise(self) -> None:
        for _ in range(self.pick(0, 0, 0, 1, 2)):
            self.lines.append(self.pick("", "", *COMMENTS, "  # indented"))

    def line(self, text: str, indent: str = "") -> None:
        behind = self.pick("", "", "", "  # behind", " ", "\t#'")
        self.lines.append(f"{indent}{text}{behind}")
        self.noise()

    def keys(self, names: tuple[str, ...], before: str = "", indent: str = "") -> None:
        for name in names:
            if self.pick(True, True, False):
                equals = self.pick(" = ", "=", "  =\t")
                self.line(f"{before}{name}{equals}{self.draw(VALUES)}", indent)

    def inline(self, names: tuple[str, ...], *more: str) -> str:
        values = [v for v in (*TEXTS[:3], *NUMBERS, "[1]") if "\n" not in v]
        parts = [f"{name} = {self.pick(*values)}" for name in names if self.pick(True, False)]
        gap = self.pick("", " ")
        return f"{{{gap}{', '.join([*parts, *more])}{gap}}}"

    def table(self, name: str, names: tuple[str, ...], *, headers: bool, indent: str = "") -> None:
        """In a way that may stand there: before the first header of its own level, or behind."""
        if headers:
            self.line(f"{indent}[{name}]")
            self.keys(names, "", indent)
        elif self.pick(True, False):
            self.keys(names, f"{name}.", indent)
        else:
            self.line(f"{name} = {self.inline(names)}", indent)

    def camera(self, number: int) -> None:
        indent = self.pick("", "", "  ")
        self.line(f"{indent}[[camera]]")
        if self.pick(True, False):
            self.line(f'id = "own{number}"', indent)
        self.keys(CAMERA, "", indent)
        early, late = self.pick((("controls",), ("retention",)), ((), ("controls",)), ((), ()))
        for name in early:
            self.table(name, CONTROLS, headers=False, indent=indent)
        zones = [f"z{n}" for n in range(self.pick(0, 0, 1, 2, 3))]
        inline = bool(zones) and self.pick(True, False, False)
        if inline:
            rows = [self.inline(ZONE, f"name = '{name}'") for name in zones]
            joined = self.pick(", ", ",\n  # between\n  ").join(rows)
            self.line(f"zone = [{joined}]", indent)
        for name in late:
            self.table(f"camera.{name}", CONTROLS, headers=True, indent=indent)
            if self.pick(True, False):
                self.line(f"{indent}[camera.{name}.extra]")
                self.keys(("gain", "iris"), "", indent)
        for name in () if inline else zones:
            self.line(f"{indent}[[camera.zone]]")
            self.line(f'name = "{name}"', indent)
            self.keys(ZONE, "", indent)


@st.composite
def files(draw: Any) -> str:
    """Valid TOML."""
    writer = Writer(draw)
    writer.noise()
    names = list(TABLES)
    before = [name for name in names if draw(st.booleans()) and draw(st.booleans())]
    for name in before:
        writer.table(name, TABLES[name], headers=False)
    inline = draw(st.integers(0, 5)) == 0
    if inline:
        rows = [writer.inline(CAMERA, f"zone = [{{name = 'z{n}'}}]") for n in range(2)]
        writer.line(f"camera = [{writer.pick(', ', chr(10) + '  , # next' + chr(10)).join(rows)}]")
    left = [name for name in names if name not in before and draw(st.booleans())]
    blocks: list[Any] = [*left, *([] if inline else range(draw(st.integers(0, 3))))]
    for block in copy.copy(blocks):
        if isinstance(block, int):
            writer.camera(block)
        else:
            writer.table(block, TABLES[block], headers=True)
    end = writer.pick("\n", "\n", "\n\n", "")
    text = "\n".join(writer.lines) + (end if writer.lines else "")
    return text.replace("\n", "\r\n") if writer.pick(True, False, False, False) else text
