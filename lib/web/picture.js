// A picture in the formats and widths that were made of it, and what is there before it arrives.

import { h, safeUrl } from "./dom.js";

const FORMATS = ["image/avif", "image/webp", "image/jpeg", "image/png", "image/gif"];

const isWhole = ({ name, kind, url }) => kind === "image" && safeUrl(url) && /^\d+\./.test(name);

/** The renditions that show all of an image, by format, the best first; of each by width. */
export function formatsOf(renditions) {
  const whole = renditions.filter(isWhole);
  const widest = Math.max(0, ...whole.map((each) => each.width));
  return FORMATS.map((mime) => ({
    mime,
    made: whole.filter((each) => each.mime === mime).sort((a, b) => a.width - b.width),
  })).filter(({ made }) => made.at(-1)?.width === widest);
}

const srcset = (made) => made.map(({ url, width }) => `${url} ${width}w`).join(", ");

export function picture(formats, alt) {
  const { made } = formats.at(-1);
  const { url, width, height } = made.at(-1);
  const sources = formats
    .slice(0, -1)
    .map((each) => h("source", { type: each.mime, srcset: srcset(each.made), sizes: "100vw" }));
  const image = h("img", { srcset: srcset(made), sizes: "100vw", src: url, width, height, alt });
  return h("picture", {}, ...sources, image);
}

/** Put the placeholder behind an image until it is there: the average colour, and the ThumbHash. */
export function withPlaceholder(image, { placeholder, has_alpha: hasAlpha, key, media_type: mediaType }) {
  if (hasAlpha && image) return h("div", { class: "picture alpha" }, image);
  const frame = h("div", { class: "picture" });
  const { color, data_uri: hash } = placeholder ?? {};
  if (/^#[0-9a-f]{6}$/i.test(color ?? "")) frame.style.backgroundColor = color;
  if (/^data:image\/png;base64,/.test(hash ?? ""))
    frame.append(h("img", { class: "hash", src: hash, alt: "", "aria-hidden": "true" }));
  const kind = /\.(\w{1,5})$/.exec(key)?.[1] ?? mediaType;
  if (!image) frame.append(h("span", { class: "kind", "aria-hidden": "true" }, kind));
  if (!image) return frame;
  const shown = image.tagName === "IMG" ? image : image.querySelector("img");
  shown.classList.add("arriving");
  const arrive = () => shown.classList.remove("arriving");
  if (shown.complete) arrive();
  else for (const event of ["load", "error"]) shown.addEventListener(event, arrive);
  frame.append(image);
  return frame;
}

/** Show an image as large as the window, to zoom into. */
export async function zoom(formats, alt) {
  const { default: PhotoSwipe } = await import("photoswipe");
  const { made } = formats.find(({ mime }) => mime === "image/webp") ?? formats.at(-1);
  const { url: src, width, height } = made.at(-1);
  new PhotoSwipe({
    dataSource: [{ src, srcset: srcset(made), width, height, alt }],
    showHideAnimationType: "fade",
    showAnimationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
    loop: false,
  }).init();
}
