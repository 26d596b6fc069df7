-- The catalogue of clips, newest version. Times named *_pts are CLOCK_MONOTONIC nanoseconds of the
-- boot `boot_id`; times named *_ns alone are lengths, or nanoseconds since 1970 UTC where it says so.
-- Rows are known to the world by their UUIDs only.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,  -- 'written_by': the smartrec that made this version of the schema
    value TEXT NOT NULL      -- what `key` says
) STRICT;

CREATE TABLE clips (
    clip_id          TEXT PRIMARY KEY,  -- UUIDv7
    event_id         TEXT NOT NULL,     -- UUIDv7; the parts of a rolled-over event share it
    part             INTEGER NOT NULL,  -- counts from 1 within the event
    station_id       TEXT NOT NULL,     -- UUIDv7 of the machine
    camera_id        TEXT NOT NULL,     -- stable, apart from name and hardware
    camera_name      TEXT NOT NULL,     -- what people called it at the time
    state            TEXT NOT NULL,     -- recording, finishing, or how it ended (model.ClipState)
    file_name        TEXT NOT NULL,     -- of the finished clip, without directory or suffix
    error            TEXT,              -- why finishing failed; NULL unless state is failed
    wall_ns          INTEGER NOT NULL,  -- nanoseconds since 1970 UTC at `mono_ns`
    mono_ns          INTEGER NOT NULL,  -- CLOCK_MONOTONIC when `wall_ns` was read
    boot_id          TEXT NOT NULL,     -- the boot that every pts here belongs to
    clock_source     TEXT NOT NULL,     -- who vouches for `wall_ns`
    clock_synced     INTEGER NOT NULL,  -- 1 where something disciplined the wall clock
    clock_error_us   INTEGER,           -- bound on its error, microseconds; NULL when unknown
    start_wall_ns    INTEGER NOT NULL,  -- UTC of the first picture shown; until known, of `start_pts`
    start_pts        INTEGER NOT NULL,  -- the interval is start_pts <= pts < end_pts
    end_pts          INTEGER NOT NULL,  -- moves while state is recording
    asked_pre_ns     INTEGER NOT NULL,  -- pre-roll wanted before the first trigger
    asked_post_ns    INTEGER NOT NULL,  -- post-roll wanted after the last trigger
    first_pts        INTEGER,           -- of the first picture shown; NULL until finished
    last_pts         INTEGER,           -- of the last picture shown; NULL until finished
    duration_ns      INTEGER,           -- first picture to the end of the last; NULL until finished
    frames_expected  INTEGER NOT NULL,  -- pictures that the source numbered within the interval
    frames_written   INTEGER,           -- pictures read back from the finished file
    frames_surplus   INTEGER NOT NULL DEFAULT 0,  -- written and lost beyond expected: a fault of ours
    codec            TEXT NOT NULL,     -- of what the camera gave: jpeg, h264, h265
    width            INTEGER NOT NULL,  -- pixels, as the camera gave it
    height           INTEGER NOT NULL,  -- pixels, as the camera gave it
    fps              REAL NOT NULL,     -- nominal pictures a second; 0 where unknown
    encoder          TEXT,              -- recipe that made the file, or copy, remux
    bytes            INTEGER,           -- size of the finished file
    sha256           TEXT,              -- of the finished file, hexadecimal
    config_digest    TEXT NOT NULL,     -- SHA-256 of the settings in force
    model_digest     TEXT,              -- SHA-256 of the detector's model; NULL without one
    engine           TEXT NOT NULL,     -- what detected; none without a detector
    software_version TEXT NOT NULL,     -- smartrec that recorded it
    created_ns       INTEGER NOT NULL,  -- UTC when this row was made
    updated_ns       INTEGER NOT NULL,  -- UTC when it was last changed
    pinned           INTEGER NOT NULL DEFAULT 0,  -- 1 where it is never deleted to keep a limit
    deleting         INTEGER NOT NULL DEFAULT 0,  -- 1 while its files go: shown to nobody any more
    dated_ns         INTEGER,           -- UTC of its end by a clock that was right, or of when such a
                                        -- one first saw it; NULL while none has
    silent_ns        INTEGER,           -- of its sound, silence filled in; NULL without sound
    end_wall_ns      INTEGER NOT NULL DEFAULT 0,  -- UTC of its end; until finished, of `end_pts`
    event_ns         INTEGER,           -- from its start to its first trigger; NULL without either
    reasons          TEXT NOT NULL DEFAULT '',  -- of its triggers, first come first, each once: a
                                        -- line feed before each and behind the last
    zones            TEXT NOT NULL DEFAULT '',  -- that its triggers name, in the same form
    persons          INTEGER NOT NULL DEFAULT 0,  -- how many of them were a trigger
    best_score       REAL,              -- the highest of theirs, 0 to 1; NULL without any
    note             TEXT NOT NULL DEFAULT '',  -- what people wrote of it
    trashed_ns       INTEGER            -- UTC when it was put into the trash; NULL while it is not
) STRICT, WITHOUT ROWID;

