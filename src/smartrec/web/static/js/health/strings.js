/** Every word of how the recorder is doing. */

import { bytes, fullTimeOf, LOCALE, say as said, sentence, some, soonOf, tenths, timeOf, whole } from "../strings.js";

export const DAY_MS = 86_400_000;
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "long" });
const dated = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "long" });
const yearly = new Intl.DateTimeFormat(LOCALE, { month: "long", year: "numeric" });
/** Small numbers with a tenth. */
export const number = (n) => (n < 10 && n % 1 ? tenths : whole).format(n);

export const words = {
  title: "Health",
  nobody: "This is not open to you",
  nobodyMore: "Only who has the role admin may see how the recorder is doing.",
  looking: "Looking…",
  well: "All is well",
  away: "The recorder does not answer",
  awayMore: "This page goes on asking. If the recorder is running, it records without the page.",
  wrong: "What is wrong",
  show: "Show it",
  report: "Download report",
  making: "Being made…",
  reportMore: "One archive of settings, log and findings for who helps you; without passwords and pictures.",
  noReport: "No report came.",
  cameras: "Cameras",
  range: "Time",
  table: "As a table",
  time: "Time",
  unknown: "–",
  disk: "Disk",
  clips: "Clips",
  other: "Other",
  free: "Free",
  spare: "Kept free",
  camera: "Camera",
  size: "Size",
  perDay: "A day",
  unread: "This could not be read. This page goes on trying.",
  doctor: "Doctor",
  again: "Look again",
  never: "The doctor has not looked at this machine yet.",
  doctorMore: "Checks the machine: programs, cameras, disks, rights. Recording goes on meanwhile.",
  log: "Log",
  logMore: "What the recorder says on its terminal.",
  lines: "Lines of the log",
  level: "Shown lines",
  follow: "Follow",
  pause: "Pause",
  quiet: "Nothing was said.",
  quietLike: "Nothing of that kind was said.",
};

export const keyHelp = [
  [["1", "3"], "10 minutes, 1 hour or 24 hours"],
  [["L"], "Have the doctor look again"],
  [["P"], "Pause the log, or follow it again"],
  [["?"], "This help"],
];

/** How long the graphs reach back: milliseconds, name, how often to ask. */
export const RANGES = [
  [600_000, "10 minutes", 2_000],
  [3_600_000, "1 hour", 10_000],
  [DAY_MS, "24 hours", 30_000],
];

/** What lines of the log are shown: the least level, and its name. */
export const LEVELS = [
  ["debug", "All"],
  ["warning", "Warnings"],
  ["error", "Errors"],
];

export const severity = { bad: "Broken", warn: "Warning", ok: "Fine" };

/** Graphs of a camera, in their order. */
export const graphs = {
  fps: { title: "Pictures a second", value: (n, mean) => (mean === null || mean - n < 0.5 ? `${number(n)}` : `${number(mean)}, at least ${number(n)}`) },
  lost: { title: "Lost and damaged", value: (n, damaged) => (damaged ? `${whole.format(n)} lost, ${whole.format(damaged)} damaged` : whole.format(n)) },
  infer: { title: "Looking for persons", value: (n) => `${number(n)} ms` },
  ring: { title: "Held from before", value: (n, size) => (size === null ? `${number(n)} s` : `${number(n)} s, ${bytes(size)}`) },
};

const least = (row) => (row.length ? number(Math.min(...row)) : words.unknown);
const most = (row) => (row.length ? number(Math.max(...row)) : words.unknown);
const mean = (row) => (row.length ? number(row.reduce((all, n) => all + n, 0) / row.length) : words.unknown);
const all = (row) => (row.length ? whole.format(row.reduce((sum, n) => sum + n, 0)) : words.unknown);
/** Columns of a table of a camera: title, row of the history, how several values become one text. */
export const columns = [
  [words.time],
  ["Pictures a second", "fps_mean", mean],
  ["At least", "fps", least],
  ["Lost", "lost", all],
  ["Damaged", "damaged", all],
  ["Looking, ms", "infer_ms", mean],
  ["Persons", "persons", most],
  ["Held, s", "ring_s", mean],
];

