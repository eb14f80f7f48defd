"""The gallery as somebody uses it who sees it in a browser."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lib.tools import ROOT
from tests.conformance.streams.browser import Browser
from tests.e2e.deployed import PATIENCE_SECONDS
from tests.support.page import Page

AXE = ROOT / "node_modules/axe-core/axe.min.js"
ACCEPTED = "document.body.classList.contains('dropping')"
VIOLATIONS = """
axe.run().then(({violations}) => violations.map(({id, nodes}) =>
  `${id}: ${nodes.map(({target, failureSummary}) => `${target} ${failureSummary}`).join("; ")}`))
"""


@dataclass(frozen=True, slots=True)
class Gallery:
    """The gallery in one tab. Files are known by their names, which are shown."""

    page: Page
    address: str

    @classmethod
    def visit(cls, browser: Browser, address: str, script: str = "") -> Self:
        """Open it in a tab of its own; a script runs before the page's own do."""
        page = Page.open(browser, address, script)
        page.wait("document.querySelector('#status').options.length > 1")
        return cls(page, address)

    def drop(self, *paths: Path) -> None:
        """Drop files and folders."""
        self.page.drop(paths, ACCEPTED)

    def upload(self, path: Path, *statuses: str) -> None:
        """Drop a file, and wait until its card has one of the statuses, READY by itself."""
        self.drop(path)
        self.wait_for(path.name, *statuses)

    def wait_for(self, name: str, *statuses: str) -> None:
        """Wait until a card is there, and its asset in one of the statuses, READY by itself."""
        wanted = json.dumps(list(statuses or ("READY",)))
        self.page.wait(f"{wanted}.includes({card(name)}?.dataset.status)", PATIENCE_SECONDS)

    def open(self, name: str) -> None:
        """Click a card, and wait for its asset's page."""
        self.page.evaluate(f"{card(name)}.setAttribute('data-wanted', '')")
        self.page.click("[data-wanted]")
        self.page.evaluate(f"{card(name)}?.removeAttribute('data-wanted')")
        self.page.wait(f"document.querySelector('#asset h2')?.textContent === {json.dumps(name)}")

    def back(self) -> None:
        """Go back to the grid."""
        self.page.click("#back")
        self.page.wait("document.querySelector('#grid').checkVisibility()")

    def names(self) -> list[str]:
        """Return the names on the cards, in their order."""
        texts = "[...document.querySelectorAll('.card .name')].map(each => each.textContent)"
        names: list[str] = self.page.evaluate(texts)
        return names

    def facts(self) -> dict[str, str]:
        """Return what the open asset's page knows of it."""
        pairs: dict[str, str] = self.page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('#asset dt')]"
            ".map(each => [each.textContent, each.nextElementSibling.textContent]))"
        )
        return pairs

    def violations(self) -> list[str]:
        """Return what axe-core finds wrong with what is shown."""
        self.page.evaluate(f"{AXE.read_text(encoding='utf-8')};1")
        found: list[str] = self.page.evaluate(VIOLATIONS)
        return found


def card(name: str) -> str:
    """Return an expression for the card of a name."""
    return (
        "[...document.querySelectorAll('.card')]"
        f".find(each => each.querySelector('.name')?.textContent === {json.dumps(name)})"
    )
