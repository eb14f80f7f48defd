// The storyboard of a video: small pictures on sprite sheets, and a WebVTT file that says when.

const CUE = /((?:\d+:)?\d+:[\d.]+) --> ((?:\d+:)?\d+:[\d.]+)[^\n]*\n([^\n]+)#xywh=(\d+),(\d+),(\d+),(\d+)/g;

const seconds = (text) => text.split(":").reduce((sum, each) => 60 * sum + Number(each), 0);

/** Return the cues of a storyboard; addresses are relative to that of the file. */
export function readCues(text, base) {
  return [...text.replace(/\r\n?/g, "\n").matchAll(CUE)].map(([, start, end, sheet, ...box]) => {
    const [x, y, width, height] = box.map(Number);
    const url = new URL(sheet.trim(), base).href;
    return { start: seconds(start), end: seconds(end), url, x, y, width, height };
  });
}

/** Load a storyboard. Returns a function that shows the picture of a second in an element. */
export async function loadStoryboard(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the storyboard answers with ${answer.status}`);
  const cues = readCues(await answer.text(), url);
  return (element, at) => {
    const cue = cues.find(({ end }) => at < end) ?? cues.at(-1);
    if (!cue) return;
    element.style.width = `${cue.width}px`;
    element.style.height = `${cue.height}px`;
    element.style.backgroundImage = `url("${CSS.escape(cue.url)}")`;
    element.style.backgroundPosition = `-${cue.x}px -${cue.y}px`;
  };
}
