"""What the catalogue says of clips, as the API answers it. Pure."""

from dataclasses import replace

from smartrec.model import ClipState, Look, Trigger
from smartrec.store import briefs
from smartrec.store.record import ClipRecord
from smartrec.units import MILLISECOND, Ns, seconds
from smartrec.web import clip_models as models
from smartrec.web.clip_models import MS

_MS_DIGITS = 3


def brief_of(brief: briefs.Brief) -> models.Brief:
    """What a list shows of a clip."""
    return models.Brief(
        id=brief.clip_id,
        event_id=brief.event_id,
        part=brief.part,
        camera=brief.camera_id,
        camera_name=brief.camera_name,
        state=brief.state,
        open=brief.open,
        start_ms=brief.start_wall_ns // MS,
        duration_s=_seconds(brief.duration),
        event_at_s=_seconds(brief.event_at),
        reason=brief.reason,
        reasons=list(brief.reasons),
        persons=brief.persons,
        score=brief.best_score,
        zones=list(brief.zones),
        pinned=brief.pinned,
        note=brief.note,
        bytes=brief.bytes,
        lost=brief.frames_lost,
        kind=kind_of(brief),
        thumbnail=brief.has_thumbnail,
        trashed_ms=None if brief.trashed_ns is None else brief.trashed_ns // MS,
    )


def list_of(found: list[briefs.Brief], asked: models.ListAsked) -> models.ClipList:
    """A page of a list.

    Args:
        found: Newest first; one more than asked for where there are more.
        asked: Which page it is.
    """
    upwards = asked.after is not None and asked.before is None
    more = len(found) > asked.limit
    shown = found[-asked.limit :] if upwards else found[: asked.limit]
    older = shown and (more or upwards)
    newer = shown and (more if upwards else asked.before is not None)
    return models.ClipList(
        clips=[brief_of(each) for each in shown],
        older=models.cursor_text(shown[-1].cursor) if older else None,
        newer=models.cursor_text(shown[0].cursor) if newer else None,
    )


def timeline_of(density: briefs.Density, spans: list[briefs.Span] | None) -> models.Timeline:
    """Clips over time; `spans` where there are not too many."""
    return models.Timeline(
        from_ms=density.begin_ns // MS,
        to_ms=density.end_ns // MS,
        bin_ms=density.bin_ns // MS,
        total=density.clips,
        cameras=[
            models.CameraTime(
                id=camera.camera_id,
                name=camera.camera_name,
                clips=camera.clips,
                persons=camera.persons,
                seconds=[round(each, _MS_DIGITS) for each in camera.seconds],
            )
            for camera in density.cameras
        ],
        spans=None if spans is None else [_span(each) for each in spans],
    )


def facets_of(facets: briefs.Facets, trash: Ns) -> models.Facets:
    """What there is to filter by; so long a clip stays in the trash."""
    return models.Facets(
        cameras=[models.CameraFacet(id=i, name=name, clips=n) for i, name, n in facets.cameras],
        reasons=[models.ReasonFacet(reason=reason, clips=n) for reason, n in facets.reasons],
        zones=[models.ZoneFacet(zone=zone, clips=n) for zone, n in facets.zones],
        first_ms=None if facets.first_ns is None else facets.first_ns // MS,
        last_ms=None if facets.last_ns is None else facets.last_ns // MS,
        clips=facets.clips,
        trash=facets.trash,
        trash_s=seconds(trash),
    )


def clip_of(
    clip: ClipRecord,
    brief: briefs.Brief,
    beside: tuple[str | None, str | None],
    shown: tuple[models.Media | None, str | None],
    zero: Ns,
) -> models.Clip:
    """All of a clip.

    Args:
        clip: It.
        brief: It, as a list shows it.
        beside: Ids of the clips before and after it.
        shown: Its file; or why there is none.
        zero: Time of its first picture shown.
    """
    record = clip if clip.first_pts is not None else replace(clip, first_pts=zero)
    media, problem = shown
    listed = brief_of(brief)
    if clip.first_pts is None:  # less may have been there than was asked for
        listed.start_ms = clip.instant.wall_at(zero) // MS
    return models.Clip(
        **listed.model_dump(),
        media=media,
        problem=problem,
        pre_s=_seconds(record.actual_pre),
        post_s=_seconds(record.actual_post),
        asked_pre_s=seconds(clip.asked_pre),
        asked_post_s=seconds(clip.asked_post),
        triggers=[_why(trigger, zero) for trigger in clip.triggers],
        proof=_proof(clip),
        error=clip.error,
        file_name=clip.file_name,
        older=beside[0],
        newer=beside[1],
    )


def look_of(look: Look, zero: Ns) -> models.Look:
    """What was found in a picture; `zero` is the time of the first picture shown."""
    return models.Look(
        at_ms=round((look.pts - zero) / MILLISECOND, _MS_DIGITS),
        inferred=look.inferred,
        persons=[
            models.Person(
                track=track.track_id,
                box=[track.box.left, track.box.top, track.box.right, track.box.bottom],
                score=track.score,
            )
            for track in look.tracks
        ],
    )


def kind_of(brief: briefs.Brief) -> models.Kind | None:
    """In what form its pictures can be had."""
    if not brief.suffix:
        return None
    return "frames" if brief.suffix == ".mkv" and brief.codec == "jpeg" else "video"


def _span(span: briefs.Span) -> models.Span:
    return models.Span(
        id=span.clip_id,
        camera=span.camera_id,
        start_ms=span.start_wall_ns // MS,
        duration_s=seconds(span.duration),
        open=span.state in (ClipState.RECORDING, ClipState.FINISHING),
        reason=span.reason,
        persons=span.persons,
        pinned=span.pinned,
    )


def _why(trigger: Trigger, zero: Ns) -> models.Why:
    return models.Why(
        id=trigger.trigger_id,
        reason=trigger.reason,
        at_s=seconds(Ns(trigger.pts - zero)),
        last_s=None if trigger.last is None else seconds(Ns(trigger.last - zero)),
        why=trigger.why,
    )


def _proof(clip: ClipRecord) -> models.Proof:
    clock = clip.instant.clock
    return models.Proof(
        expected=clip.expected,
        written=clip.written,
        lost=clip.lost,
        surplus=clip.surplus,
        sha256=clip.sha256,
        encoder=clip.encoder,
        codec=clip.codec,
        engine=clip.engine,
        model_digest=clip.model_digest,
        config_digest=clip.config_digest,
        version=clip.software_version,
        clock=models.ClockTold(
            source=clock.source, synced=clock.synced, max_error_us=clock.max_error_us
        ),
        boot_id=clip.instant.boot_id,
        silent_s=_seconds(clip.silent),
    )


def _seconds(value: Ns | None) -> float | None:
    return None if value is None else seconds(value)
