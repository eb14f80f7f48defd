"""What the documents name exists: links and their anchors, files, modules, commands."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import jmespath
import pytest

from lib.domain.asset import AssetStatus
from lib.domain.errors import ErrorCode
from lib.domain.media import WarningCode
from lib.presets.model import AudioPreset, Box, ImagePreset, Limits, VideoPreset, Watermark

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "handlers", "layers", "lib", "resources", "tests", ".ci", ".github")
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("", *(f"{each}/**/" for each in FOLDERS))
    for path in ROOT.glob(f"{folder}*.md")
    if "node_modules" not in path.parts
)
CODE = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("handlers", "layers", "lib", "resources")
    for path in (ROOT / folder).rglob("*.*")
    if path.suffix in (".py", ".yml", ".js", ".mjs")
)

README_LINES = 180
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH = re.compile(rf"(?<![\w/.$-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./*{{}},-]*[\w/*}}]")
MODULE = re.compile(r"(?<![\w/.])(?:lib|tests|handlers)(?:\.[A-Za-z_]\w*)+")
RECORD = re.compile(r"docs/adr/\d{4}")
"""A decision by its number alone, as comments name it."""
EXAMPLES = {"handlers/tally.py", "handlers.tally"}
"""What a worked example in CONTRIBUTING.md adds."""
SCRIPT = re.compile(r"\bnpm run (?:-s )?([a-z]\w*)")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives a page's headings; none is there twice."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    found = [
        re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        for heading in HEADING.findall(prose)
    ]
    return {each.replace(" ", "-") for each in found}


def broken_links(name: str, text: str) -> Iterator[str]:
    for link in LINK.findall(text):
        if re.match(r"\w+:", link):
            continue
        address, _, anchor = link.partition("#")
        target = (ROOT / name).parent / address if address else ROOT / name
        there = target.exists() and (not anchor or anchor in anchors(target.read_text("utf-8")))
        if not there:
            yield link


def missing_paths(text: str) -> Iterator[str]:
    for found in PATH.findall(text):
        path = found.replace(".handler", ".py")  # as the template names a function
        if path in EXAMPLES:
            continue
        pattern = f"{path}-*" if RECORD.fullmatch(path) else path.rstrip("/")
        if not all(any(ROOT.glob(each)) for each in spelled_out(pattern)):
            yield path


def spelled_out(path: str) -> Iterator[str]:
    """Write `a/{b,c}` as `a/b` and `a/c`; what is filled in, `a/{name}`, may be anything."""
    braces = re.search(r"\{([^{}]*)\}", path)
    if not braces:
        yield path
        return
    for choice in braces[1].split(",") if "," in braces[1] else ["*"]:
        yield from spelled_out(f"{path[: braces.start()]}{choice}{path[braces.end() :]}")


def missing_modules(text: str) -> Iterator[str]:
    """Find what is neither a module nor a name that is written in one."""
    for dotted in MODULE.findall(text):
        names = dotted.split(".")
        if dotted in EXAMPLES or names[-1] in ("py", "mjs", "toml", "in", "txt"):
            continue
        for known in range(len(names), 0, -1):
            path = ROOT.joinpath(*names[:known])
            files = [path.with_suffix(".py"), path / "__init__.py"]
            if source := next((each for each in files if each.is_file()), None):
                rest = names[known:]
                written = source.read_text("utf-8")
                if not all(re.search(rf"\b{name}\b", written) for name in rest):
                    yield dotted
                break
        else:
            if not ROOT.joinpath(*names).is_dir():
                yield dotted


def queries(text: str) -> Iterator[str]:
    """Yield the JMESPath that `aws` is given in a page's commands."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for option, value in pairwise(shlex.split(block, comments=True)):
            if option == "--query":
                yield value.rstrip("); ")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_documents_links_lead_somewhere(name):
    assert list(broken_links(name, read(name))) == []


@pytest.mark.parametrize(
    "name", [*DOCUMENTS, *CODE, "serverless.yml", "presets.toml", "pyproject.toml"]
)
def test_files_and_modules_that_are_named_exist(name):
    assert list(missing_paths(read(name))) == []
    assert list(missing_modules(read(name))) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_that_are_named_exist(name):
    scripts = json.loads(read("package.json"))["scripts"]
    assert set(SCRIPT.findall(read(name))) <= set(scripts)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_queries_of_the_aws_command_can_be_read(name):
    for query in queries(read(name)):
        jmespath.compile(query)


def test_a_query_is_what_the_shell_makes_of_it():
    block = """```sh
x=$(aws s --query 'a[?b == 'c'].d' --output text); aws t --query "a[?b == '$1']"
```"""
    assert list(queries(block)) == ["a[?b == c].d", "a[?b == '$1']"]


def test_the_readme_is_short_and_leads_to_every_page():
    text = read("README.md")
    assert len(text.splitlines()) <= README_LINES
    pages = {f"docs/{each.name}" for each in (ROOT / "docs").glob("*.md")}
    assert pages | {"SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= set(LINK.findall(text))


def rows(name: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield what each row of a page's tables names in its first cell, and the other cells."""
    for line in re.findall(r"^\| (`.*) \|$", read(name), re.MULTILINE):
        first, *others = line.split(" | ")
        yield re.findall(r"`(\w+)`", first), others


def test_every_status_error_and_warning_has_its_row():
    named = [name for names, _ in rows("docs/statuses.md") for name in names]
    assert sorted(named) == sorted([*AssetStatus, *ErrorCode, *WarningCode])


def test_the_errors_say_whether_they_are_permanent():
    said = {
        name: others[0]
        for names, others in rows("docs/statuses.md")
        for name in names
        if name in ErrorCode.__members__
    }
    assert said == {each.name: "yes" if each.permanent else "no" for each in ErrorCode}


def test_every_field_of_a_preset_has_its_row():
    named = {name for names, _ in rows("docs/presets.md") for name in names}
    kinds = (Limits, ImagePreset, Box, Watermark, VideoPreset, AudioPreset)
    expected = {each.name for kind in kinds for each in fields(kind)}
    # A box is named by its table; tables have headings of their own.
    assert named == expected - {"name", "boxes", "watermark"}


@pytest.mark.parametrize(
    "link",
    [
        "docs/nowhere.md",
        "README.md#nowhere",
        "#nowhere",
        "../README.md",
        "docs/nowhere.md#two-commands",
    ],
)
def test_a_broken_link_is_found(link):
    assert list(broken_links("README.md", f"[here]({link})")) == [link]


def test_an_anchor_is_made_as_github_makes_it():
    text = (
        "# The day's budget\n## How to add …\n### [NAME.image.boxes.BOX]\n```sh\n# no heading\n```"
    )
    assert anchors(text) == {"the-days-budget", "how-to-add-", "nameimageboxesbox"}


@pytest.mark.parametrize(
    "path", ["lib/nowhere.py", "tests/{unit,nowhere}/conftest.py", "docs/adr/9999"]
)
def test_a_missing_path_is_found(path):
    assert (
        len(list(missing_paths(f"see `{path}`, and `tests/unit`, https://example.com/lib/x"))) == 1
    )


def test_a_missing_module_is_found():
    named = "`lib.nowhere`, lib.presets, lib.presets.__main__.nothing, tests.unit"
    assert list(missing_modules(named)) == ["lib.nowhere", "lib.presets.__main__.nothing"]
