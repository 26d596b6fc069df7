/** Every word of the events view. */

import { LOCALE, dayOf, ended, fullTimeOf, running, say as common, sentence, share, some, span, timeOf, whole } from "../strings.js";

const format = (options) => new Intl.DateTimeFormat(LOCALE, options);
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
const shortDay = format({ weekday: "short", day: "numeric", month: "short" });
const numberedDay = format({ weekday: "short", day: "numeric" });
const dated = format({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayAndYear = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const monthOf = format({ month: "long", year: "numeric" });
const dayOfMonth = format({ month: "short", day: "numeric" });
const minutes = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });


const STATES = { ...ended, recording: "Recording", stopped: "" };

export const words = {
  title: "Events",
  trash: "Trash",
  back: "Back to events",
  trashNote: "Deleted clips stay here for a while, then they are gone for good. They go sooner if their room is needed.",
  earlier: "Earlier",
  later: "Later",
  today: "Today",
  date: "Choose a day",
  hour: "Hour",
  day: "Day",
  week: "Week",
  month: "Month",
  length: "Length of the timeline",
  zoomIn: "Shorter: see more detail",
  zoomOut: "Longer: see more at once",
  timeline: "Timeline",
  timelineKeys: "Arrow keys move, plus and minus zoom, Enter lists the clips from there on.",
  persons: "Persons",
  now: "now",
  filters: "Filters",
  camera: "Camera",
  reason: "Trigger",
  zone: "Zone",
  score: "Confidence",
  anyScore: "Any",
  pinned: "Pinned",
  search: "Search",
  searchIn: "Search in notes and names of cameras",
  clear: "Clear",
  done: "Done",
  none: "None yet",
  clips: "Clips",
  loading: "Loading…",
  newer: "New clips",
  restore: "Restore",
  restoring: "Restoring…",
  tryAgain: "Try again",
  unread: "The clips cannot be read",
  unreadMore: "The recorder's page does not answer. It goes on recording.",
  noThumbnail: "No picture",
  noPictureYet: "No picture yet",
};

export const empty = {
  nothing: ["No clips yet", "What is recorded appears here by itself: when a person is seen, or by the Record button (R) of the live view."],
  filtered: ["No clip is like that", "Fewer filters find more."],
  trash: ["The trash is empty", "Clips that are deleted on their page come here first."],
};

export const help = [
  [["←", "→"], "Earlier, later"],
  [["+", "-"], "See more detail, or more at once"],
  [["H"], "An hour"],
  [["D"], "A day"],
  [["W"], "A week"],
  [["M"], "A month"],
  [["T"], "Today"],
  [["/"], "Search"],
  [["?"], "This help"],
];

export const say = {
  count: (clips, persons) => (persons ? `${some(clips, "clip", "clips")}, ${some(persons, "person", "persons")}` : some(clips, "clip", "clips")),
  counted: (n) => whole.format(n),
  trash: (n) => (n ? `${words.trash} (${whole.format(n)})` : words.trash),
  /** Names the time that the timeline shows. */
  range({ from, to }, unit) {
    if (unit === "day") return sentence(dayNamed(from));
    if (unit === "month") return sentence(monthOf.format(from));
    const last = to - 1;
    if (sameDay(from, last)) return `${sentence(dayNamed(from))}, ${clockOf(from, to)} – ${clockOf(to, from)}`;
    return `${shortDay.format(from)} – ${shortDay.format(last)}`;
  },
  heading: (ms) => sentence(dayNamed(ms)),
  tick(ms, step) {
    const at = new Date(ms);
    if (at.getHours() || at.getMinutes() || at.getSeconds()) return step < 60_000 ? timeOf(at) : minutes.format(at);
    if (step < 86_400_000) return shortDay.format(at);
    return step < 25 * 86_400_000 ? (step > 86_400_000 ? dayOfMonth.format(at) : numberedDay.format(at)) : sentence(monthOf.format(at));
  },
  between: (from, to) => (sameDay(from, to - 1) ? `${clockOf(from, to)} – ${clockOf(to, from)}` : `${dated.format(from)} – ${dated.format(to)}`),
  dayBetween: (from, to) => (sameDay(from, to - 1) ? `${shortDay.format(from)}, ${say.between(from, to)}` : say.between(from, to)),
  when: (ms) => fullTimeOf(new Date(ms)),
  time: (ms) => timeOf(new Date(ms)),
  reason: (reason) => (reason ? common.trigger(reason) : ""),
  score: (score) => share.format(score),
  atLeast: (score) => (score > 0 ? `from ${share.format(score)} on` : words.anyScore),
  duration: (seconds) => (seconds < 60 ? `${whole.format(seconds)} s` : running(seconds)),
  running,
  state: (state) => STATES[state] ?? "",
  lost: (n) => `${some(n, "picture", "pictures")} lost`,
  trashed: (ms) => `Deleted ${dated.format(ms)}`,
  chosen: (label, names) => (names.length ? `${label}: ${names.length > 2 ? `${names[0]} +${names.length - 1}` : names.join(", ")}` : label),
  filtersOn: (n) => (n ? `${words.filters} (${n})` : words.filters),
  restored: (name) => `Restored: ${name}`,
  appeared: (name) => `New clip: ${name}`,
  /** One clip in one line, for those who hear it. */
  spoken: (clip) =>
    [
      `${timeOf(new Date(clip.start_ms))}, ${clip.camera_name}`,
      say.reason(clip.reason),
      clip.duration_s === null ? "" : span(clip.duration_s),
      clip.persons ? some(clip.persons, "person", "persons") : "",
      clip.score === null ? "" : share.format(clip.score),
      clip.zones.join(", "),
      STATES[clip.state] ?? "",
      clip.lost ? say.lost(clip.lost) : "",
      clip.pinned ? words.pinned : "",
      clip.note,
    ]
      .filter(Boolean)
      .join(", "),
  /** Where the timeline's cursor stands, and what lies there. */
  cursor: (from, to, found) => `${say.dayBetween(from, to)}: ${found.length ? found.map(([name, clips, persons]) => `${name} ${say.count(clips, persons)}`).join("; ") : "nothing"}`,
};

const sameDay = (one, other) => dayOf(new Date(one)) === dayOf(new Date(other)) && Math.abs(one - other) < 7 * 86_400_000;

function dayNamed(ms) {
  const midnight = (moment) => Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate());
  const days = Math.round((midnight(new Date(ms)) - midnight(new Date())) / 86_400_000);
  if (days === 0 || days === -1) return `${relative.format(days, "day")}, ${shortDay.format(ms)}`;
  return new Date(ms).getFullYear() === new Date().getFullYear() ? shortDay.format(ms) : dayAndYear.format(ms);
}

/** Seconds only where they matter. */
const clockOf = (ms, other) => (Math.abs(other - ms) < 300_000 ? timeOf(new Date(ms)) : minutes.format(ms));
