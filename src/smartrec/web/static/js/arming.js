/** Arming and disarming: whether a person begins a clip of what is shown. */

import { byId, mark, write } from "./dom.js";
import { say, words } from "./strings.js";

export class Arming {
  /** @param {import("./record.js").Record} record Asks the recorder, and says what it answers. */
  constructor(record) {
    this._record = record;
    byId("arm").addEventListener("click", () => this._turn(this._record.shown));
  }

  /**
   * A tile's own button.
   * @param {import("./cameras.js").Camera} camera
   */
  toggle(camera) {
    return this._turn([camera]);
  }

  _turn(cameras) {
    return this._record.ask(cameras.some((camera) => camera.armed) ? "disarm" : "arm", cameras.map((camera) => camera.id));
  }

  /** Say what the button does now. */
  say() {
    const { shown } = this._record;
    const armed = shown.some((camera) => camera.armed);
    const all = shown.length > 1;
    const button = byId("arm");
    button.hidden = !shown.length || shown.some((camera) => camera.armed === null);
    mark(button, "data-armed", armed ? "" : null);
    write(button.querySelector("span"), armed ? (all ? words.disarmAll : words.disarm) : all ? words.armAll : words.arm);
    mark(button, "title", all ? null : shown.length ? say.arming(shown[0]) : null);
  }
}

/** One camera's: a button in its caption, and what stands upon its picture while it is disarmed. */
export class Shield {
  /**
   * @param {HTMLElement} button
   * @param {HTMLElement} plate
   */
  constructor(button, plate) {
    this._button = button;
    this._plate = plate;
    button.append(byId("arm").querySelector("svg").cloneNode(true));
  }

  /**
   * @param {import("./cameras.js").Camera} camera
   * @param {boolean} away Nothing is known of the recorder.
   */
  say(camera, away) {
    this._button.hidden = camera.armed === null;
    mark(this._button, "data-armed", camera.armed ? "" : null);
    mark(this._button, "aria-label", camera.armed ? say.disarmOne(camera.name) : say.armOne(camera.name));
    mark(this._button, "title", say.arming(camera));
    this._plate.hidden = away || camera.armed !== false;
    write(this._plate.firstChild, words.disarmed);
    write(this._plate.lastChild, say.disarmedMore(camera));
  }
}
