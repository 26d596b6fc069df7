/**
 * Every word of the settings, but those that come with them from the recorder: help, limits, mistakes.
 *
 * A setting that has no name here is called by its key, a section by its table.
 */

import { LOCALE, sentence, some } from "../strings.js";

export const words = {
  title: "Settings",
  contents: "Sections",
  search: "Find a setting",
  searchIn: "Find in names, help and keys",
  none: "No setting is called so",
  explainAll: "Explain all",
  loading: "Loading…",
  addCamera: "Add a camera",
  newCamera: "New",
  unnamed: "New camera",
  drop: "Do not add it",
  keep: "Keep it",
  isRemoved: "Will be removed. Its clips stay.",
  draw: "Draw zones",
  drawLater: "Zones can be drawn once it is saved.",
  zones: "Zones",
  noZones: "Everywhere",
  undo: "Undo",
  save: "Save",
  tryIt: "Try on recorded events",
  saving: "Saving…",
  discard: "Discard",
  discarded: "All changes were discarded",
  leaveTitle: "Leave without saving?",
  on: "On",
  off: "Off",
  add: "Add",
  addTimes: "Add times",
  always: "Always armed",
  firstDay: "First day",
  lastDay: "Last day",
  begin: "From",
  end: "To",
  name: "Name",
  number: "Number",
  fixed: "Fixed at",
  noNumber: "This is no number.",
  kind: "Kind of source",
  loadAgain: "Load it, keep my changes",
  nobody: "Settings are not open to you",
  nobodyMore: "Only who has the role admin may see and change them.",
  unread: "The settings could not be read",
  unreadMore: "The recorder does not answer. This page goes on trying.",
  unsaved: "Not saved",
  noAnswer: "The recorder did not answer: whether it saved them is looked at now.",
  meanwhile: "The settings file was changed meanwhile",
  meanwhileMore: "By hand, or on another page. Nothing of yours is lost.",
  pendingTitle: "Saved, and in force after a new start of smartrec",
  pendingMore: "Stop it where it runs (Ctrl+C), and start it as before.",
  start: "smartrec run",
  notInForce: "Saved, but not in force",
  broken: "There are mistakes in the settings file",
  brokenMore: "What holds, and is shown here, is what was read before.",
  unloaded: "The settings file was changed by hand",
  unloadedMore: "What it says now is not in force yet.",
  take: "Take it",
  readOnly: "These settings cannot be saved here",
  fileOnly: "In the file only",
  fileOnlyHelp: "The page may not change this: it would open the machine or load code. Change it in the settings file.",
};

export const keyHelp = [
  [["/"], "Find a setting"],
  [["Ctrl+S"], "Save"],
  [["?"], "This help"],
];

/** Sections in their order: name, and the tables in it. Tables that are not here follow. */
export const sections = [
  ["recording", "Recording", ["recording", "ring"]],
  ["retention", "Keeping", ["retention"]],
  ["detector", "Detection", ["detector"]],
  ["trigger", "Trigger", ["trigger"]],
  ["arming", "Arming", ["arming"]],
  ["screen", "Screen", ["screen"]],
  ["web", "Page", ["web"]],
  ["log", "Log", ["log"]],
];
export const camerasName = "Cameras";
export const camerasHelp = "Where the pictures come from, and what is done with each camera's.";

/** A camera's settings in their groups; the others follow. */
export const groups = [
  ["", ["camera.name", "camera.id", "camera.source", "camera.transport", "camera.loop"]],
  ["Persons", ["camera.detect", "camera.armed", "camera.zone"]],
  ["Picture", ["camera.size", "camera.fps", "camera.rotate", "camera.flip"]],
  ["Sound", ["camera.audio"]],
  ["The camera itself", ["camera.controls.power_line_frequency", "camera.controls.focus", "camera.controls.exposure", "camera.controls.exposure_dynamic_framerate", "camera.controls.extra", "camera.power_cycle"]],
  ["Keeping its clips", ["camera.retention.max_bytes", "camera.retention.max_age"]],
];
export const otherGroup = "More";

