"""Which classes of a model are persons."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from smartrec.detection.tensors import Family
from smartrec.errors import ModelUnusable
from smartrec.terminal import printable

PERSON: Final = ("person", "persons", "pedestrian", "people", "human")
"""What models call a person, in order of preference."""
FLOOR: Final = 0.1
"""Lowest score that is told: tracks below the threshold are kept as well."""
MIN_CONFIDENCE: Final = 0.5
"""From which a person counts, where neither settings nor model say it."""
MIN_CONFIDENCE_PGIE: Final = 0.35
"""The same of a model that a DeepStream configuration describes."""
_MOST_SHOWN: Final = 40
_NOT_A_CLASS: Final = ("background", "__background__", "???")


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of classes and where they come from.

    Attributes:
        names: By class.
        source: For people.
    """

    names: Mapping[int, str]
    source: str


def labels_of_metadata(metadata: Mapping[str, str]) -> Labels | None:
    """What Ultralytics' exports say: a dictionary or a list, written as Python does."""
    try:
        names = ast.literal_eval(metadata.get("names", ""))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(names, list | tuple):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        return None
    found = {key: str(name) for key, name in names.items() if isinstance(key, int) and key >= 0}
    return Labels(found, "the model itself") if found else None


def labels_of_lines(lines: Sequence[str], family: Family) -> Labels:
    """What a file of labels says.

    Raises:
        ModelUnusable: It names more or fewer classes than the model has.
    """
    first = 0 if lines[0].lower() in _NOT_A_CLASS else family.first_label
    if family.classes is not None and len(lines) != family.classes - first:
        raise ModelUnusable(
            f"the labels name {len(lines)} classes, but the model has {family.classes - first}",
            hint="Name the labels that belong to this model, or leave detector.labels out",
        )
    return Labels(dict(enumerate(lines, start=first)), "the labels")


def person_classes(
    family: Family, labels: Labels | None, asked: tuple[int, ...] | None
) -> tuple[tuple[int, ...], str]:
    """The classes that count as persons, and a note for people (empty where all is known).

    Args:
        family: Of the model.
        labels: Names, if there are any.
        asked: From the settings; they count before all else.

    Raises:
        ModelUnusable: The model has no such class, or its labels name no person.
    """
    if asked is not None:
        _check(family, asked)
        return asked, ""
    if labels is None:
        note = "" if family.person_known else _guess(family)
        return (family.person,), note
    for word in PERSON:
        found = tuple(at for at, name in labels.names.items() if name.strip().lower() == word)
        if found:
            _check(family, found)
            return found, ""
    some = ", ".join(printable(name[:_MOST_SHOWN]) for name in list(labels.names.values())[:5])
    return (family.person,), (
        f'no class is called "person" by {labels.source} ({some}, …): class {family.person} '
        "counts as a person; detector.person_class_ids names others"
    )


def _guess(family: Family) -> str:
    return (
        f"the model does not name its classes: class {family.person} counts as a person; "
        "detector.person_class_ids or detector.labels say otherwise"
    )


def _check(family: Family, persons: tuple[int, ...]) -> None:
    if family.classes is None:
        return
    wrong = [each for each in persons if each >= family.classes]
    if wrong:
        raise ModelUnusable(
            f"class {wrong[0]} is to count as a person, but the model has "
            f"{family.classes} classes, 0 to {family.classes - 1}",
            hint="Correct detector.person_class_ids",
        )
