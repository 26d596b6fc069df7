/** Every word about who looks at this page. */

import { LOCALE, link, running, sentence } from "../strings.js";

const until = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** What a role may do, in the words of the command line. */
const ROLES = {
  view: "Role: view. Sees pictures and clips.",
  record: "Role: record. Records and arms, pins clips and writes notes, too.",
  admin: "Role: admin. May do everything.",
};
/** Who came without a password of ours. */
const KINDS = { proxy: "Logged in by the proxy.", certificate: "Logged in by a certificate." };

export const words = {
  login: "Log in",
  expired: "You are not logged in any more. Log in to go on.",
  name: "Name",
  password: "Password",
  wrong: "Wrong name or password.",
  logout: "Log out",
  stays: "The recorder does not answer: you are still logged in.",
  again: "Try again",
  share: "Share",
  shareTitle: "Share this clip",
  shareNote: "Whoever has the link sees this clip, and nothing else, without logging in.",
  here: "This page was opened on the recorder itself: the link works there only. Open the page by the recorder's name to share with others.",
  works: "The link works for",
  makeLink: "Make a link",
  made: "The link is made.",
  links: "Links to this clip",
  show: "Show",
  revoke: "Revoke",
  revoked: "The link does not work any more.",
  close: "Close",
};

/** How long a link may work: hours, and their name. */
export const lengths = [
  [1, "1 hour"],
  [24, "1 day"],
  [7 * 24, "7 days"],
  [30 * 24, "30 days"],
];

export const tell = {
  role: (scope, kind) => [KINDS[kind], ROLES[scope]].filter(Boolean).join(" "),
  who: (name) => `Logged in as ${name}`,
  wait: (seconds) => `Too many tries: again in ${seconds < 60 ? `${seconds} s` : running(seconds)}`,
  until: (ms) => until.format(ms),
  ends: (ms, by) => `Ends ${until.format(ms)}${by ? `, by ${by}` : ""}`,
  show: (ms) => `Show the link that ends ${until.format(ms)}`,
  revoke: (ms) => `Revoke the link that ends ${until.format(ms)}`,
  linkEnds: (ms) => `This link ends on ${until.format(ms)}`,
  refused: (why, hint) => [`${sentence(why)}.`, hint].filter(Boolean).join(" "),
};

/** What stands in the place of the page: [title, text]. */
export const instead = {
  nobody: ["This page is not open to you", "The recorder knows no user yet. Make one on it: smartrec user add NAME."],
  away: [link.gone, link.goneMore],
  ended: ["This link does not work", "It has ended, or was taken back. Ask whoever sent it for another."],
  refused: (error) => [sentence(error.message), error.hint ?? ""],
};
