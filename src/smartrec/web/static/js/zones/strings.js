/** Every word of the zones view. */

import { LOCALE, sentence, share, some, timeOf, whole } from "../strings.js";

const tenth = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });
const shortDay = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export const words = {
  title: "Zones",
  back: "Settings",
  live: "Live",
  camera: "Camera",
  drawing: "Drawing of the zones",
  drawingRole: "drawing",
  cornerRole: "corner",
  zoneRole: "zone",
  undo: "Undo",
  redo: "Redo",
  draw: "Draw a zone",
  list: "Zones",
  noneMore: "Persons count everywhere. Draw where they shall count, or where they never shall.",
  noneSeen: "Persons count everywhere.",
  onlyExclude: "Everywhere else persons count.",
  someInclude: "Everywhere else persons do not count.",
  name: "Name",
  kind: "Persons inside",
  anchor: "What of a person must lie inside",
  remove: "Delete zone",
  done: "Close",
  cancel: "Cancel",
  back1: "Last corner off",
  save: "Save",
  tryIt: "Try on recorded events",
  tryTitle: "Which events would vanish, and which appear",
  everywhere: "everywhere",
  otherwise: "drawn otherwise",
  saving: "Saving…",
  discard: "Discard",
  unsaved: "Not saved yet",
  atOnce: "Takes effect at once; no picture is lost.",
  saved: "Saved. It counts from now on.",
  savedOnly: "Saved, but not in force.",
  theirs: "Take theirs",
  mine: "Save mine",
  changed: "Somebody else changed these zones meanwhile.",
  readonly: "Only who may do everything (admin) draws zones.",
  away: "The recorder does not answer.",
  kept: "Events that it would have kept",
  last: "Last 24 hours",
  earlier: "The day before",
  later: "The day after",
  day: "Choose a day",
  all: "All",
  keptOnly: "Kept",
  dropped: "Dropped",
  looking: "Looking…",
  nothing: "Nothing was recorded then. Once there are events, this shows which of them the zones keep.",
  nothingLike: "None.",
  noPicture: "No picture",
  known: "What the zones of that time left out was not recorded.",
  leave: "The zones are not saved",
  leaveMore: "What was drawn since the last save is lost if you leave.",
  noCamera: "There is no such camera",
};

export const kinds = {
  include: { name: "Count", row: "Persons count here" },
  exclude: { name: "Never count", row: "Persons never count here" },
};

export const anchors = {
  bottom: { name: "Feet", help: "the middle of the box's lower edge" },
  center: { name: "Middle", help: "the box's centre" },
  any: { name: "Any part", help: "any part of the box" },
};

export const mistakes = {
  empty: "A name has 1 to 32 of a-z, 0-9, - and _.",
  taken: "Another zone has this name.",
};

export const keyHelp = [
  [["N"], "Draw a zone", "admin"],
  [["Enter"], "Close the zone; of a zone, to its corners", "admin"],
  [["Space"], "While drawing: a corner here", "admin"],
  [["←", "→"], "Move a corner, a zone or the cross by 0.5 %; with Shift by 5 %", "admin"],
  [["+"], "A corner more, behind this one", "admin"],
  [["Del"], "Delete the corner or the zone", "admin"],
  [["Ctrl", "Z"], "Undo; with Shift redo", "admin"],
  [["Ctrl", "S"], "Save", "admin"],
  [["Esc"], "Cancel; then back"],
  [["?"], "This help"],
];

const at = ([x, y]) => `${tenth.format(x)} from the left, ${tenth.format(y)} from the top`;

export const say = {
  title: (name) => `${words.title}, ${name}`,
  zone: ({ name, kind, polygon }) => `${name}, ${kinds[kind].row.toLowerCase()}, ${some(polygon.length, "corner", "corners")}`,
  corner: (name, index, count, point) => `Corner ${index + 1} of ${count} of ${name}, ${at(point)}`,
  placed: (n, point) => `Corner ${n} placed, ${at(point)}`,
  cross: (point) => sentence(at(point)),
  moved: (point) => at(point),
  shifted: (name, polygon) => `${name} moved, first corner ${at(polygon[0])}`,
  added: (name) => `Zone ${name} drawn`,
  removed: (name) => `Zone ${name} deleted`,
  inserted: (n) => `Corner added, ${n} now`,
  dropped: (n) => `Corner deleted, ${n} left`,
  undone: "Undone",
  redone: "Redone",
  fewest: "A zone has three corners at least.",
  most: "A zone has no more than 200 corners.",
  flat: "These corners enclose nothing.",
  zonesMost: "A camera has no more than 64 zones.",
  /** What to do next, below the picture. */
  hint(drafted, touch) {
    if (drafted === null) return "";
    if (drafted === 0) return touch ? "Tap where the first corner is." : "Click where the first corner is.";
    if (drafted < 3) return touch ? "Tap the next corner." : "Click the next corner.";
    return touch ? "Tap the first corner, or Close, to end." : "Click the first corner, double-click or press Enter to end.";
  },
  unchosen: (touch) => (touch ? "Tap a zone to change it." : "Click a zone to change it."),
  rest: (touch) => (touch ? "Drag corners, edges or the whole zone; hold a corner to delete it." : "Drag corners, edges or the whole zone. Arrow keys move what has the focus."),
  drawHint: "Space places a corner, arrow keys move the cross, Enter closes the zone, Escape cancels.",
  mistaken: (where, message) => `${where ? `“${where}”: ` : ""}${message}`,
  refused: (message, hint) => [`${sentence(message).replace(/\.$/, "")}.`, hint].filter(Boolean).join(" "),
  count: (kept, all) => `${whole.format(kept)} of ${some(all, "event", "events")} kept`,
  shown: (name, n) => `${name} ${whole.format(n)}`,
  manual: (n) => `${whole.format(n)} by key or command, always kept`,
  unknown: (n) => `${whole.format(n)} in which nobody was looked for`,
  more: (n) => `${whole.format(n)} more`,
  day: (ms) => sentence(shortDay.format(ms)),
  time: (ms) => timeOf(new Date(ms)),
  state: { kept: "Kept", dropped: "Dropped", manual: "By key", unknown: "Not known" },
  event: (clip) => [full.format(clip.start_ms), say.state[clip.state], clip.score === null ? "" : share.format(clip.score)].filter(Boolean).join(", "),
};
