/** Recording by button and key, and what the recorder answers. */

import { Refused, command } from "./api.js";
import { byId, mark, write } from "./dom.js";
import { answered, noAnswer, words } from "./strings.js";

const SHOWN_MS = 12_000;
const PATIENT_MS = 300;

export class Record {
  /**
   * @param {import("./cameras.js").Cameras} cameras
   * @param {import("./stage.js").Stage} stage
   */
  constructor(cameras, stage) {
    this._cameras = cameras;
    this._stage = stage;
    this._asking = false;
    byId("record").addEventListener("click", () => this.start());
    byId("stop").addEventListener("click", () => this.stop());
  }

  /** Record what is shown; what is being recorded goes on for longer. */
  start() {
    return this.ask("start", [this._stage.target]);
  }

  /** Stop what is being recorded of what is shown; whether anything is, the recorder knows before the page. */
  stop() {
    const open = this.shown.filter((camera) => camera.recording);
    return this.ask("stop", open.length ? open.map((camera) => camera.id) : [this._stage.target]);
  }

  /**
   * A tile's own button.
   * @param {import("./cameras.js").Camera} camera
   */
  toggle(camera) {
    return this.ask(camera.recording ? "stop" : "start", [camera.id]);
  }

  /** @returns {import("./cameras.js").Camera[]} What is on show. */
  get shown() {
    const { target } = this._stage;
    return target ? [this._cameras.get(target)] : this._cameras.all;
  }

  /**
   * Have the recorder do something, and say what it answers.
   * @param {string} action
   * @param {?string[]} targets Ids; null means all.
   */
  async ask(action, targets) {
    if (this._asking) return;
    this._asking = true;
    const patient = setTimeout(() => this._answer("", words.asking), PATIENT_MS);
    try {
      const answers = await Promise.all(targets.map((camera) => command(action, camera)));
      const { tone, text } = answered(
        answers.flat(),
        (id) => this._cameras.nameOf(id),
        this._cameras.all.length > 1,
      );
      this._answer(tone, text);
    } catch (error) {
      if (error instanceof Refused) this._answer("warn", [error.message, error.hint].filter(Boolean).join(". "));
      else this._answer(noAnswer.tone, noAnswer.text);
    } finally {
      clearTimeout(patient);
      this._asking = false;
    }
  }

  _answer(tone, text) {
    const place = byId("answer");
    mark(place, "data-tone", tone);
    place.textContent = text; // also where it is the same as before: it is then said again
    place.title = text;
    clearTimeout(this._fading);
    this._fading = setTimeout(() => write(place, ""), SHOWN_MS);
  }

  /**
   * Say what the buttons do now.
   * @param {boolean} away Nothing is known of the recorder.
   */
  say(away) {
    const { shown } = this;
    const open = !away && shown.some((camera) => camera.recording);
    const all = shown.length > 1;
    const button = byId("record");
    button.classList.toggle("more", open);
    write(button.querySelector("span"), open ? (all ? words.extendAll : words.extend) : all ? words.recordAll : words.record);
    if (byId("stop").hidden !== open) return;
    const focused = document.activeElement === byId("stop");
    byId("stop").hidden = !open;
    if (focused && !open) button.focus();
  }
}
