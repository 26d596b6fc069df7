/**
 * Every word that the page says, but what must be said before any module runs (index.html).
 * Numbers, times and dates are written by Intl: in the viewer's zone and habits.
 */

export const LOCALE = document.documentElement.lang === "en" ? navigator.language : document.documentElement.lang;
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "long" });
export const tenths = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
export const share = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 0 });

/** @param {Date} moment */
export const timeOf = (moment) => clock.format(moment);
/** @param {Date} moment */
export const dayOf = (moment) => day.format(moment);
/** @param {Date} moment */
export const fullTimeOf = (moment) => full.format(moment);

const near = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const soon = new Intl.DateTimeFormat(LOCALE, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
/** @param {Date} moment Within days. */
export const soonOf = (moment) => (moment.toDateString() === new Date().toDateString() ? near : soon).format(moment);

/** @param {number} seconds */
export const span = (seconds) => (seconds < 90 ? `${tenths.format(seconds)} s` : running(seconds));
/** @param {number} seconds @returns {string} such as "0:14" or "1:02:03" */
export function running(seconds) {
  const all = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}

/** @param {number} n @param {string} one @param {string} many */
export const some = (n, one, many) => `${whole.format(n)} ${n === 1 ? one : many}`;
const UNITS = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];
/** @param {number} n */
export function bytes(n) {
  const [size, unit] = UNITS.find(([least]) => n >= least) ?? [1, "B"];
  return `${(n < 10 * size && size > 1 ? tenths : whole).format(n / size)} ${unit}`;
}
const missed = (n) => `${some(n, "person", "persons")} not recorded`;
export const sentence = (text) => (text ? text[0].toLocaleUpperCase(LOCALE) + text.slice(1) : "");

export const words = {
  stay: "Stay",
  leave: "Leave without saving",
  skip: "Skip to the content",
  views: "Views",
  live: "Live",
  events: "Events",
  settings: "Settings",
  health: "Health",
  cameras: "Cameras",
  help: "Keys and help",
  record: "Record",
  recordAll: "Record all",
  extend: "Extend",
  extendAll: "Extend all",
  stop: "Stop",
  arm: "Arm",
  armAll: "Arm all",
  disarm: "Disarm",
  disarmAll: "Disarm all",
  disarmed: "Disarmed",
  zones: "Zones",
  draw: "Draw zones",
  all: "All cameras",
  full: "Full screen",
  fullOff: "Leave full screen",
  happens: "What happens",
  keysTitle: "Keys",
  keysOn: "These keys are on",
  close: "Close",
  person: "person",
  rec: "REC",
  retryNow: "Try now",
  reload: "Load anew",
  asking: "Asking the recorder…",
  noCamera: "The recorder has no camera.",
};

/** What keys do, in the order of the help. */
export const keyHelp = [
  [["R"], "Record; once more to go on for longer", "record"],
  [["S"], "Stop recording", "record"],
  [["1", "9"], "Show one camera"],
  [["0"], "Show all cameras"],
  [["Z"], "Zones upon the pictures"],
  [["F"], "Full screen"],
  [["Esc"], "Back"],
  [["?"], "This help"],
];

const THEMES = { auto: "Automatic", light: "Light", dark: "Dark" };
const PHASES = {
  waiting: "Waiting for the first picture",
  starting: "Starting",
  live: "Live",
  silent: "No picture",
  lost: "Lost",
  unseen: "No picture yet",
  ended: "Ended",
};
const TRIGGERS = { person: "Person seen", cli: "Command line", page: "Record button", schedule: "Schedule" };

