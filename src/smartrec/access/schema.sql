-- Users, sessions, tokens, links to clips, and the audit log. Times are nanoseconds since 1970.
CREATE TABLE users (
  name_key TEXT PRIMARY KEY,            -- the name without its case
  name TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('view', 'record', 'admin')),
  password TEXT NOT NULL,               -- argon2id, PHC string
  added_ns INTEGER NOT NULL,
  password_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  key TEXT PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,          -- SHA-256 of the secret
  name_key TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  begun_ns INTEGER NOT NULL,
  used_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_of_user ON sessions (name_key, used_ns);

CREATE TABLE tokens (
  name_key TEXT PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  digest BLOB NOT NULL UNIQUE,
  scope TEXT NOT NULL CHECK (scope IN ('view', 'record', 'admin')),
  added_ns INTEGER NOT NULL,
  expires_ns INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE shares (
  key TEXT PRIMARY KEY,
  clip_id TEXT NOT NULL,
  made_by TEXT NOT NULL,
  added_ns INTEGER NOT NULL,
  expires_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;

CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  wall_ns INTEGER NOT NULL,
  who TEXT NOT NULL,
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL,
  done INTEGER GENERATED ALWAYS AS (outcome = 'ok') STORED
) STRICT;

CREATE INDEX audit_bounded ON audit (done, number);
