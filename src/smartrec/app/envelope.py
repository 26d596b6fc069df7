"""Events as they leave the process: CloudEvents 1.0 as JSON, and the schema of those."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from functools import cache
from typing import Final

from smartrec.app.events import FACTS, STATES, Event, Fact
from smartrec.clock import Instant
from smartrec.units import SECOND

SOURCE: Final = "/stations/"


@dataclass(frozen=True, slots=True)
class Published:
    """An event as it went out.

    Attributes:
        id: UUIDv7.
        seq: Counts the facts since the recorder started, from 1, so that a gap shows a loss; a
            state has the number of the fact before it.
        at: When it was published.
        event: What happened, or how it stands.
    """

    id: str
    seq: int
    at: Instant
    event: Event


def envelope(published: Published, station_id: str) -> dict[str, object]:
    """CloudEvents 1.0, JSON form; `data` is the event's fields and ``at``, the moment."""
    event = published.event
    made: dict[str, object] = {
        "specversion": "1.0",
        "id": published.id,
        "source": f"{SOURCE}{station_id}",
        "type": event.type,
        "time": rfc3339(published.at.wall_ns),
        "datacontenttype": "application/json",
        "smartrecseq": published.seq,
        "data": {**asdict(event), "at": asdict(published.at)},
    }
    if event.subject:
        made["subject"] = event.subject
    return made


def rfc3339(wall_ns: int) -> str:
    """UTC to the nanosecond, such as ``2026-11-22T14:15:00.123456789Z``."""
    whole, rest = divmod(wall_ns, SECOND)
    moment = datetime.fromtimestamp(whole, tz=timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


@cache
def schema() -> Mapping[str, object]:
    """JSON Schema (2020-12) of everything that `envelope` returns."""
    from pydantic import TypeAdapter  # late: costs 200 ms, and only reference pages want it

    events: tuple[type[Event], ...] = (*FACTS, *STATES)
    kinds: tuple[type[object], ...] = (*events, Instant)
    _, made = TypeAdapter.json_schemas(
        [(kind.__name__, "serialization", TypeAdapter(kind)) for kind in kinds]
    )
    definitions: dict[str, dict[str, object]] = made["$defs"]
    for kind in events:
        definitions[kind.__name__]["description"] = kind.__doc__ or ""
        definitions[kind.__name__]["required"] = [each.name for each in fields(kind)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "smartrec events",
        "description": "CloudEvents 1.0 envelopes of what a recorder tells.",
        "oneOf": [_envelope_schema(kind) for kind in events],
        "$defs": dict(sorted(definitions.items())),
    }


def _envelope_schema(kind: type[Event]) -> dict[str, object]:
    text = {"type": "string"}
    return {
        "title": kind.type,
        "description": "durable fact" if issubclass(kind, Fact) else "lossy state",
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "format": "uuid"},
            "source": {**text, "pattern": f"^{SOURCE}"},
            "type": {"const": kind.type},
            "subject": text,
            "time": {**text, "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "smartrecseq": {"type": "integer", "minimum": 0},
            "data": {
                "allOf": [
                    {"$ref": f"#/$defs/{kind.__name__}"},
                    {"properties": {"at": {"$ref": "#/$defs/Instant"}}, "required": ["at"]},
                ]
            },
        },
        "required": [
            "specversion",
            "id",
            "source",
            "type",
            "time",
            "datacontenttype",
            "smartrecseq",
            "data",
        ],
    }


if __name__ == "__main__":  # docs/reference/events.schema.json is made this way
    import json
    import sys

    json.dump(schema(), sys.stdout, indent=2)
    sys.stdout.write("\n")