export const say = {
  themeLabel: (theme) => `Colours: ${THEMES[theme].toLowerCase()}`,
  score: (name, score) => `${name} ${share.format(score)}`,
  phase: (phase) => PHASES[phase],
  fps: (fps) => `${whole.format(fps)} fps`,
  fpsHere: (fps, here) => `${whole.format(fps)} fps, ${whole.format(here)} shown`,
  before: (seconds) => `${span(seconds)} before`,
  left: (seconds) => (seconds < 90 ? `${whole.format(seconds)} s left` : `${running(seconds)} left`),
  since: (moment) => `since ${timeOf(moment)}`,
  showAlone: (name) => `Show ${name} alone`,
  recordOne: (name) => `Record ${name}`,
  stopOne: (name) => `Stop recording ${name}`,
  armOne: (name) => `Arm ${name}`,
  disarmOne: (name) => `Disarm ${name}`,
  arming: ({ armed, armedUntil }) =>
    `${armed ? "Armed: who comes is recorded" : "Disarmed: who comes is not recorded"}${armedUntil ? `, until ${soonOf(armedUntil)}` : ""}`,
  disarmedMore: ({ armedUntil, unrecorded }) =>
    [armedUntil ? `until ${soonOf(armedUntil)}` : "", unrecorded ? missed(unrecorded) : ""].filter(Boolean).join(", "),
  picture: (name, persons) =>
    persons ? `Live picture of ${name}: ${some(persons, "person", "persons")}` : `Live picture of ${name}`,
  title: (recording, view, station) => `${recording ? "● Recording – " : ""}${view ? `${view} – ` : ""}${station ? `${station} – ` : ""}smartrec`,
  trigger: (reason) => (reason.startsWith("key-") ? `Key ${reason.slice(4)}` : TRIGGERS[reason] || sentence(reason)),
  nothingYet: (moment) => `Nothing since this page was opened at ${timeOf(moment)}. What is recorded, lost or found again is told here at once.`,
};

/** What stands in the place of a picture. */
export const slate = {
  waiting: "Waiting for the first picture",
  starting: "Starting",
  silent: "No picture",
  lost: "Camera lost",
  unseen: "No picture yet",
  ended: "Ended",
  away: "Not connected",
  still: (moment) => `This picture is of ${timeOf(moment)}`,
};

const coded = (codec) => (codec === "h265" ? "H.265" : "H.264");

/** Why a coded camera cannot be shown here: [what, what mends it]. */
export const trouble = {
  codec: (codec) => [`This browser does not play ${coded(codec)}`, "It is recorded all the same. Another browser may show it."],
  decode: (codec) => [`This browser fails at this camera's ${coded(codec)}`, "It is recorded all the same. Another browser may show it."],
  autoplay: () => ["This browser wants a click first", "Click or touch anywhere."],
};

export const link = {
  open: "Connected",
  connecting: "Connecting…",
  waiting: (seconds) => (seconds > 0 ? `Trying again in ${whole.format(seconds)} s` : "Connecting…"),
  gone: "The recorder does not answer",
  goneMore: "This page goes on trying. If the recorder is running, it records without the page.",
  shut: "The recorder lets this page not in",
  shutMore: "It answers, but shows no live pictures to it: too many pages may be open ([web] viewers).",
  updated: (version) => `The recorder is now version ${version}`,
  updatedMore: "This page is of another one.",
  partial: "A part of this page did not arrive",
  partialMore: "The recorder may be of another version by now, or not be there.",
  missed: (n) => `${some(n, "message", "messages")} came while it was not connected`,
  missedMore: "The recorder's log has them.",
  page: "Page",
  away: (seconds) => `Connected again after ${span(seconds)}`,
};

/**
 * Answers to a command, in one sentence.
 * @param {Array<{verdict: string, reason: string, camera: string, pre_roll_s: ?number}>} answers
 * @param {(id: string) => string} nameOf
 * @param {boolean} several Whether the recorder has several cameras, so that names are needed.
 * @returns {{tone: "good"|"warn", text: string}}
 */
export function answered(answers, nameOf, several) {
  const refused = answers.filter((answer) => answer.verdict === "refused");
  const done = answers.filter((answer) => answer.verdict !== "refused");
  const parts = [...new Set(done.map((answer) => answer.verdict))].map((verdict) => {
    const those = done.filter((answer) => answer.verdict === verdict);
    const names = several ? ` ${listed(those.map((answer) => nameOf(answer.camera)))}` : "";
    return DONE[verdict]?.(names, those) ?? `${sentence(verdict)}${names}.`;
  });
  if (refused.length) parts.push(refusal(refused, nameOf, several));
  return { tone: refused.length ? "warn" : "good", text: parts.join(" ") };
}

const listed = (names) => (names.length > 3 ? `${names.length} cameras` : names.join(", "));

function secured(answers) {
  const held = answers.map((answer) => answer.pre_roll_s).filter((seconds) => typeof seconds === "number");
  if (held.length < answers.length) return answers[0].reason ? ` What came before it is ${answers[0].reason}.` : "";
  const least = Math.min(...held);
  if (least < 0.05) return " Nothing is held from before it.";
  const differ = held.some((seconds) => seconds - least > 0.05);
  return ` ${differ ? "At least " : ""}${span(least)} before it are secured.`;
}

/** Until when, where that is the same for all. */
function till(answers) {
  const [first, ...others] = new Set(answers.map((answer) => answer.until));
  return first && !others.length ? ` until ${soonOf(new Date(first))}` : "";
}

