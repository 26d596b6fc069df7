/** Every word of the clip's page. */

import { LOCALE, bytes, ended, running, say, sentence, share, span, tenths, whole } from "../strings.js";

const exact = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const zone = new Intl.DateTimeFormat(LOCALE, { timeZoneName: "short" });
const hundredths = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const speeds = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2 });

const pictures = (n) => `${whole.format(n)} ${n === 1 ? "picture" : "pictures"}`;

/** @param {number} milliseconds @returns {string} such as "0:05.033" */
export function stamp(milliseconds) {
  const all = Math.max(0, Math.round(milliseconds));
  return `${running(all / 1000)}.${String(all % 1000).padStart(3, "0")}`;
}

export const words = {
  clip: "Clip",
  events: "Events",
  older: "Older clip",
  newer: "Newer clip",
  play: "Play",
  pause: "Pause",
  backward: "Play backward",
  stepBack: "One picture back",
  stepOn: "One picture on",
  speed: "Speed",
  boxesOn: "Show boxes around persons",
  boxesOff: "Hide boxes around persons",
  boxesNone: "No persons were looked for in this clip",
  soundOn: "Sound on",
  soundOff: "Sound off",
  full: "Full screen",
  fullOff: "Leave full screen",
  position: "Position in the clip",
  player: "Player",
  before: "Before",
  event: "Event",
  after: "After",
  recording: "Recording",
  finishing: "Being finished",
  why: "Why it was recorded",
  whyNone: "Nothing is known of what led to it.",
  note: "Note",
  noteHint: "What is to be seen here? It is kept with the clip.",
  proof: "Is it complete?",
  details: "Details",
  download: "Download",
  pin: "Pin",
  pinned: "Pinned",
  pinHelp: "A pinned clip is never deleted to make room, nor for its age",
  remove: "Delete",
  undo: "Undo",
  restore: "Take it out of the trash",
  copy: "Copy",
  copied: "Copied",
  pinnedStays: "Pinned: unpin it first",
  openStays: "It is not finished yet",
  again: "Try now",
  toEvents: "All events",
  waiting: "Loading…",
  untilNow: "so far",
};

export const keyHelp = [
  [["Space"], "Play, pause"],
  [[","], "One picture back"],
  [["."], "One picture on"],
  [["J"], "Play backward; again: faster"],
  [["K"], "Pause"],
  [["L"], "Play; again: faster"],
  [["←"], "One second back"],
  [["→"], "One second on"],
  [["Home"], "First picture"],
  [["End"], "Last picture"],
  [["E"], "To the event"],
  [["<"], "Slower"],
  [[">"], "Faster"],
  [["B"], "Boxes around persons"],
  [["M"], "Sound"],
  [["F"], "Full screen"],
  [["["], "Older clip"],
  [["]"], "Newer clip"],
  [["Esc"], "Back to the events"],
  [["?"], "This help"],
];

export const tell = {
  speed: (speed) => `${speeds.format(speed)}×`,
  exact: (moment) => exact.format(moment),
  day: (moment) => day.format(moment),
  when: (start, end) => (end ? `${clock.format(start)} – ${clock.format(end)}` : clock.format(start)),
  zone: (moment) => zone.formatToParts(moment).find((part) => part.type === "timeZoneName")?.value ?? "",
  title: (name, start) => `${name}, ${clock.format(start)}`,
  length: (seconds) => span(seconds),
  part: (n) => `Part ${n} of a long event`,
  picture: (index, count) => `Picture ${whole.format(index + 1)} of ${whole.format(count)}`,
  of: (duration) => `of ${stamp(duration)}`,
  position: (index, count, at, part) => `${stamp(at)}, picture ${whole.format(index + 1)} of ${whole.format(count)}${part ? `, ${part}` : ""}`,
  segment: (name, milliseconds) => `${name} ${tenths.format(milliseconds / 1000)} s`,
  tick: (milliseconds, fine) => (fine ? `${running(milliseconds / 1000)}.${Math.round((milliseconds % 1000) / 100)}` : running(milliseconds / 1000)),
  hover: (at, score) => `${stamp(at)}${score ? ` · ${share.format(score)}` : ""}`,
  persons: (n) => `${whole.format(n)} ${n === 1 ? "person" : "persons"}`,
  best: (score) => `at best ${share.format(score)} sure`,
  goTo: (what, at) => `Go to ${what}, at ${stamp(at)}`,
  pictureOf: (name, moment, persons) => `Picture of ${name}, ${exact.format(moment)}${persons ? `, ${tell.persons(persons)}` : ""}`,
  left: (n) => `${whole.format(n)} characters left`,
  bytes,
};

