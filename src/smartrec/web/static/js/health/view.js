/** How the recorder is doing: a sentence, its cameras, its disk, what the doctor finds, what it says. */

import { make } from "../dom.js";
import { sheet } from "../sheet.js";
import { Cameras } from "./cameras.js";
import { Disk } from "./disk.js";
import { Doctor } from "./doctor.js";
import { Log } from "./log.js";
import { Poll } from "./poll.js";
import { Report } from "./report.js";
import { keyHelp, words } from "./strings.js";
import { Verdict } from "./verdict.js";

const HEALTH_MS = 4_000;
const DISK_MS = 30_000;
/** Facts after which one wants to know at once. */
const TELLING = /^(camera|disk|station|hello)/;

await sheet("health.css");

/**
 * @param {HTMLElement} root
 * @param {import("../route.js").Parameters} _parameters
 * @param {import("../route.js").Context} context
 * @returns {import("../route.js").View}
 */
export function mount(root, _parameters, context) {
  return context.may("admin") ? new Health(root, context) : new Instead(root);
}

class Health {
  constructor(root, context) {
    const { api, clock, cameras, announce, link } = context;
    this.title = words.title;
    const now = () => clock.wallOf(clock.now()).getTime();
    this._verdict = new Verdict(cameras, new Report(api).element, announce);
    this._cameras = new Cameras(context, now);
    this._disk = new Disk();
    this._doctor = new Doctor(api, (found) => this._verdict.examined(found), announce);
    this._log = new Log(api);
    root.append(make("div", { class: "health" }, this._verdict.element, this._cameras.element, make("div", { class: "pair" }, this._disk.element, this._doctor.element), this._log.element));
    const health = new Poll(HEALTH_MS, (signal) => healthz(api, signal), (found) => this._verdict.heard(found), () => this._verdict.heard(null));
    const disk = new Poll(DISK_MS, (signal) => api.get("disk", undefined, signal), (found) => this._disk.show(found, now()), () => this._disk.unread());
    this._parts = [health, this._cameras, disk, this._doctor, this._log];
    this._deaf = link.listen((kind) => TELLING.test(kind) && !kind.endsWith(".state") && health.again());
  }

  /** @returns {import("../keys.js").Keys} */
  get keys() {
    return { help: keyHelp, acts: { camera: (index) => this._cameras.reach(index), l: () => this._doctor.look(), p: () => this._log.pause() } };
  }

  /** Let go of everything. */
  unmount() {
    this._deaf();
    for (const part of this._parts) part.stop();
  }
}

/** That not all is well is an answer, too. */
async function healthz(api, signal) {
  try {
    return await api.get("../../healthz", undefined, signal);
  } catch (error) {
    if (Array.isArray(error.body?.problems)) return error.body;
    throw error;
  }
}

/** It is not for everybody. */
class Instead {
  constructor(root) {
    this.title = words.title;
    this.keys = { help: keyHelp.slice(-1), acts: {} };
    root.append(make("div", { class: "health none" }, make("h1", {}, words.nobody), make("p", { class: "soft" }, words.nobodyMore)));
  }

  /** There is nothing to let go of. */
  unmount() {}
}
