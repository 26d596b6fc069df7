/** A few silent seconds of a clip, in the place of its thumbnail, while somebody looks at it. */

import { make } from "../dom.js";
import { turn } from "../picture.js";

const HESITATION_MS = 220;
const LENGTH_S = 3;
const LEAD_S = 0.5;
const PER_SECOND = 8;
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

export class Preview {
  /** @param {import("../api.js")} api */
  constructor(api) {
    this._api = api;
    this._end = null;
  }

  /**
   * @param {?Object} clip null: none.
   * @param {?HTMLElement} pane
   */
  show(clip, pane) {
    this._gone?.abort();
    if (!clip?.kind || CALM.matches) return;
    const gone = (this._gone = new AbortController());
    const timer = setTimeout(() => this._try(clip, pane, gone.signal), HESITATION_MS);
    gone.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  async _try(clip, pane, signal) {
    try {
      await this._begin(clip, pane, signal);
    } catch (error) {
      if (!signal.aborted) console.debug("no preview", error); // the thumbnail stays
    }
  }

  async _begin(clip, pane, signal) {
    const whole = await this._api.get(`clips/${encodeURIComponent(clip.id)}`, undefined, signal);
    const { media } = whole;
    if (!media || signal.aborted) return;
    const begin = Math.max(0, (clip.event_at_s ?? 0) - LEAD_S);
    const shown = media.kind === "frames" ? make("canvas", { class: "preview" }) : make("video", { class: "preview", playsinline: true, preload: "auto", disablepictureinpicture: true, disableremoteplayback: true });
    shown.setAttribute("aria-hidden", "true");
    turn(shown, media);
    signal.addEventListener("abort", () => {
      shown.classList.remove("there");
      shown.removeAttribute("src");
      shown.load?.(); // lets go of the connection
      shown.remove();
    });
    pane.append(shown);
    if (media.kind === "frames") await this._frames(clip, shown, begin, signal);
    else this._video(clip, media, shown, begin);
  }

  _video(clip, media, video, begin) {
    const from = begin + (media.first_s ?? 0);
    video.muted = true;
    video.src = `${this._api.at(`clips/${encodeURIComponent(clip.id)}/video`)}#t=${from.toFixed(2)},${(from + LENGTH_S).toFixed(2)}`;
    const again = () => {
      if (video.currentTime < from + LENGTH_S - 0.1 && !video.ended) return;
      video.currentTime = from;
      video.play().catch(() => {});
    };
    video.addEventListener("playing", () => video.classList.add("there"), { once: true });
    video.addEventListener("pause", again);
    video.addEventListener("ended", again);
    video.play().catch(() => {}); // it is then let go of, or cannot be played: the thumbnail stays
  }

  async _frames(clip, canvas, begin, signal) {
    const path = `clips/${encodeURIComponent(clip.id)}/frames`;
    const { at_ms: times } = await this._api.get(path, new URLSearchParams({ since: "0" }), signal);
    const chosen = sampled(times, begin * 1000);
    const kept = [];
    for (let turnNo = 0; !signal.aborted && chosen.length; turnNo += 1) {
      const i = turnNo % chosen.length;
      const begun = performance.now();
      kept[i] ??= await this._frame(`${path}/${chosen[i]}`, signal);
      if (signal.aborted) break;
      if (!canvas.classList.contains("there")) {
        [canvas.width, canvas.height] = [kept[i].width, kept[i].height];
        canvas.classList.add("there");
      }
      canvas.getContext("2d").drawImage(kept[i], 0, 0, canvas.width, canvas.height);
      await new Promise((done) => setTimeout(done, Math.max(0, 1000 / PER_SECOND - (performance.now() - begun))));
    }
    for (const bitmap of kept) bitmap?.close();
  }

  async _frame(path, signal) {
    const reply = await fetch(this._api.at(path), { signal });
    if (!reply.ok) throw new Error(`${reply.status}`);
    return createImageBitmap(await reply.blob(), { resizeWidth: 480, resizeQuality: "low" });
  }
}

/** Of the pictures of some seconds, so many a second. */
function sampled(times, begin) {
  const chosen = [];
  let due = begin;
  times.forEach((ms, n) => {
    if (ms < due - 1 || ms > begin + LENGTH_S * 1000) return;
    chosen.push(n);
    due = Math.max(due + 1000 / PER_SECOND, ms);
  });
  return chosen;
}
