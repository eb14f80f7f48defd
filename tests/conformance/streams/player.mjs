// Plays a rendition as a page would and reports what happened, as JSON. Times in s.
// One adapter a player says what it offers; what is done with it is the same for all.

const PATIENCE_MS = 20_000;
const STILL_MS = 4_000;
const NEARLY_S = 0.5;
const READY = document.readyState === "loading"
  ? new Promise((done) => addEventListener("DOMContentLoaded", done, { once: true }))
  : Promise.resolve();

// Resolves with an event, with null where none comes within the time a loaded machine needs.
function once(target, name, matches = () => true) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(null), PATIENCE_MS);
    function listen(...event) {
      if (matches(...event)) finish(event.at(-1));
    }
    function finish(event) {
      clearTimeout(timer);
      (target.removeEventListener ?? target.off).call(target, name, listen);
      resolve(event);
    }
    (target.addEventListener ?? target.on).call(target, name, listen);
  });
}

// What hls.js reports without the stream being at fault: a late decoder (a hole in the stream has a
// name of its own), and a download that it gave up when it was told to change tracks.
const NO_FAULTS = new Set(["bufferStalledError", "aborted"]);

async function openHls(video, url) {
  const hls = new Hls({ startLevel: 0, enableWorker: false });
  const errors = [];
  hls.on(Hls.Events.ERROR, (_, { type, details, fatal, error }) => {
    if (!NO_FAULTS.has(details)) {
      errors.push(`${type} ${details}${fatal ? " (fatal)" : ""}: ${error?.message}`);
    }
  });
  const parsed = once(hls, Hls.Events.MANIFEST_PARSED);
  hls.loadSource(url);
  hls.attachMedia(video);
  await parsed;
  return {
    errors,
    rungs: hls.levels.map(({ width, height, codecSet }) => ({ width, height, codecSet })),
    sounds: () => hls.audioTracks.map(({ lang, name }) => ({ lang, name })),
    texts: () => hls.subtitleTracks.map(({ lang, name }) => ({ lang, name })),
    async force(index) {
      const switched = once(hls, Hls.Events.LEVEL_SWITCHED, (_, { level }) => level === index);
      hls.nextLevel = index;
      return Boolean(await switched);
    },
    async hear(index) {
      if (hls.audioTrack === index) return true;
      const loaded = once(hls, Hls.Events.FRAG_BUFFERED, (_, { frag }) => frag.type === "audio");
      hls.audioTrack = index;
      return Boolean(await loaded);
    },
    async show(index) {
      const loaded = once(hls, Hls.Events.SUBTITLE_FRAG_PROCESSED);
      hls.subtitleDisplay = true;
      hls.subtitleTrack = index;
      await loaded;
    },
    close: () => hls.destroy(),
  };
}

async function openDash(video, url) {
  const { events } = dashjs.MediaPlayer;
  const player = dashjs.MediaPlayer().create();
  const errors = [];
  player.on(events.ERROR, ({ error }) => errors.push(error?.message ?? String(error)));
  player.on(events.PLAYBACK_ERROR, ({ error }) => errors.push(`media: ${error?.message}`));
  player.updateSettings({
    debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE },
    // A player that jumps over holes would hide them.
    // One that changes the rung by itself would race with a test that changes it.
    streaming: {
      gaps: { jumpGaps: false },
      text: { defaultEnabled: false },
      abr: { autoSwitchBitrate: { video: false } },
    },
  });
  const ready = once(player, events.STREAM_INITIALIZED);
  player.initialize(video, url, false);
  await ready;
  const list = (type) => player.getTracksFor(type)
    .map(({ lang, labels }) => ({ lang, name: labels?.[0]?.text ?? null }));
  const rungs = player.getRepresentationsByType("video");
  return {
    errors,
    rungs: rungs.map(({ width, height, codecs }) => ({ width, height, codecSet: codecs })),
    sounds: () => list("audio"),
    texts: () => list("text"),
    async force(index) {
      if (player.getCurrentRepresentationForType("video")?.id === rungs[index].id) return true;
      const switched = once(
        player,
        events.QUALITY_CHANGE_RENDERED,
        ({ mediaType, newRepresentation }) =>
          mediaType === "video" && newRepresentation.id === rungs[index].id,
      );
      player.setRepresentationForTypeById("video", rungs[index].id, true);
      return Boolean(await switched);
    },
    async hear(index) {
      const track = player.getTracksFor("audio")[index];
      if (player.getCurrentTrackFor("audio") === track) return true;
      const loaded = once(player, events.TRACK_CHANGE_RENDERED);
      player.setCurrentTrack(track);
      return Boolean(await loaded);
    },
    async show(index) {
      const loaded = once(video.textTracks, "change");
      player.setTextTrack(index);
      player.enableText(true);
      await loaded;
    },
    close: () => player.destroy(),
  };
}

async function openShaka(video, url) {
  const player = new shaka.Player();
  const errors = [];
  player.addEventListener("error", ({ detail }) => errors.push(`${detail.code} ${detail.data}`));
  await player.attach(video);
  player.configure({ abr: { enabled: false } });
  await player.load(url).catch(({ code, data }) => errors.push(`${code} ${data}`));
  const rungs = player.getVariantTracks();
  return {
    errors,
    rungs: rungs.map(({ width, height, codecs }) => ({ width, height, codecSet: codecs })),
    close: () => player.destroy(),
  };
}

async function openFile(video, url) {
  const errors = [];
  video.addEventListener("error", () => errors.push(video.error.message));
  const ready = once(video, "loadedmetadata");
  video.src = url;
  await ready;
  return { errors, loadsLazily: true, close: () => video.removeAttribute("src") };
}