const LABELS = {
  "recording.pre_roll": "Time before",
  "recording.post_roll": "Time after",
  "recording.max_length": "Longest clip",
  "recording.directory": "Directory of the clips",
  "recording.journal_dir": "Directory of the journals",
  "recording.recorder": "Recorder",
  "recording.smart_record_library": "Smart Record library",
  "recording.format": "Format",
  "recording.encoder": "Encoder",
  "recording.quality": "Quality",
  "recording.finishers": "Clips finished at once",
  "ring.max_bytes": "Memory a camera",
  "retention.max_bytes": "All clips together",
  "retention.max_age": "Oldest clip",
  "retention.min_free": "Room left on the disk",
  "retention.trash": "Time in the trash",
  "camera.id": "Id",
  "camera.name": "Name",
  "camera.source": "Source",
  "camera.size": "Picture size",
  "camera.fps": "Pictures a second",
  "camera.rotate": "Turn",
  "camera.flip": "Mirror",
  "camera.loop": "Play again at its end",
  "camera.audio": "Sound",
  "camera.transport": "Transport",
  "camera.power_cycle": "Switch its USB power",
  "camera.detect": "Look for persons",
  "camera.armed": "Armed",
  "camera.zone": "Zones",
  "camera.controls.power_line_frequency": "Mains frequency",
  "camera.controls.focus": "Focus",
  "camera.controls.exposure": "Exposure",
  "camera.controls.exposure_dynamic_framerate": "Slower in the dark",
  "camera.controls.extra": "Other controls",
  "camera.retention.max_bytes": "Its clips together",
  "camera.retention.max_age": "Its oldest clip",
  "detector.enabled": "Look for persons",
  "detector.engine": "Engine",
  "detector.model": "Model",
  "detector.labels": "Class names",
  "detector.person_class_ids": "Classes of persons",
  "detector.min_confidence": "Confidence",
  "detector.fps": "Looks a second",
  "detector.keyframes_only": "Keyframes only",
  "detector.threads": "Threads",
  "detector.motion_gate": "Only when something moves",
  "detector.at_least_every": "At least every",
  "trigger.person": "Record persons",
  "trigger.frames": "Seen in so many looks",
  "trigger.of": "of the newest",
  "trigger.hysteresis": "Tolerance",
  "trigger.min_area": "Smallest person",
  "trigger.cooldown": "Pause after a person",
  "trigger.stationary_after": "Stands still after",
  "arming.schedule": "Armed at these times",
  "screen.show": "Show the picture",
  "screen.fullscreen": "Full screen",
  "screen.sink": "Shown by",
  "screen.low_disk": "Warn of a full disk from",
  "web.enabled": "This page",
  "web.address": "Address",
  "web.port": "Port",
  "web.hosts": "Further names",
  "web.viewers": "Most viewers",
  "web.tls": "Encryption",
  "web.certificate": "Certificate",
  "web.key": "Its key",
  "web.client_ca": "Browsers' authorities",
  "web.proxy": "Proxies",
  "web.proxy_user_header": "Header with the user",
  "web.proxy_role": "Role of its users",
  "log.level": "Least important message",
};

const CHOICES = {
  "recording.recorder": { ring: "smartrec's own, exact", nvdssr: "NVIDIA Smart Record" },
  "recording.format": { mp4: "MP4, plays everywhere", copy: "The camera's own bits" },
  "camera.rotate": { 0: "Not turned", 90: "90° clockwise", 180: "180°", 270: "270° clockwise" },
  "camera.transport": { tcp: "TCP", udp: "UDP", auto: "UDP, else TCP" },
  "camera.controls.power_line_frequency": { off: "Off", 50: "50 Hz", 60: "60 Hz", auto: "Automatic" },
  "detector.engine": { auto: "Automatic", deepstream: "NVIDIA DeepStream", portable: "ONNX Runtime" },
  "screen.show": { auto: "Where there is a screen", off: "Never" },
  "web.tls": { auto: "Automatic", on: "On", off: "Off" },
  "web.proxy_role": { view: "View", record: "Record", admin: "Admin" },
  "log.level": { debug: "Debug", info: "Information", warning: "Warning", error: "Error" },
};

/** What holds where a setting that may be left out is. */
const UNSET = {
  "recording.journal_dir": "beside the clips",
  "recording.smart_record_library": "where DeepStream puts it",
  "retention.max_bytes": "no limit",
  "retention.max_age": "no limit",
  "camera.name": "the id",
  "camera.retention.max_bytes": "no limit",
  "camera.retention.max_age": "no limit",
  "arming.schedule": "always armed",
  "camera.controls.power_line_frequency": "as the camera has it",
  "camera.controls.focus": "as the camera has it",
  "camera.controls.exposure": "as the camera has it",
  "camera.controls.exposure_dynamic_framerate": "as the camera has it",
  "detector.labels": "the model's own",
  "detector.person_class_ids": "by name",
  "detector.min_confidence": "the model's own",
  "web.certificate": "made by smartrec",
  "web.client_ca": "none asked for",
  "web.hosts": "none",
  "web.key": "none",
  "web.proxy": "none",
  "web.proxy_user_header": "smartrec asks itself",
};
const NOT_SET = "not set";

/** Kinds of sources: name, and what is written behind it. */
export const sources = {
  usb: ["First USB camera", ""],
  device: ["A certain USB camera", "/dev/v4l/by-id/…"],
  rtsp: ["Camera on the network", "rtsp://USER:PASSWORD@HOST:554/PATH"],
  file: ["Video file", "/path/of/the/video"],
  demo: ["Demo, built in", ""],
};

const names = new Intl.DateTimeFormat(LOCALE, { weekday: "short", timeZone: "UTC" });
/** Monday first. */
export const days = [5, 6, 7, 8, 9, 10, 11].map((day) => names.format(Date.UTC(2026, 0, day)));

