/** What is told of a clip beside the picture: why it was recorded, and whether it is complete. */

import { make, mark, write } from "../dom.js";
import { icon, swap } from "../icons.js";
import { copyOf } from "./copy.js";
import { because, facts as factWords, proofOf, stamp, tell, words } from "./strings.js";

const ICONS = { good: "good", warn: "warn", "": "open" };

/** The moments that led to a clip; each leads to its picture. */
export class Why {
  /** @param {(time: number) => void} go Milliseconds from the first picture. */
  constructor(go) {
    this._go = go;
    this._list = make("ol");
    this.element = make("section", { class: "why", "aria-labelledby": "clip-why" }, make("h2", { id: "clip-why" }, words.why), this._list);
    this._told = "";
  }

  /** @param {Object} detail */
  show(detail) {
    const told = JSON.stringify(detail.triggers);
    if (told === this._told) return;
    this._told = told;
    const inTime = [...detail.triggers].sort((one, other) => one.at_s - other.at_s);
    this._list.replaceChildren(...inTime.map((each) => this._one(each)));
    if (!detail.triggers.length) this._list.append(make("li", { class: "soft" }, words.whyNone));
  }

  _one(trigger) {
    const { title, lines } = because(trigger);
    const at = trigger.at_s * 1000;
    const moment = make("span", { class: "at" }, stamp(Math.max(0, at)));
    const head = make("button", { type: "button", class: "moment", "data-reason": trigger.reason }, make("i"), make("strong", {}, title), moment);
    mark(head, "aria-label", tell.goTo(title, Math.max(0, at)));
    head.addEventListener("click", () => this._go(at));
    return make("li", {}, head, ...lines.map((line) => make("p", { class: "soft" }, line)));
  }
}

/** The proof of exactness: in a sentence, then in a few, then in numbers for whoever wants them. */
export class Proof {
  /** @param {(text: string) => void} copied Something was put on the clipboard. */
  constructor(copied) {
    this._copied = copied;
    this._icon = icon("open");
    this._title = make("strong");
    this._lines = make("ul");
    this._facts = make("dl");
    const more = make("details", {}, make("summary", {}, words.details), this._facts);
    const verdict = make("p", { class: "verdict" }, this._icon, this._title);
    this._verdict = verdict;
    this.element = make("section", { class: "proof", "aria-labelledby": "clip-proof" }, make("h2", { id: "clip-proof" }, words.proof), verdict, this._lines, more);
  }

  /** @param {Object} detail */
  show(detail) {
    const { tone, title, lines } = proofOf(detail);
    mark(this._verdict, "data-tone", tone);
    swap(this._icon, ICONS[tone]);
    write(this._title, title);
    const told = lines.map((line) => `${line.tone}${line.text}`).join("\n");
    if (told !== this._told) this._lines.replaceChildren(...lines.map((line) => make("li", { "data-tone": line.tone }, line.text)));
    this._told = told;
    const rows = JSON.stringify([detail.proof, detail.file_name, detail.bytes]);
    if (rows !== this._rows) this._facts.replaceChildren(...this._numbers(detail));
    this._rows = rows;
  }

  _numbers(detail) {
    const { proof, media } = detail;
    const size = media?.width ? ` ${media.width}×${media.height}` : "";
    const rows = [
      [factWords.pictures, typeof proof.written === "number" ? factWords.counted(proof) : ""],
      [factWords.file, detail.file_name],
      [factWords.size, detail.bytes ? tell.bytes(detail.bytes) : ""],
      [factWords.made, proof.version ? `smartrec ${proof.version}` : ""],
      [factWords.camera, `${(proof.codec ?? "").toUpperCase()}${size}`],
      [factWords.encoder, ["copy", "remux"].includes(proof.encoder) ? factWords.untouched : proof.encoder],
      [factWords.detector, proof.engine && proof.engine !== "none" ? proof.engine : factWords.none],
      [factWords.model, proof.model_digest, true],
      [factWords.settings, proof.config_digest, true],
      [factWords.clip, detail.id, true],
      [factWords.event, detail.event_id, true],
      [factWords.boot, proof.boot_id, true],
    ];
    const made = rows.filter(([, value]) => value).flatMap(([name, value, code]) => [make("dt", {}, name), make("dd", code ? { class: "code" } : {}, value)]);
    return proof.sha256 ? [...this._fingerprint(proof.sha256), ...made] : made;
  }

  _fingerprint(digest) {
    const code = make("span", { class: "digest" }, digest);
    const copy = copyOf(code, this._copied);
    return [make("dt", {}, factWords.fingerprint), make("dd", { class: "code" }, code, copy), make("dd", { class: "soft" }, factWords.fingerprintHelp)];
  }
}
