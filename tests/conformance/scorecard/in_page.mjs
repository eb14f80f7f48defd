// What a browser shows of a file: frames as data URLs of PNG, null where it shows nothing.

const FRAMES = 4;
const PATIENCE_MS = 5_000;

function draw(source, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").drawImage(source, 0, 0);
  return canvas.convertToBlob({ type: "image/png" }).then((blob) => new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(blob);
  }));
}

// Returns the first frames of an image.
export async function showImage(url) {
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => null);
  if (!image.naturalWidth) return null;
  const frames = [await draw(image, image.naturalWidth, image.naturalHeight)];
  const response = await fetch(url);
  const type = response.headers.get("Content-Type");
  if (!(await ImageDecoder.isTypeSupported(type))) return frames;
  const decoder = new ImageDecoder({ data: await response.arrayBuffer(), type });
  await decoder.tracks.ready.catch(() => null);
  const { frameCount = 1 } = decoder.tracks.selectedTrack ?? {};
  for (let index = 1; index < Math.min(frameCount, FRAMES); index += 1) {
    const { image: frame } = await decoder.decode({ frameIndex: index });
    frames.push(await draw(frame, frame.displayWidth, frame.displayHeight));
  }
  return frames;
}

// Returns the size, the duration in s and one frame of a video.
export async function showVideo(url, time) {
  const video = document.createElement("video");
  const event = (name) => new Promise((done) => {
    video.addEventListener(name, () => done(true), { once: true });
    video.addEventListener("error", () => done(false), { once: true });
    setTimeout(() => done(false), PATIENCE_MS);
  });
  const loaded = event("loadeddata");
  video.muted = true;
  video.src = url;
  if (!(await loaded)) return null;
  const sought = event("seeked");
  video.currentTime = time;
  await sought;
  const { videoWidth: width, videoHeight: height, duration } = video;
  return { width, height, duration, frame: width ? await draw(video, width, height) : null };
}
