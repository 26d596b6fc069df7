/** Every word of trying settings on what was recorded. */

import { LOCALE, fullTimeOf, sentence, share, some, tenths, timeOf, whole } from "../strings.js";

const dated = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

const MOST = 5_000; // clips that are tried at once, as the API says

export const words = {
  title: "Tried on recorded events",
  settings: "Settings",
  zones: "Zones",
  tried: "What is tried",
  becomes: " becomes ",
  nothingTried: "Nothing is tried yet",
  nothingTriedMore: "Change what decides who is recorded, such as the confidence or the zones. Before you save it, try it here: you see which of the recorded events would vanish, and which would appear.",
  toSettings: "To the settings",
  toZones: "To the zones",
  nobody: "This is not open to you",
  nobodyMore: "Only who has the role admin may try settings.",
  back: "Change more",
  done: "Back",
  save: "Save",
  saving: "Saving…",
  unsaved: "Not saved yet",
  notSaved: "Not saved",
  saved: "Saved, and in force",
  savedOnly: "Saved, but not in force",
  meanwhile: "The settings file was changed meanwhile",
  meanwhileMore: "Go back and save it there: nothing of yours is lost.",
  away: "The recorder does not answer.",
  on: "On which events",
  period: "Time",
  hour: "Last hour",
  last: "24 hours",
  day: "A day",
  all: "All",
  date: "Day",
  camera: "Camera",
  cameras: "All cameras",
  again: "Look again with the detector",
  againMore: "Decodes the pictures and looks at them anew: slower, and finds who was missed. Otherwise what was seen live is asked, which is quick.",
  againNeeded: "These changes need it: what was seen live was seen by another detector.",
  looking: "Looking…",
  stop: "Stop",
  failed: "This could not be tried",
  taken: "Another replay is running",
  takenMore: "Somebody tries other settings just now, here or on another page.",
  stopped: "Stopped",
  instead: "End it, try mine",
  tryAgain: "Try again",
  shown: "Shown events",
  none: "There are no clips of that time.",
  noneLike: "None.",
  same: "Nothing would be different.",
  sameSoFar: "Nothing is different so far.",
  noPicture: "No picture",
  now: "Now",
  then: "Then",
  nobodyThere: "nobody",
  tooBriefly: "nobody long enough",
  more: "Show more",
  known: "What was not recorded cannot be tried.",
};

export const keyHelp = [
  [["Esc"], "Back"],
  [["?"], "This help"],
];

/** What becomes of clips: the name of one, the name of a choice, and what that means. */
export const kinds = {
  vanishes: { one: "Vanishes", many: "Vanish", help: "Recorded now, then not any more" },
  appears: { one: "Appears", many: "Appear", help: "Then a person is an event who is none now" },
  stays: { one: "Stays", many: "Stay", help: "An event now, and then" },
  manual: { one: "By key", many: "By key", help: "Recorded by key or command: there whatever the settings say" },
  neither: { one: "No event", many: "No event", help: "No event now, and none then" },
  unknown: { one: "Not known", many: "Not known", help: "Nobody was looked for, and its pictures cannot be read" },
};
export const different = { many: "Different", help: "All that vanish or appear" };
export const every = { many: "All", help: "All clips of that time" };

const TOLD = { vanishes: ["vanishes", "vanish"], appears: ["appears", "appear"], stays: ["stays", "stay"] };
const part = (n, kind) => `${whole.format(n)} ${TOLD[kind][Number(n !== 1)]}`;

function shifted(seconds) {
  if (seconds === null || Math.abs(seconds) < 0.05) return "";
  return `${tenths.format(Math.abs(seconds))} s ${seconds > 0 ? "later" : "earlier"}`;
}

export const say = {
  left: (names) => `Has no say in what was recorded: ${names.join(", ")}.`,
  saveAll: (n) => `${words.save} ${some(n, "change", "changes")}`,
  time: (ms, today) => (today ? timeOf(new Date(ms)) : dated.format(ms)),
  when: (ms) => fullTimeOf(new Date(ms)),
  /** @param {Object<string, number>} counts */
  summary(counts) {
    const told = Object.keys(TOLD).filter((kind) => kind === "stays" || counts[kind]).map((kind) => part(counts[kind], kind));
    return counts.vanishes || counts.appears || counts.stays ? sentence(told.join(", ")) : "No person is an event, now or then";
  },
  clips: (n) => `of ${n < MOST ? "" : "the newest "}${some(n, "clip", "clips")}`,
  progress: (done, of) => (of ? `${whole.format(done)} of ${some(of, "clip", "clips")}` : ""),
  stopped: (done, of) => `Stopped after ${whole.format(done)} of ${some(of, "clip", "clips")}`,
  count: (n) => whole.format(n),
  further: (n) => `${words.more} (${whole.format(n)})`,
  refused: (message, hint) => [`${sentence(message).replace(/\.$/, "")}.`, hint].filter(Boolean).join(" "),
  /** What one set of settings makes of a clip. */
  answer(answer, best) {
    if (answer) return [`${share.format(answer.score)} at ${tenths.format(Math.max(0, answer.at_s))} s`, answer.zone].filter(Boolean).join(", ");
    return best ? `${words.tooBriefly} (${share.format(best)})` : words.nobodyThere;
  },
  /** How it differs, of what stays. */
  shift: (outcome) => [shifted(outcome.shift_s ?? null), outcome.other_zone ? "another zone" : ""].filter(Boolean).join(", "),
  /** Whatever the settings say, it would be there. */
  byHand: ({ by_hand: byHand, outcome }) => (byHand && outcome === "vanishes" ? "Recorded by key, too: the clip stays" : ""),
  spoken: (outcome, name, now, then) =>
    [`${kinds[outcome.outcome].one}: ${fullTimeOf(new Date(outcome.start_ms))}`, name, outcome.outcome === "unknown" ? "" : `${words.now.toLowerCase()} ${now}, ${words.then.toLowerCase()} ${then}`, say.shift(outcome), say.byHand(outcome), outcome.why ?? ""].filter(Boolean).join(", "),
};
