/** The buttons below the picture. */

import { make, mark, write } from "../dom.js";
import { icon, swap } from "../icons.js";
import { SPEEDS } from "./player.js";
import { stamp, tell, words } from "./strings.js";

/**
 * A button with a picture.
 * @param {string} name Of the icon.
 * @param {string} label
 * @param {() => void} act
 * @param {string} [key] That does the same.
 * @returns {HTMLButtonElement}
 */
export function tool(name, label, act, key = "") {
  const button = make("button", { type: "button", class: "tool", "data-act": name }, icon(name));
  if (key) mark(button, "aria-keyshortcuts", key);
  button.addEventListener("click", act);
  button.addEventListener("mousedown", (event) => event.preventDefault()); // Space shall go on to play and pause
  rename(button, label, key);
  return button;
}

const rename = (button, label, key = button.getAttribute("aria-keyshortcuts") ?? "") => {
  mark(button, "aria-label", label);
  mark(button, "title", key ? `${label} (${key})` : label);
};

export class Controls {
  /** @param {Object<string, (value?: number) => void>} acts back, on, backward, play, speed, boxes, sound, full. */
  constructor(acts) {
    this._play = tool("play", words.play, acts.play, "Space");
    this._play.classList.add("main");
    this._backward = tool("backward", words.backward, acts.backward, "J");
    this._back = tool("stepBack", words.stepBack, acts.back, ",");
    this._on = tool("stepOn", words.stepOn, acts.on, ".");
    this._boxes = tool("boxes", words.boxesOff, acts.boxes, "B");
    this._sound = tool("sound", words.soundOff, acts.sound, "M");
    this._full = tool("full", words.full, acts.full, "F");
    this._speed = make("select", { "aria-label": words.speed, title: words.speed }, ...SPEEDS.map((speed) => make("option", { value: String(speed) }, tell.speed(speed))));
    this._speed.addEventListener("change", () => {
      acts.speed(Number(this._speed.value));
      this._speed.blur(); // the keys belong to the player again
    });
    this._moment = make("strong");
    this._place = make("span", { class: "place" });
    this._number = make("span", { class: "number" });
    this.element = make(
      "div",
      { class: "controls" },
      make("div", { class: "group" }, this._back, this._backward, this._play, this._on),
      make("p", { class: "readout" }, this._moment, this._place, this._number),
      make("div", { class: "group ends" }, this._speed, this._boxes, this._sound, this._full),
    );
  }

  /**
   * @param {import("./player.js").Player} player
   * @param {{boxes: boolean, looked: boolean, sounds: boolean, muted: boolean, full: boolean}} shown
   */
  say(player, shown) {
    const forward = player?.direction > 0;
    swap(this._play.firstElementChild, forward ? "pause" : "play");
    rename(this._play, forward ? words.pause : words.play);
    const backward = player?.direction < 0;
    swap(this._backward.firstElementChild, backward ? "pause" : "backward");
    rename(this._backward, backward ? words.pause : words.backward);
    for (const button of [this._play, this._backward, this._back, this._on, this._speed]) button.disabled = !player;
    const speed = String(player?.speed ?? 1);
    if (this._speed.value !== speed) this._speed.value = speed;
    mark(this._boxes, "aria-pressed", String(shown.looked && shown.boxes));
    mark(this._boxes, "aria-disabled", shown.looked ? null : "true");
    rename(this._boxes, shown.looked ? (shown.boxes ? words.boxesOff : words.boxesOn) : words.boxesNone);
    this._sound.hidden = !(player?.sounds && shown.sounds);
    swap(this._sound.firstElementChild, shown.muted ? "mute" : "sound");
    rename(this._sound, shown.muted ? words.soundOn : words.soundOff);
    swap(this._full.firstElementChild, shown.full ? "fullOff" : "full");
    rename(this._full, shown.full ? words.fullOff : words.full);
  }

  /**
   * @param {Date} moment Of the picture on the screen.
   * @param {number} at Milliseconds from the first.
   * @param {number} duration
   * @param {number} index
   * @param {number} count
   */
  at(moment, at, duration, index, count) {
    write(this._moment, tell.exact(moment));
    write(this._place, `${stamp(at)} ${tell.of(duration)}`);
    write(this._number, tell.picture(index, count));
  }
}
