"""What a change of the settings touches in a running recorder. Pure.

Every setting says for itself what a change of it does (`smartrec.config.table`); cameras are
compared by id, so that one whose id changed is another camera.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar, get_args

from pydantic import BaseModel

from smartrec.config.cameras import Camera
from smartrec.config.schema import Config
from smartrec.config.suggest import Place, dotted
from smartrec.config.table import NEEDS_NEW_START, RESTARTS_CAPTURE

_Model = TypeVar("_Model", bound=BaseModel)

CAPTURE: Final = str(RESTARTS_CAPTURE["x-change"])
NEW_START: Final = str(NEEDS_NEW_START["x-change"])


@dataclass(frozen=True, slots=True)
class Changed:
    """One setting that is another now; a camera that came or went is one as well.

    Attributes:
        place: In the new settings; of what went, in the old ones.
        change: What that does to a running recorder: an ``x-change`` of the settings' schema.
        before: As people write it, without passwords; None where there was nothing.
        after: The same; None where there is nothing any more.
    """

    place: Place
    change: str
    before: object
    after: object

    @property
    def key(self) -> str:
        """The place as people write it."""
        return dotted(self.place)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One setting: what a change of it does, its value, and that as people write it."""

    change: str
    value: object
    shown: object


def changed(old: Config, new: Config) -> tuple[Changed, ...]:
    """All that differs, in the order of the settings; the order of the cameras does not count."""
    found = list(_between(_tables(old), _tables(new)))
    places = {camera.id: ("camera", number) for number, camera in enumerate(new.camera)}
    before = {camera.id: camera for camera in old.camera}
    for camera in new.camera:
        place, known = places[camera.id], before.get(camera.id)
        if known is None:
            found.append(Changed(place, CAPTURE, None, camera.model_dump(mode="json")))
        else:
            leaves = dict(_leaves(known, place)), dict(_leaves(camera, place))
            found += _between(*leaves)
    found += (
        Changed(("camera", number), CAPTURE, camera.model_dump(mode="json"), None)
        for number, camera in enumerate(old.camera)
        if camera.id not in places
    )
    return tuple(found)


def in_force(running: Config, wanted: Config) -> Config:
    """What a running recorder can take of new settings: all but what needs a new start."""
    tables = {
        name: _kept(table, getattr(wanted, name))
        for name, table in running
        if isinstance(table, BaseModel)
    }
    return wanted.model_copy(update=tables)


def pending(running: Config, wanted: Config) -> tuple[str, ...]:
    """The keys of what a running recorder cannot take before it is started anew."""
    return tuple(each.key for each in changed(running, wanted) if each.change == NEW_START)


def restarted(old: Config, new: Config) -> frozenset[str]:
    """Ids of the cameras that are in both, and whose capture must start anew."""
    before = {camera.id: camera for camera in old.camera}
    both = ((before[camera.id], camera) for camera in new.camera if camera.id in before)
    return frozenset(camera.id for known, camera in both if _captured(known) != _captured(camera))


def _captured(camera: Camera) -> dict[Place, object]:
    """What a capture is made by."""
    leaves = _leaves(camera, ())
    return {place: leaf.value for place, leaf in leaves if leaf.change == CAPTURE}


def _kept(running: BaseModel, wanted: _Model) -> _Model:
    lasting = (name for name in type(running).model_fields if _change(running, name) == NEW_START)
    return wanted.model_copy(update={name: getattr(running, name) for name in lasting})


def _tables(config: Config) -> dict[Place, _Leaf]:
    tables = ((name, table) for name, table in config if isinstance(table, BaseModel))
    return {place: leaf for name, table in tables for place, leaf in _leaves(table, (name,))}


def _between(old: Mapping[Place, _Leaf], new: Mapping[Place, _Leaf]) -> Iterator[Changed]:
    """What differs: first by the order of the new ones, then what is not there any more."""
    for place in dict.fromkeys((*new, *old)):
        before, after = old.get(place), new.get(place)
        leaf = after or before
        assert leaf is not None
        if before is None or after is None or before.value != after.value:
            shown = (None if each is None else each.shown for each in (before, after))
            yield Changed(place, leaf.change, *shown)


def _leaves(table: BaseModel, place: Place) -> Iterator[tuple[Place, _Leaf]]:
    """Each setting of a table and of those within it."""
    written = table.model_dump(mode="json")
    for name, value in table:
        here = (*place, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, here)
        elif _lists_tables(table, name):
            for number, each in enumerate(value):
                yield from _leaves(each, (*here, number))
        elif isinstance(value, dict):
            for key, each in value.items():
                yield (*here, key), _Leaf(_change(table, name), each, written[name][key])
        else:
            yield here, _Leaf(_change(table, name), value, written[name])


def _lists_tables(table: BaseModel, name: str) -> bool:
    kind = next(iter(get_args(type(table).model_fields[name].annotation)), None)
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _change(table: BaseModel, name: str) -> str:
    extra = type(table).model_fields[name].json_schema_extra
    assert isinstance(extra, dict), f"{name} says nothing of what a change of it does"
    return str(extra["x-change"])