const unfinished = (error) => `${error ? `${sentence(error)}. ` : ""}What was recorded is kept; the recorder tries again when it starts anew.`;

/** What stands in the place of the picture: [title, text]. */
export const slate = {
  loading: () => ["Loading…", ""],
  missing: () => ["This clip is not there", "It was deleted, or never was."],
  deleted: () => ["This clip was deleted", ""],
  trashed: () => ["In the trash", "It will be deleted for good soon. Until then it can be taken out again."],
  failed: (error) => ["It could not be finished", unfinished(error)],
  unseen: (problem) => ["It cannot be shown", `${sentence(problem)}.`],
  nothing: () => ["Nothing to show yet", "The first pictures are on their way to the disk."],
  codec: () => ["This browser does not play this clip", "Another browser may, and the file can be downloaded."],
  decode: () => ["This browser fails at this clip", "The file can be downloaded; whether it is whole is told beside."],
  away: () => ["The recorder does not answer", "This page goes on trying."],
  refused: (why, hint) => [sentence(why), hint],
};

const TONES = { finishing: "busy", stopped: "" };

/** @param {string} state @returns {[string, string]} How a clip ended, where that is not simply over: tone and words. */
export const stateOf = (state) => [TONES[state] ?? "warn", ended[state] ?? ""];

