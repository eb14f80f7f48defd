// A player for streams, files and sounds: play, seek by pictures, rungs, subtitles, full screen.

import { h, time } from "./dom.js";
import { loadStoryboard } from "./storyboard.js";

const SKIP = 5; // s that an arrow key moves
const AUTO = "-1";

/**
 * Make a player. `media` has `kind` (video or audio), `stream`, `file`, `poster`, `storyboard`,
 * `waveform` (addresses, or nothing), `subtitles`, `duration_ms`, `width`, `height`, and its `name`.
 */
export function makePlayer(media) {
  const isVideo = media.kind === "video";
  const element = h(isVideo ? "video" : "audio", {
    crossorigin: "anonymous",
    preload: "metadata",
    playsinline: true,
    poster: media.poster,
    "aria-label": media.name,
    tabindex: "-1",
  });
  if (isVideo && media.width) element.style.aspectRatio = `${media.width} / ${media.height}`;
  const ends = [];
  const play = h("button", { type: "button" }, "Play");
  const seek = h("input", { type: "range", min: 0, step: "any", value: 0, "aria-label": "Seek" });
  const clock = h("span", { class: "clock" }, time(0));
  const mute = h("button", { type: "button", "aria-pressed": "false" }, "Mute");
  const rungs = h("select", { hidden: true });
  const texts = h("select", { hidden: true });
  const full = h("button", { type: "button", hidden: !isVideo }, "Full screen");
  const peek = h("div", { class: "peek", hidden: true, "aria-hidden": "true" });
  const bar = h("div", { class: "seek" }, seek, peek);
  if (media.waveform) bar.prepend(h("img", { class: "wave", src: media.waveform, alt: "" }));
  const said = h("p", { class: "notice", role: "alert", hidden: true });
  const controls = h(
    "div",
    { class: "controls", role: "group", "aria-label": "Player" },
    ...[play, bar, clock, mute],
    h("label", { hidden: true }, h("span", { class: "hidden" }, "Quality"), rungs),
    h("label", { hidden: true }, h("span", { class: "hidden" }, "Subtitles"), texts),
    full,
  );
  const box = h("div", { class: `player ${media.kind}`, onKeydown: onKey }, element, controls, said);

  const length = () =>
    Number.isFinite(element.duration) ? element.duration : (media.duration_ms ?? 0) / 1000;
  const toggle = () => (element.paused ? element.play().catch(failed) : element.pause());
  const go = (to) => (element.currentTime = Math.min(Math.max(0, to), length()));

  play.addEventListener("click", toggle);
  element.addEventListener("click", toggle);
  for (const event of ["play", "pause", "ended"]) element.addEventListener(event, showPlaying);
  for (const event of ["timeupdate", "durationchange", "seeked"])
    element.addEventListener(event, showTime);
  element.addEventListener("error", () => failed(element.error));
  seek.addEventListener("input", () => go(Number(seek.value)));
  mute.addEventListener("click", () => {
    element.muted = !element.muted;
    mute.setAttribute("aria-pressed", String(element.muted));
  });
  full.addEventListener("click", () =>
    document.fullscreenElement ? document.exitFullscreen() : box.requestFullscreen().catch(failed),
  );
  element.textTracks.addEventListener("addtrack", offerTexts);
  texts.addEventListener("change", () => {
    for (const [index, track] of spoken().entries())
      track.mode = index === Number(texts.value) ? "showing" : "disabled";
  });
  if (media.storyboard) showPeeks(media.storyboard);
  showTime();
  load();

  async function load() {
    if (media.stream) {
      const { default: Hls } = await import("hls.js");
      if (Hls.isSupported()) return stream(Hls);
      if (element.canPlayType("application/vnd.apple.mpegurl")) return (element.src = media.stream);
    }
    if (!media.file) return failed(new Error("nothing here that this browser plays"));
    for (const { url, language } of media.subtitles ?? [])
      element.append(h("track", { kind: "subtitles", src: url, srclang: language, label: language }));
    element.src = media.file;
    return offerTexts();
  }

  // Its worker would be made of a text, which this page's policy forbids.
  function stream(Hls) {
    const hls = new Hls({ enableWorker: false, capLevelToPlayerSize: false });
    ends.push(() => hls.destroy());
    hls.on(Hls.Events.MANIFEST_PARSED, () => offerRungs(hls));
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => showRung(hls, level));
    hls.on(Hls.Events.ERROR, (_, { fatal, details }) => {
      if (!fatal) return;
      hls.destroy();
      if (media.file) element.src = media.file;
      else failed(new Error(details));
    });
    hls.loadSource(media.stream);
    hls.attachMedia(element);
  }

  function offerRungs(hls) {
    const rung = ({ width, height }) => `${Math.min(width, height) || "?"}p`;
    const options = hls.levels.map((level, index) => h("option", { value: index }, rung(level)));
    rungs.replaceChildren(h("option", { value: AUTO }, "Auto"), ...options.reverse());
    rungs.hidden = rungs.parentElement.hidden = hls.levels.length < 2;
    rungs.addEventListener("change", () => (hls.currentLevel = Number(rungs.value)));
  }

  function showRung(hls, level) {
    const { width, height } = hls.levels[level];
    const auto = rungs.querySelector(`option[value="${AUTO}"]`);
    if (auto) auto.textContent = hls.autoLevelEnabled ? `Auto (${Math.min(width, height)}p)` : "Auto";
    box.dataset.rung = Math.min(width, height);
  }

  function spoken() {
    return [...element.textTracks].filter(({ kind }) => kind === "subtitles" || kind === "captions");
  }

  function offerTexts() {
    const named = spoken().map(({ label, language }, index) =>
      h("option", { value: index }, label || language || `Track ${index + 1}`),
    );
    texts.replaceChildren(h("option", { value: AUTO }, "No subtitles"), ...named);
    texts.hidden = texts.parentElement.hidden = !named.length;
  }

  async function showPeeks(url) {
    const show = await loadStoryboard(url).catch(() => null);
    if (!show) return; // a seek bar without pictures
    const at = (fraction) => {
      show(peek, fraction * length());
      peek.style.insetInlineStart = `${fraction * 100}%`;
      peek.hidden = false;
    };
    seek.addEventListener("pointermove", ({ offsetX }) =>
      at(Math.min(1, Math.max(0, offsetX / seek.clientWidth))),
    );
    seek.addEventListener("input", () => at(Number(seek.value) / (length() || 1)));
    for (const event of ["pointerleave", "blur"])
      seek.addEventListener(event, () => (peek.hidden = true));
  }

  function showPlaying() {
    play.textContent = element.paused ? "Play" : "Pause";
  }

  function showTime() {
    seek.max = length();
    seek.value = element.currentTime;
    const text = `${time(1000 * element.currentTime)} / ${time(1000 * length())}`;
    clock.textContent = text;
    seek.setAttribute("aria-valuetext", text.replace("/", "of"));
  }

  function onKey(event) {
    const { key, target } = event;
    if (target.tagName === "SELECT" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === " " && target.tagName !== "BUTTON") toggle();
    else if (key === "ArrowLeft" || key === "ArrowRight") {
      go(element.currentTime + (key === "ArrowLeft" ? -SKIP : SKIP));
    } else return;
    event.preventDefault();
  }

  function failed(error) {
    if (error?.name === "AbortError") return;
    said.textContent = `It can't be played here: ${error?.message || "unknown reason"}`;
    said.hidden = false;
  }

  function close() {
    for (const end of ends) end();
    element.removeAttribute("src");
    element.load();
  }

  return { box, close };
}
