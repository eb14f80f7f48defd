// Elements without markup: whatever comes from a file or its name is set as text, never parsed.

/** Make an element. Functions are listeners, booleans are attributes that are there or not. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((each) => each != null && each !== false));
  return element;
}

// Characters that show nothing, or turn around what others show: "gnp.exe" would read "exe.png".
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text of somebody else's: it keeps its own direction, and turns nothing else around. */
export const bdi = (text) => h("bdi", {}, String(text).replace(UNSEEN, "\ufffd"));

/** The one element of a page with this id. */
export const byId = (id) => document.getElementById(id);

/** Say something to who listens to the page rather than looks at it. */
export function announce(text) {
  byId("said").textContent = text;
}

/** An address of the API if it is one that a link or picture may have, else nothing. */
export function safeUrl(url) {
  if (!url || !URL.canParse(url, document.baseURI)) return undefined;
  return /^https?:$/.test(new URL(url, document.baseURI).protocol) ? url : undefined;
}

export function bytes(count) {
  if (count == null) return "";
  if (count < 1000) return `${count} B`;
  const power = Math.min(Math.floor(Math.log10(count) / 3), 4);
  const value = count / 1000 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${["", "kB", "MB", "GB", "TB"][power]}`;
}

export function time(ms) {
  const seconds = Math.max(0, Math.round((ms ?? 0) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

const DATE = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

export function date(iso) {
  const parsed = new Date(iso);
  return Number.isNaN(parsed.valueOf()) ? String(iso) : DATE.format(parsed);
}

/** A button that copies a text, and says so. */
export function copyButton(text, label) {
  const copy = async () => {
    const write = navigator.clipboard?.writeText(text) ?? Promise.reject();
    const said = await write.then(() => "Copied").catch(() => "Not allowed by the browser");
    button.textContent = said;
    announce(said);
    setTimeout(() => (button.textContent = label), 2000);
  };
  const button = h("button", { type: "button", class: "quiet", onClick: copy }, label);
  return button;
}

/** Ask before something that can't be undone; resolves to whether it is wanted. */
export function confirm(title, text, action) {
  return new Promise((answer) => {
    const dialog = h(
      "dialog",
      { "aria-labelledby": "asked", "aria-describedby": "explained", onClose: close },
      h("h2", { id: "asked" }, title),
      h("p", { id: "explained" }, ...text),
      h(
        "form",
        { method: "dialog", class: "row" },
        h("button", { value: "no", autofocus: true }, "Cancel"),
        h("button", { value: "yes", class: "danger" }, action),
      ),
    );
    function close() {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    }
    document.body.append(dialog);
    dialog.showModal();
  });
}