/** @param {Object} trigger @returns {{title: string, lines: string[]}} What led to it, in words. */
export function because(trigger) {
  const why = { ...trigger.why };
  const lines = [];
  if (trigger.reason === "person") {
    if (typeof why.best?.score === "number") lines.push(`The detector was up to ${share.format(why.best.score)} sure.`);
    if (Array.isArray(why.frames) && typeof why.min_confidence === "number") {
      lines.push(`${sentence(pictures(why.frames.length))} with at least ${share.format(why.min_confidence)} began it.`);
    }
    if (typeof why.zone === "string") lines.push(`In the zone “${why.zone}”.`);
    for (const told of ["best", "frames", "min_confidence", "zone", "track"]) delete why[told];
  }
  if (trigger.last_s !== null && trigger.last_s !== undefined) lines.push(`Seen for ${span(trigger.last_s - trigger.at_s)}.`);
  for (const [name, value] of Object.entries(why)) lines.push(`${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return { title: say.trigger(trigger.reason), lines };
}

const LOST = {
  driver: (n) => `${pictures(n)} never came from the camera: it, its cable or the USB bus dropped ${n === 1 ? "it" : "them"}.`,
  damaged: (n) => `${pictures(n)} came damaged and ${n === 1 ? "was" : "were"} left out.`,
  ring: (n) => `${pictures(n)} of the time before had already been let go: the memory for it was too small.`,
  decoder: (n) => `${pictures(n)} could not be decoded.`,
  "smart-record": (n) => `${pictures(n)} ${n === 1 ? "was" : "were"} not recorded by NVIDIA's Smart Record.`,
  unknown: (n) => `${pictures(n)} ${n === 1 ? "is" : "are"} missing, and nobody knows why.`,
};

/**
 * What can be said about how complete a clip is.
 * @param {Object} detail Of the API.
 * @returns {{tone: "good"|"warn"|"", title: string, lines: {tone: string, text: string}[]}}
 */
export function proofOf(detail) {
  const { proof } = detail;
  const lines = [];
  const add = (text, tone = "") => text && lines.push({ tone, text });
  const lost = Object.entries(proof.lost ?? {});
  const missing = lost.reduce((sum, [, n]) => sum + n, 0);
  if (detail.state === "failed") add(unfinished(detail.error), "warn");
  for (const [cause, n] of lost) add(LOST[cause]?.(n) ?? `${pictures(n)} lost: ${cause}.`, "warn");
  add(got(detail, "pre", "before"), less(detail, "pre") ? "warn" : "");
  add(got(detail, "post", "after"), less(detail, "post") ? "warn" : "");
  if (typeof proof.silent_s === "number") add(...sound(proof.silent_s, detail.duration_s));
  add(timed(proof.clock), proof.clock?.synced === false ? "warn" : "");
  if (proof.surplus) add(`${pictures(proof.surplus)} more than the camera took: this is a fault of smartrec, please report it.`, "warn");
  return { ...headline(detail, missing), lines };
}

function headline({ state, proof }, missing) {
  if (state === "failed") return { tone: "warn", title: "Not finished: what there is was not counted." };
  if (proof.written === null || proof.written === undefined) return { tone: "", title: "It is counted when it is finished." };
  if (missing) return { tone: "warn", title: `${sentence(pictures(missing))} of ${whole.format(proof.expected)} ${missing === 1 ? "is" : "are"} missing.` };
  return { tone: "good", title: `Yes: all ${pictures(proof.written)} that the camera took are in it.` };
}

const less = (detail, which) => {
  const [asked, has] = [detail[`asked_${which}_s`], detail[`${which}_s`]];
  const frame = detail.proof.written ? detail.duration_s / detail.proof.written : 0.05;
  return typeof asked === "number" && typeof has === "number" && asked - has > frame + 0.0005 && !(which === "pre" && detail.part > 1);
};

function got(detail, which, word) {
  const [asked, has] = [detail[`asked_${which}_s`], detail[`${which}_s`]];
  if (typeof asked !== "number" || typeof has !== "number") return "";
  if (which === "pre" && detail.part > 1) return `It goes on where part ${detail.part - 1} ends.`;
  const exactly = `${hundredths.format(has)} s ${word} the event`;
  return less(detail, which) ? `${exactly}; ${hundredths.format(asked)} s were asked for.` : `${exactly}, as asked for.`;
}

function sound(silent, duration) {
  if (duration && silent >= duration - 0.01) return ["No sound: the microphone gave none.", "warn"];
  if (silent < 0.01) return ["Sound without a gap.", ""];
  return [`Sound, but for ${span(silent)} of silence: the microphone gave none then.`, "warn"];
}

function timed(known) {
  if (!known) return "";
  if (!known.synced) return "The recorder's clock was not set by anybody: its times may be wrong.";
  const most = known.max_error_us;
  return typeof most === "number" ? `Its times are right to ${tenths.format(Math.max(0.1, most / 1000))} ms.` : "The recorder's clock was set by the network.";
}

/** Names of the details. */
export const facts = {
  file: "File",
  size: "Size",
  made: "Made by",
  encoder: "Encoded by",
  camera: "Camera gave",
  detector: "Detector",
  model: "Model",
  settings: "Settings",
  boot: "Start of the machine",
  clip: "Clip",
  event: "Event",
  fingerprint: "Fingerprint (SHA-256)",
  fingerprintHelp: "A copy of the file that has the same fingerprint is unchanged since it was recorded: sha256sum FILE tells it.",
  untouched: "as it came",
  none: "none",
  counted: (proof) => `${whole.format(proof.expected ?? 0)} taken, ${whole.format(proof.written)} in the file`,
  pictures: "Pictures",
};

export const note = {
  saved: "Saved",
  saving: "Saving…",
  unsaved: "Not saved yet",
  failed: (why) => `Not saved: ${why}. It is tried again.`,
  refused: (why) => `Not saved: ${why}.`,
  away: "the recorder does not answer",
};

export const done = {
  pinned: "Pinned: it is kept until you unpin it.",
  unpinned: "Not pinned any more.",
  deleted: "Clip deleted",
  deletedSpoken: "Clip deleted. Undo is possible for ten seconds.",
  restored: "The clip is back.",
  copied: "The fingerprint was copied.",
  failed: (why, hint) => [`${sentence(why)}.`, hint].filter(Boolean).join(" "),
  noAnswer: "The recorder does not answer: nothing was changed.",
};