const also = (answers) => [...new Set(answers.map((answer) => answer.reason))].filter(Boolean).map((reason) => ` ${sentence(reason)}.`).join("");

const DONE = {
  accepted: (names, answers) => `Recording${names}.${secured(answers)}`,
  started: (names, answers) => `Recording${names}.${secured(answers)}`,
  extended: (names, answers) => `Already recording${names}: extended.${secured(answers)}`,
  armed: (names, answers) => `Armed${names}${till(answers)}.${also(answers)}`,
  disarmed: (names, answers) => `Disarmed${names}${till(answers)}.${also(answers)}`,
  stopped: (names) => `Stopped${names}. The clip is being finished.`,
};

function refusal(refused, nameOf, several) {
  const byReason = new Map();
  for (const { reason, camera } of refused) byReason.set(reason, [...(byReason.get(reason) ?? []), camera]);
  return [...byReason]
    .map(([reason, cameras]) => `Refused${several && cameras[0] ? ` by ${listed(cameras.map(nameOf))}` : ""}: ${reason}.`)
    .join(" ");
}

export const noAnswer = {
  tone: "warn",
  text: "No answer: whether the recorder did it is not known.",
};

const CAUSES = { command: "By command.", schedule: "By schedule.", settings: "By the settings.", start: "Since the start." };
const DELETED = { age: "for its age", bytes: "to keep to the limit", room: "to make room", trash: "from the trash" };
const again = (seconds) => (typeof seconds === "number" ? `Trying again in ${span(seconds)}.` : "");
const lines = (...parts) => parts.filter(Boolean).join(" ");

/**
 * How an event is told in the list, by the middle of its type; a clip's life is told by `clip`.
 * Each gives {tone, title, what, more}; an empty title is the camera's name.
 */
export const told = {
  "station.started": (d) => ({ tone: "good", title: "Recorder", what: "Started", more: `smartrec ${d.software_version}` }),
  "station.stopped": (d) => ({ tone: "warn", title: "Recorder", what: "Stopped", more: d.reason }),
  "camera.started": (d) => ({ tone: "good", what: "Delivers pictures", more: lines(d.description, d.notice) }),
  "camera.lost": (d) => ({ tone: "warn", what: `${d.seen_before ? "Lost" : "No picture yet"}: ${d.reason}`, more: lines(d.hint, again(d.retry_s)) }),
  "camera.silent": (d) => ({ tone: "warn", what: `No picture for ${span(d.quiet_s)}` }),
  "camera.powercycled": (d) => ({ tone: "warn", what: `Its USB power is switched off and on`, more: d.port }),
  "camera.back": (d) => ({ tone: "good", what: `Back after ${span(d.away_s)}` }),
  "microphone.lost": (d) => ({ tone: "warn", what: `No sound: ${d.reason}`, more: lines(d.hint, again(d.retry_s)) }),
  "microphone.back": (d) => ({ tone: "good", what: `Sound is back after ${span(d.away_s)}` }),
  "pictures.lost": (d) => ({
    tone: "warn",
    what: `${some(d.count, "picture", "pictures")} lost`,
    more: lines(`Cause: ${d.cause}.`, d.clip_id && "A clip lacks them."),
  }),
  "arming.changed": (d) => ({
    tone: d.armed ? "good" : "",
    what: `${d.armed ? "Armed" : "Disarmed"}${d.until ? ` until ${soonOf(new Date(d.until))}` : ""}`,
    more: lines(CAUSES[d.cause], d.unrecorded && d.armed && `${missed(d.unrecorded)} meanwhile.`),
  }),
  "settings.changed": (d) => ({
    tone: "good",
    title: "Settings",
    what: `Changed (${d.by})`,
    more: lines(
      d.restarted.length && `${d.restarted.join(", ")}: capture started anew.`,
      d.added.length && `${d.added.join(", ")}: added.`,
      d.removed.length && `${d.removed.join(", ")}: removed.`,
      d.watch && "The detector is started anew.",
      d.pending.length && `Only with a new start of smartrec: ${d.pending.join(", ")}.`,
    ),
  }),
  "command.refused": (d) => ({ tone: "warn", what: `Refused: ${d.reason}` }),
  "clip.deleted": (d) => ({ tone: "", what: `Clip deleted ${DELETED[d.reason] || ""}`.trim(), more: `${d.path.split("/").pop()}, ${bytes(d.bytes)}` }),
  "disk.full": (d) => ({ tone: "warn", title: "Disk", what: `Clips cannot be written: ${d.reason}`, more: lines("Cameras go on.", d.hint) }),
  "disk.room": () => ({ tone: "good", title: "Disk", what: "Clips can be written again" }),
  "disk.low": (d) => ({ tone: "warn", title: "Disk", what: `Nearly full: ${bytes(d.free_bytes)} free`, more: lines(sentence(d.reason), d.hint) }),
  "disk.lost": (d) => ({ tone: "warn", title: "Disk", what: sentence(d.reason), more: lines("Cameras go on, clips cannot be written.", d.hint) }),
  "disk.back": () => ({ tone: "good", title: "Disk", what: "It is back" }),
  "watch.started": (d) =>
    d.engine === "none"
      ? { tone: "", title: "Detector", what: "Persons are not looked for" }
      : { tone: "good", title: "Detector", what: `Sees persons from ${share.format(d.min_confidence)} on`, more: lines(d.model, d.engine_note) },
  "watch.preparing": (d) => ({ tone: "", title: "Detector", what: d.what, more: `${d.elapsed_s} s so far` }),
  "watch.lost": (d) => ({ tone: "warn", title: "Detector", what: sentence(d.reason), more: `Recording goes on. ${again(d.retry_s)}` }),
  "detector.refused": (d) => ({ tone: "warn", title: "Detector", what: `Nobody is looked for: ${d.reason}`, more: d.hint }),
  "bus.overrun": (d) => ({ tone: "warn", title: "Page", what: `${some(d.lost, "message", "messages")} came too fast to be told here` }),
};