const OPENERS = { hls: openHls, dash: openDash, shaka: openShaka, file: openFile };

async function open(kind, url) {
  await READY;
  const video = document.createElement("video");
  video.crossOrigin = "anonymous";
  document.body.append(video);
  return [video, await OPENERS[kind](video, url)];
}

const ranges = (buffered) =>
  Array.from({ length: buffered.length }, (_, index) => [buffered.start(index), buffered.end(index)]);

const holds = ({ buffered }, time) =>
  ranges(buffered).some(([start, end]) => start <= time && time < end);

async function until(holdsTrue, deadline = performance.now() + PATIENCE_MS) {
  while (!holdsTrue() && performance.now() < deadline) {
    await new Promise((done) => setTimeout(done, 20));
  }
  return holdsTrue();
}

// Waits until `done`, or until what `read` returns has been the same for a while.
async function whileChanging(read, done) {
  for (let before = NaN; before !== read() && !done(); ) {
    before = read();
    const deadline = performance.now() + STILL_MS;
    await until(() => done() || read() !== before, deadline);
  }
}

// Waits for all that a player fetches beforehand, so that a busy machine does not look like a stall.
function load(video, player) {
  if (player.loadsLazily) return until(() => video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA);
  const loaded = () => ranges(video.buffered).at(-1)?.[1] ?? 0;
  return whileChanging(loaded, () => loaded() > video.duration - NEARLY_S || player.errors.length);
}

// Plays from the start to the end.
export async function play(kind, url, rate) {
  const [video, player] = await open(kind, url);
  const times = [];
  const shown = [];
  let stalls = 0;
  const started = once(video, "playing");
  video.addEventListener("timeupdate", () => times.push(video.currentTime));
  video.addEventListener("waiting", () => {
    // Not counted: a busy decoder, which has the media that it is late with.
    if (times.length && !video.ended && !holds(video, video.currentTime + 0.1)) stalls += 1;
  });
  video.requestVideoFrameCallback(function next(_, { mediaTime }) {
    shown.push(mediaTime);
    video.requestVideoFrameCallback(next);
  });
  video.playbackRate = rate;
  await load(video, player);
  await video.play();
  await started;
  await whileChanging(() => video.currentTime, () => video.ended || stalls || player.errors.length);
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
  const report = {
    ended: video.ended,
    at: video.currentTime,
    duration: video.duration,
    times,
    shown,
    stalls,
    decoded: totalVideoFrames,
    dropped: droppedVideoFrames,
    buffered: ranges(video.buffered),
    rungs: player.rungs,
    errors: player.errors,
  };
  player.close();
  return report;
}

// Goes to each time in turn and reports the time of the frame that is shown there.
export async function seek(kind, url, times) {
  const [video, player] = await open(kind, url);
  const shown = [];
  await load(video, player);
  for (const time of times) {
    let frame = null;
    const sought = once(video, "seeked");
    video.requestVideoFrameCallback((_, { mediaTime }) => (frame = mediaTime));
    video.currentTime = time;
    await sought;
    await until(() => frame !== null);
    shown.push(frame);
  }
  player.close();
  return { shown, errors: player.errors };
}

// Has the player change to each rung while it plays, and reports the size of what it then shows.
export async function change(kind, url, rungs) {
  const [video, player] = await open(kind, url);
  video.playbackRate = 2;
  await video.play();
  const sizes = [];
  for (const index of rungs) {
    if (video.ended || video.duration - video.currentTime < 2) {
      video.currentTime = 0;
      await video.play();
    }
    const { height } = player.rungs[index];
    const changed = await player.force(index);
    await until(() => video.videoHeight === height);
    const before = video.currentTime;
    await until(() => video.currentTime > before || video.ended);
    sizes.push({ index, changed, width: video.videoWidth, height: video.videoHeight });
  }
  const ended = once(video, "ended");
  video.playbackRate = 4;
  const report = {
    sizes,
    ended: video.ended || Boolean(await ended),
    rungs: player.rungs,
    errors: player.errors,
  };
  player.close();
  return report;
}

// Lists the sound and text tracks, plays each sound, and reads the cues of each text.
export async function listen(kind, url) {
  const [video, player] = await open(kind, url);
  await video.play();
  await until(() => video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA);
  const heard = [];
  for (const index of player.sounds().keys()) {
    const decoded = video.webkitAudioDecodedByteCount;
    const changed = await player.hear(index);
    video.currentTime = 0;
    await video.play();
    heard.push(changed && (await until(() => video.webkitAudioDecodedByteCount > decoded)));
  }
  const cues = [];
  for (const index of player.texts().keys()) {
    await player.show(index);
    const shown = () => Array.from(video.textTracks).find(({ mode }) => mode !== "disabled");
    await until(() => shown()?.cues?.length);
    cues.push(Array.from(shown()?.cues ?? [], ({ startTime, endTime, text }) => ({ startTime, endTime, text })));
  }
  const report = { sounds: player.sounds(), texts: player.texts(), heard, cues, errors: player.errors };
  player.close();
  return report;
}

// Loads pictures and reports their sizes in px; [0, 0] for one that cannot be shown.
export function look(urls) {
  return Promise.all(urls.map(async (url) => {
    const picture = new Image();
    picture.crossOrigin = "anonymous";
    picture.src = url;
    await picture.decode().catch(() => null);
    return [picture.naturalWidth, picture.naturalHeight];
  }));
}
