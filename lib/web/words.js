// What the pipeline says by codes, in plain words. Codes that are not here show their own message.

export const STATUSES = {
  RECEIVED: { name: "Waiting", said: "Uploaded, and waiting for its turn." },
  PROCESSING: { name: "Working", said: "Its renditions are being made." },
  READY: { name: "Ready", said: "All renditions are made." },
  PARTIAL: { name: "Partly ready", said: "Some renditions could not be made." },
  FAILED: { name: "Failed", said: "It could not be made." },
  REJECTED: { name: "Rejected", said: "It is not taken." },
  DELETED: { name: "Deleted", said: "It was removed." },
};

export const TERMINAL = new Set(["READY", "PARTIAL", "FAILED", "REJECTED", "DELETED"]);

const REASONS = {
  UNSUPPORTED_MEDIA: "This is not a kind of picture, video or sound that can be shown on the web.",
  CORRUPT_MEDIA: "The file is damaged or incomplete, so it can't be read.",
  LIMIT_EXCEEDED: "The file is larger, longer or more complex than is allowed here.",
  SOURCE_GONE: "The file was removed before it was its turn.",
  ENCODE_FAILED: "This version can't be made from the file.",
  UNKNOWN_PRESET: "It asks for a preset that does not exist here. Try another one.",
  CONFIG_MISSING: "The preset needs a file, a watermark say, that is missing on the server.",
  THROTTLED: "The service is busy. It is tried again by itself.",
  SERVICE_UNAVAILABLE: "The service can't be reached. It is tried again by itself.",
  LEASE_HELD: "It is being worked on already.",
  BUDGET_SPENT: "Today's budget is used up. It goes on tomorrow by itself.",
  DEADLINE_NEAR: "It took too long. It is tried again by itself.",
  DISK_FULL: "There was too little room to work. It is tried again by itself.",
  OUTDATED: "The service changed meanwhile. It starts over by itself.",
  EXHAUSTED: "It failed several times, so it is given up. You can try it again.",
};

const WARNINGS = {
  INCOMPLETE: "A part of the file is missing: it was cut short.",
  DAMAGED: "Some damaged parts were left out.",
  TRACK_NOT_DECODED: "One track can't be played and was left out.",
  DURATION_DIFFERS: "The file claims another length than it has.",
  IGNORED: "Something in the file was not used.",
};

export const reasonOf = ({ code, message }) => REASONS[code] ?? message ?? code;
export const warningOf = ({ code, message }) => WARNINGS[code] ?? message ?? code;
export const statusOf = (status) => STATUSES[status] ?? { name: status, said: status };

/** What a rendition is for. */
export const KINDS = {
  image: "Picture", video: "Video file", audio: "Sound", poster: "Poster", stream: "Stream",
  rung: "Rung of the stream", storyboard: "Storyboard", preview: "Preview", subtitles: "Subtitles",
  waveform: "Waveform",
};

/** Names of facts in a probe, in the order in which they are shown. */
export const FACTS = {
  format: "Format", captured_at: "Taken", camera: "Camera", lens: "Lens", exposure_s: "Exposure",
  f_number: "Aperture", iso: "ISO", focal_length_mm: "Focal length", altitude_m: "Altitude",
  copyright: "Copyright", color_space: "Colour space", bit_depth: "Bits per colour", hdr: "HDR",
  has_alpha: "Transparency", frames: "Frames", frame_rate: "Frames a second", rotation: "Rotation",
  video_codec: "Video codec", audio_codec: "Audio codec", audio_channels: "Channels",
  sample_rate: "Sample rate",
};

const UNITS = {
  exposure_s: (value) => (value < 1 ? `1/${Math.round(1 / value)} s` : `${value} s`),
  f_number: (value) => `f/${Math.round(value * 10) / 10}`,
  focal_length_mm: (value) => `${value} mm`,
  altitude_m: (value) => `${Math.round(value)} m`,
  sample_rate: (value) => `${value / 1000} kHz`,
  rotation: (value) => `${value}°`,
  frame_rate: (value) => Math.round(value * 100) / 100,
  has_alpha: () => "yes",
};

/** Pairs of name and text of what a probe knows; no, nothing and unknown are left out. */
export function factsOf(probe) {
  return Object.entries(FACTS)
    .filter(([field]) => probe[field] != null && probe[field] !== false && probe[field] !== 0)
    .map(([field, name]) => [name, String(UNITS[field]?.(probe[field]) ?? probe[field])]);
}