const listed = new Intl.ListFormat(LOCALE, { type: "conjunction" });
const plain = (key) => sentence(key.split(".").pop().replaceAll("_", " "));
/** As people write it. */
const written = (value) => (Array.isArray(value) ? value.join(", ") : typeof value === "boolean" ? (value ? words.on : words.off).toLowerCase() : typeof value === "object" && value ? Object.entries(value).map(([name, each]) => `${name} ${each}`).join(", ") : String(value ?? ""));

const nameOfFile = (path) => path.split("/").pop();

export const say = {
  label: (key) => LABELS[key] ?? plain(key),
  section: (key) => plain(key),
  choice: (key, value) => CHOICES[key]?.[value] ?? (value === "auto" ? "Automatic" : String(value)),
  unset: (key) => UNSET[key] ?? NOT_SET,
  notSet: (key) => sentence(say.unset(key)),
  value: (field, value) => (value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length) ? say.unset(field.key) : field.kind === "choice" ? say.choice(field.key, value) : written(value)),
  was: (text) => (text.length > 24 ? "changed" : `was ${text}`),
  default: (text) => `Default: ${text}`,
  reset: (text) => (!text || text.length > 11 ? "Reset" : `Reset to ${text}`),
  resetTo: (label, text) => `${label}: take the default, ${text}`,
  undoOf: (label) => `${label}: undo the change`,
  about: (label) => `About “${label}”`,
  allowed: (text) => `May be: ${text}.`,
  change: (change) => CHANGES[change] ?? `A change ${change}.`,
  place: (origin) => {
    const [, path, line] = /^(.*):(\d+)$/.exec(origin);
    return `${nameOfFile(path)}:${line}`;
  },
  lockedBy: (origin) => `Set by ${origin === "command line" ? "the command line" : origin}`,
  lockedHelp: (origin) => `${say.lockedBy(origin)}, which goes before the settings file. Change it there.`,
  kept: (file) => `Kept in ${file}`,
  made: (file) => `Made with the first save: ${file}`,
  found: (n) => some(n, "setting", "settings"),
  zones: (zones) => zones.map(({ name, kind }) => (kind === "exclude" ? `${name} (not)` : name)).join(", "),
  removeCamera: (name) => `Remove ${name}`,
  removed: (name) => `${name} will be removed when it is saved`,
  added: (name) => `${name} was added; it is not saved yet`,
  times: (n) => `Times ${n}`,
  removeNth: (n) => `Remove times ${n}`,
  removeNamed: (name) => `Remove ${name || "this control"}`,
  changes: (n) => some(n, "change", "changes"),
  mistakes: (n) => some(n, "mistake", "mistakes"),
  mistakeAt: (label, text) => `${label}: ${text}`,
  unsavedTitle: (n) => `${words.title} (${some(n, "change", "changes")})`,
  leaveMore: (n) => `${sentence(some(n, "change is", "changes are"))} not saved.`,
  failed: (why, hint) => [`${sentence(why)}.`.replace("..", "."), hint].filter(Boolean).join(" "),
};

const CHANGES = {
  "takes effect at once": "A change takes effect at once.",
  "restarts the capture": "A change starts this camera anew; others do not notice.",
  "rebuilds the watch": "A change starts the detector anew; recording goes on.",
  "needs a new start of smartrec": "A change is in force after a new start of smartrec.",
};

/**
 * What saving will touch, in sentences.
 * @param {Object} touched
 * @param {string[]} touched.added Names of cameras.
 * @param {string[]} touched.removed
 * @param {string[]} touched.restarted
 * @param {boolean} touched.watch
 * @param {number} touched.later Settings that need a new start.
 * @param {number} touched.any How many settings.
 * @returns {string}
 */
export function touching({ added, removed, restarted, watch, later, any }) {
  const told = [
    restarted.length && `${listed.format(restarted)} ${restarted.length > 1 ? "start" : "starts"} anew: about 2 s without pictures.`,
    added.length && `${listed.format(added)} ${added.length > 1 ? "are" : "is"} added.`,
    removed.length && `${listed.format(removed)} ${removed.length > 1 ? "are" : "is"} removed; the clips stay.`,
    watch && "The detector starts anew: for some seconds nobody is looked for.",
    later && `${sentence(some(later, "setting waits", "settings wait"))} for a new start of smartrec.`,
  ].filter(Boolean);
  return told.length ? told.join(" ") : any ? "In force at once; nothing is interrupted." : "";
}

/** What happened when it was saved; as `touching`. @returns {{title: string, text: string}} */
export function happened({ added, removed, restarted, watch, later, any }) {
  const told = [
    restarted.length && `${listed.format(restarted)} ${restarted.length > 1 ? "have" : "has"} started anew.`,
    added.length && `${listed.format(added)} ${added.length > 1 ? "were" : "was"} added.`,
    removed.length && `${listed.format(removed)} ${removed.length > 1 ? "were" : "was"} removed.`,
    watch && "The detector starts anew.",
    later && `${sentence(some(later, "setting waits", "settings wait"))} for a new start of smartrec.`,
  ].filter(Boolean);
  const now = any > later || added.length || removed.length;
  return { title: now ? "Saved, and in force" : "Saved", text: told.join(" ") };
}