/** What concerns the whole recorder until it is over: notice of an event by the middle of its type. */
export const notices = {
  "disk.full": (d) => ["disk", "Clips cannot be written", `${sentence(d.reason)}. Cameras go on.`, d.hint],
  "disk.lost": (d) => ["disk", "Clips cannot be written", `${sentence(d.reason)}. Cameras go on.`, d.hint],
  "disk.low": (d) => ["disk", "The disk is nearly full", `${bytes(d.free_bytes)} free. ${sentence(d.reason)}`, d.hint],
  "disk.room": () => ["disk"],
  "disk.back": () => ["disk"],
  "watch.lost": () => ["watch", "Nobody is looked for just now", "The detector is started anew. Recording by key goes on."],
  "watch.preparing": (d) => ["watch", "Getting ready", `${d.what}: ${d.elapsed_s} s so far. Recording by key works.`],
  "detector.refused": (d) => ["watch", "Nobody is looked for", sentence(d.reason), d.hint],
  "watch.started": () => ["watch"],
};

/** How a clip ended, where that is not simply over. */
export const ended = {
  finishing: "Being finished",
  stopped: "Stopped early",
  "camera-lost": "Ended with the camera",
  "disk-full": "Ended with the room on the disk",
  recovered: "Recovered after the recorder was killed",
  failed: "Could not be finished",
};
const wrongly = ({ state }) => (["camera-lost", "disk-full", "recovered"].includes(state) ? `${ended[state]}.` : "");

/** A clip's life in the list. */
export const clip = {
  opened: (d) => [
    d.part > 1 ? `Recording, part ${d.part}` : "Recording",
    d.part > 1 ? "" : `${say.trigger(d.reason)}, with the ${span(d.pre_roll_s)} before${d.pre_roll_s < d.asked_pre_s - 0.05 ? ` (${span(d.asked_pre_s)} asked)` : ""}.`,
  ],
  going: "Recording",
  unseen: "Recorded while this page was not connected",
  running: (what, seconds) => `${what}, ${running(seconds)}`,
  extended: (times, reason) => `Extended${times > 1 ? ` ${times} times` : ""}${reason === "person" ? ": a person is still there" : ""}.`,
  closed: (d) => [`${span(d.duration_s)} recorded, being finished`, wrongly(d)],
  ready: (d) => {
    const missing = d.frames_expected - d.frames_written;
    return [
      `Clip ready, ${span(d.duration_s)}`,
      lines(`${whole.format(d.frames_written)} pictures${missing > 0 ? `, ${whole.format(missing)} lost` : ", none lost"}, ${bytes(d.bytes)}.`, wrongly(d)),
    ];
  },
  failed: (d) => [`The clip could not be finished: ${d.reason}`, lines(d.hint, d.kept && "What there is of it is kept.")],
  announceReady: (name, d) => `Clip ready: ${name}, ${span(d.duration_s)}`,
};
