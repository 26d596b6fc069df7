/** The report for who helps: made by the recorder's machine, which takes a moment, and then kept by the browser. */

import { make, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { say, words } from "./strings.js";

const NAME = /filename="([^"/\\]+)"/;

export class Report {
  /** @param {import("../api.js")} api */
  constructor(api) {
    this._api = api;
    this._button = make("button", { type: "button", class: "act", title: words.reportMore }, icon("download"), make("span", {}, words.report));
    this._button.addEventListener("click", () => this._get());
    this._answer = make("p", { class: "answer", role: "status" });
    this.element = make("div", { class: "report" }, this._button, this._answer);
  }

  async _get() {
    if (this._busy) return;
    this._say(true, words.making);
    try {
      const reply = await fetch(this._api.at("report"));
      if (!reply.ok) throw (await reply.json()).error;
      save(await reply.blob(), NAME.exec(reply.headers.get("Content-Disposition") ?? "")?.[1] ?? "smartrec-report.zip");
      this._say(false);
    } catch (error) {
      console.debug("no report", error);
      this._say(false, error instanceof Error ? words.noReport : say.failed(error));
    }
  }

  _say(busy, text = "") {
    this._busy = busy;
    mark(this._button, "aria-disabled", busy ? "true" : null);
    write(this._answer, text);
  }
}

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