/** @param {number} ms @returns {string} A day as people call it. */
function dayOf(ms, now) {
  const days = Math.round((new Date(ms).setHours(0, 0, 0, 0) - new Date(now).setHours(0, 0, 0, 0)) / DAY_MS);
  if (days <= 0) return "today";
  if (days === 1) return "tomorrow";
  if (days < 7) return weekday.format(ms);
  return (days < 300 ? dated : yearly).format(ms);
}

const days = (n) => (n < 1 ? some(Math.max(1, Math.round(24 * n)), "hour", "hours") : n < 60 ? some(Math.round(n), "day", "days") : n < 700 ? some(Math.round(n / 30.4), "month", "months") : some(Math.round(n / 365), "year", "years"));
const REASONS = { age: "for their age", bytes: "to keep to the limit", room: "to make room" };

export const say = {
  when: (ms) => fullTimeOf(new Date(ms)),
  hint: (n) => `The doctor has ${some(n, "remark", "remarks")}`,
  wrong: (n) => `${some(n, "thing", "things")} ${n === 1 ? "is" : "are"} wrong`,
  found: (n) => `The doctor found ${some(n, "thing", "things")} broken`,
  camera: (name, state) => `${name}: ${(said.phase(state) ?? state).toLowerCase()}`,
  state: (state, fps) => (state === "live" && fps !== null ? `${said.phase(state)}, ${said.fps(fps)}` : said.phase(state) ?? sentence(state)),
  problem: (text) => sentence(text),
  fine: (cameras) => `${some(cameras, "camera delivers", "cameras deliver")} pictures, and clips can be written.`,
  since: (ms) => `Before ${soonOf(new Date(ms))} nothing is known: the page was started then.`,
  at: (ms, step) => `${timeOf(new Date(ms))}${step > 1_500 ? ` – ${timeOf(new Date(ms + step))}` : ""}`,
  begin: (ms, long) => (long < 60_000 ? timeOf(new Date(ms)) : soonOf(new Date(ms))),
  range: (from, to) => `${soonOf(new Date(from))} – ${soonOf(new Date(to))}`,
  /** @param {Object} disk As the API has it. @returns {string} What will become of it. */
  forecast({ full_ms: full, begins_to_delete_ms: begins, why_delete: why, keeps_days: keeps, per_day_bytes: rate }, now) {
    const kept = keeps ? `clips of about ${days(keeps)} are kept` : "";
    const told = (...parts) => parts.filter(Boolean).join(" ");
    if (begins !== null && begins <= now) return [told("The oldest clips are being deleted", REASONS[why]), kept].filter(Boolean).join("; ");
    if (full !== null && full <= now) return "Full: no clip can be written any more";
    const fills = full === null ? "" : `full in ${days((full - now) / DAY_MS)}, if it goes on like this`;
    if (begins !== null && (full === null || begins < full)) return [told(`Older clips are deleted from ${dayOf(begins, now)} on`, REASONS[why]), kept || fills].filter(Boolean).join("; ");
    if (fills) return [sentence(fills), begins === null ? "" : "the oldest clips are deleted then", kept].filter(Boolean).join("; ");
    return rate === null ? "How long it lasts is known after a day of clips" : "It does not get full like this";
  },
  day: (n) => (n === null ? "–" : bytes(n)),
  perDay: (n) => `${bytes(n)} a day`,
  room: (free, total) => `${bytes(free)} free of ${bytes(total)}`,
  clips: (n, size) => `${some(n, "clip", "clips")}, ${bytes(size)}`,
  bytes,
  count: (n) => whole.format(n),
  fineChecks: (n) => `${some(n, "check is", "checks are")} fine`,
  examined: (ms) => `Looked ${soonOf(new Date(ms))}`,
  failed: (error) => [`${sentence(error?.message ?? words.away).replace(/\.$/, "")}.`, error?.hint].filter(Boolean).join(" "),
  more: (n) => `${words.follow} (${whole.format(n)} new)`,
  time: (ms) => timeOf(new Date(ms)),
};