-- All that is shown of many clips at once, so that their wide rows are not read for it.
CREATE INDEX clips_shown ON clips
  (start_wall_ns, clip_id, end_wall_ns, camera_id, persons, best_score, pinned, reasons, zones,
   state, event_ns, bytes, codec, encoder, event_id, part, camera_name, note, deleting, trashed_ns)
  WHERE deleting = 0 AND trashed_ns IS NULL;

-- What there is to filter by, in the order in which it is counted.
CREATE INDEX clips_facets ON clips
  (camera_id, reasons, zones, start_wall_ns, camera_name, deleting, trashed_ns)
  WHERE deleting = 0 AND trashed_ns IS NULL;

-- All that decides about what is in the trash, which is looked at every few seconds.
CREATE INDEX clips_trashed ON clips
  (trashed_ns, deleting, state, pinned, dated_ns, start_wall_ns, camera_id, bytes)
  WHERE trashed_ns IS NOT NULL;

-- All that decides how long a clip is kept, so that nothing else is read for it.
CREATE INDEX clips_kept ON clips
  (deleting, state, pinned, dated_ns, start_wall_ns, camera_id, bytes, trashed_ns);

-- What an older smartrec wrote last, in the words of gist.py: nothing, as a rule, and seen at once.
CREATE INDEX clips_stale ON clips (clip_id)
  WHERE end_wall_ns != start_wall_ns + coalesce(duration_ns, end_pts - start_pts);

CREATE TABLE triggers (
    clip_id    TEXT NOT NULL REFERENCES clips ON DELETE CASCADE,  -- the clip that holds it
    trigger_id TEXT NOT NULL,     -- UUIDv7; parts of one event may share a trigger
    position   INTEGER NOT NULL,  -- order of arrival, from 0
    pts        INTEGER NOT NULL,  -- the moment that it happened
    reason     TEXT NOT NULL,     -- short and machine-made, such as key-R
    why        TEXT NOT NULL,     -- JSON object: what led to it
    start_pts  INTEGER,           -- where the clip was asked to begin; NULL means the pre-roll
    end_pts    INTEGER,           -- where the clip was asked to end; NULL means the post-roll
    last_pts   INTEGER,           -- the last moment that it was still so; NULL for what does not last
    PRIMARY KEY (clip_id, trigger_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE losses (
    clip_id TEXT NOT NULL REFERENCES clips ON DELETE CASCADE,  -- the clip that lacks them
    cause   TEXT NOT NULL,     -- where they were lost (model.Loss)
    count   INTEGER NOT NULL,  -- pictures
    PRIMARY KEY (clip_id, cause)
) STRICT, WITHOUT ROWID;

CREATE TABLE locations (
    clip_id   TEXT NOT NULL REFERENCES clips ON DELETE CASCADE,  -- the clip that is there
    kind      TEXT NOT NULL,  -- local-journal, local; other places may follow
    uri       TEXT NOT NULL,  -- for local ones a path, relative to the catalogue if below it
    thumbnail TEXT,           -- the same for a JPEG of it; NULL where there is none
    PRIMARY KEY (clip_id, kind)
) STRICT, WITHOUT ROWID;

-- What was seen in the pictures of a clip that were looked at; a row for some seconds of them.
CREATE TABLE tracks (
    clip_id   TEXT NOT NULL REFERENCES clips ON DELETE CASCADE,  -- the clip that holds the pictures
    first_pts INTEGER NOT NULL,  -- of the first of them
    last_pts  INTEGER NOT NULL,  -- of the last of them
    looks     BLOB NOT NULL,     -- compressed JSON: store/looks.py says of what form
    PRIMARY KEY (clip_id, first_pts)
) STRICT, WITHOUT ROWID;
