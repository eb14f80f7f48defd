"""A page in a browser, used as people use it: by mouse, keyboard and what they drop."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.conformance.streams.browser import Browser

PATIENCE_SECONDS = 30
POLL_SECONDS = 0.05
DESKTOP = (1280, 860)
PHONE = (360, 740)

KEYS = {
    "Tab": 9,
    "Enter": 13,
    "Escape": 27,
    " ": 32,
    "End": 35,
    "Home": 36,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Delete": 46,
}
TEXTS = {"Enter": "\r", " ": " "}
"""What a key types; the others type nothing."""


WATCH = """
window.wrong = [];
addEventListener("error", ({message}) => wrong.push(message));
addEventListener("unhandledrejection", ({reason}) => wrong.push(String(reason)));
addEventListener("securitypolicyviolation", ({effectiveDirective, blockedURI}) =>
  wrong.push(`${effectiveDirective}: ${blockedURI}`));
"""
"""What a page must never do: it is collected in `wrong`."""


@dataclass(frozen=True, slots=True)
class Page:
    """A tab. Selectors are CSS; what is not there is waited for."""

    browser: Browser
    target: str
    session: str

    @classmethod
    def open(cls, browser: Browser, address: str, script: str = "") -> Self:
        """Open an address in a new tab, as wide as a desktop's.

        A script runs in each document before its own do.
        """
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        page = cls(browser, target, attached["sessionId"])
        page._call("Page.enable")
        page._call("Page.addScriptToEvaluateOnNewDocument", source=WATCH + script)
        page.resize(DESKTOP)
        page.go(address)
        return page

    def go(self, address: str) -> None:
        """Go to an address; another fragment alone loads nothing anew."""
        self._call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def close(self) -> None:
        """Close the tab, as a crash does: nothing of the page runs any more."""
        with suppress(RuntimeError):
            self.browser.call("Target.closeTarget", targetId=self.target)

    def throttle(self, bytes_a_second: int) -> None:
        """Send no faster than this."""
        self._call("Network.enable")
        self._call(
            "Network.emulateNetworkConditions",
            offline=False,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=bytes_a_second,
        )

    def resize(self, size: tuple[int, int], sharpness: int = 1) -> None:
        """Give the tab a size in CSS px."""
        width, height = size
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=sharpness,
            mobile=size == PHONE,
        )

    def prefer(self, scheme: str) -> None:
        """Prefer light or dark colours, and no motion."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self._call("Emulation.setEmulatedMedia", features=features)

    def evaluate(self, expression: str) -> Any:
        """Return what an expression, or its promise, gives in the page.

        Raises RuntimeError with what it throws.
        """
        done = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"].get("exception", {}).get("description"))
        return done["result"].get("value")

    def wait(self, expression: str, seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait until an expression gives something true, and return it. Raises AssertionError."""
        deadline = time.monotonic() + seconds
        look = (
            f"(async () => {{ const v = await ({expression}); return v instanceof Node || v }})()"
        )
        while not (found := self.evaluate(look)):
            if time.monotonic() > deadline:
                shown = self.evaluate("document.body.innerText")
                raise AssertionError(f"waited {seconds} s in vain for {expression} in:\n{shown}")
            time.sleep(POLL_SECONDS)
        return found

    def text(self, selector: str) -> str:
        """Return an element's text as it is shown."""
        return str(self.wait(f"{_find(selector)}?.innerText"))

    def count(self, selector: str) -> int:
        """Return how many elements there are now."""
        return int(self.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length"))

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse."""
        self.wait(f"{_find(selector)}?.checkVisibility()")
        self.evaluate(f"{_find(selector)}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        box = self.evaluate(f"{_find(selector)}.getBoundingClientRect().toJSON()")
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self._call("Input.dispatchMouseEvent", type=kind, **at, **button)

    def hover(self, selector: str, fraction: float) -> None:
        """Move the mouse to a fraction of an element's width."""
        box = self.evaluate(f"{_find(selector)}.getBoundingClientRect().toJSON()")
        at = {"x": box["x"] + box["width"] * fraction, "y": box["y"] + box["height"] / 2}
        self._call("Input.dispatchMouseEvent", type="mouseMoved", **at)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other; `Shift+Tab` holds the shift key."""
        for key in keys:
            *held, name = key.split("+") if len(key) > 1 else [key]
            code = KEYS.get(name, ord(name[0].upper()))
            shared = {"key": name, "windowsVirtualKeyCode": code, "modifiers": 8 if held else 0}
            text = TEXTS.get(name, name if len(name) == 1 else "")
            self._call("Input.dispatchKeyEvent", type="keyDown", text=text, **shared)
            self._call("Input.dispatchKeyEvent", type="keyUp", **shared)

    def write(self, text: str) -> None:
        """Type a text where the focus is."""
        self._call("Input.insertText", text=text)

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select."""
        self.evaluate(
            f"(select => {{ select.value = {json.dumps(value)};"
            "select.dispatchEvent(new Event('input', {bubbles: true}));"
            f"select.dispatchEvent(new Event('change', {{bubbles: true}})) }})({_find(selector)})"
        )

    def drop(self, paths: Sequence[Path], accepted: str) -> None:
        """Drag files and folders from another window over this one, and let them go.

        `accepted` is true once the page shows that it takes them: what is let go before is not.
        """
        data = {"items": [], "files": [str(each) for each in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver"):
            self._drag(kind, data)
        self.wait(accepted)
        for kind in ("dragOver", "drop"):
            self._drag(kind, data)

    def _drag(self, kind: str, data: dict[str, Any]) -> None:
        self._call("Input.dispatchDragEvent", type=kind, x=150, y=400, data=data)

    def focused(self) -> str:
        """Return what has the focus: its label or text."""
        label = "(e => e.getAttribute('aria-label') || e.innerText || e.id)(document.activeElement)"
        return str(self.evaluate(label))

    def capture(self) -> bytes:
        """Return what is shown, as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **params)


def _find(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"
