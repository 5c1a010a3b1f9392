"""The reference pages of the four documents, made from their schemas and from the rules.

`python -m renderbus_core.package.reference docs/reference` writes them anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renderbus_core import rulebook, schema
from renderbus_core.package.dcc import Program, Tiles, programs
from renderbus_core.rulebook import Entry

_BASE = "task/base.json"
_SECTIONS = ("scene_info_render", "scene_info")
_TYPES = {
    "string": "text",
    "integer": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
    "null": "null",
}
_TILES = {
    Tiles.ALWAYS: "on no known condition",
    Tiles.LAYERS: "when layers are rendered apart",
    Tiles.GI: "with global illumination",
    Tiles.NONE: "no",
}
_CHAPTERS = {
    "documents": "Reading the documents",
    "fields": "What must agree between their fields",
    "scene": "The scene",
    "job": "The job",
    "files": "The files of the scene",
    "cloud": "What the cloud offers, and the account",
}
_INTRODUCTIONS = {
    "rules.md": (
        "What is looked at before money is spent, by `renderbus check` and by every burst. Errors "
        "stop a burst. A warning that a site has looked at can be made a remark: its name goes "
        "into `waive` in the section `[preflight]` of the configuration, as `name` or, for one "
        "project, as `project:name`. Some rules warn or stop, depending on what is found."
    ),
    "README.md": (
        "A task is described by four JSON documents. These pages list what stands in them; they "
        "are made from `schemas/` and are the same words that `renderbus check` judges by."
    ),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a document.

    Args:
        path: `asset[].local`; a name that varies stands in angle brackets.
        rule: what its schema says, references followed.
        required: whether its parent must hold it.
    """

    path: str
    rule: Mapping[str, Any]
    required: bool


def pages() -> Mapping[str, str]:
    """Return the text of each page by its file name."""
    texts = {
        "README.md": _index(),
        "rules.md": _rules(),
        "task.md": _page(_BASE, list(fields(_BASE))),
        **{f"{name}.md": _page(f"{name}.json", list(fields(f"{name}.json"))) for name in _OTHERS},
    }
    return texts | {_page_of(program): _program(program) for program in programs().values()}


def fields(name: str) -> Iterator[Field]:
    """Yield every member that a schema describes, parents before their members.

    Args:
        name: of the schema, as for `schema.load`.
    """
    return _members(expanded(schema.load(name), name), "")


def expanded(rule: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return a part of a schema with all references in it followed.

    Args:
        rule: the part; a member of its own wins over one that it refers to.
        file: the schema it stands in.
    """
    found: dict[str, Any] = {}
    if "$ref" in rule:
        there, _, pointer = rule["$ref"].partition("#")
        target_file = f"{file.rpartition('/')[0]}/{there}".lstrip("/") if there else file
        target: Any = schema.load(target_file)
        for part in filter(None, pointer.split("/")):
            target = target[part]
        # A comment stays with the part that it is written to.
        found = {k: v for k, v in expanded(target, target_file).items() if k != "$comment"}
    for part in rule.get("allOf", ()):
        found = _merged(found, expanded(part, file))
    own = {key: value for key, value in rule.items() if key not in {"$ref", "allOf"}}
    if "properties" in own:
        own["properties"] = {key: expanded(sub, file) for key, sub in own["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(own.get(key), dict):
            own[key] = expanded(own[key], file)
    return _merged(found, own)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one schema over another: both lists of required members count."""
    found = {**below, **above}
    if "required" in below and "required" in above:
        found["required"] = sorted({*below["required"], *above["required"]})
    ours, theirs = above.get("properties", {}), below.get("properties", {})
    if ours and theirs:
        both = {key: _merged(theirs.get(key, {}), rule) for key, rule in ours.items()}
        found["properties"] = {**theirs, **both}
    return found


def _members(rule: Mapping[str, Any], path: str) -> Iterator[Field]:
    for key, member in rule.get("properties", {}).items():
        place = f"{path}.{key}" if path else key
        yield Field(place, member, key in rule.get("required", ()))
        yield from _members(member, place)
    if isinstance(rule.get("items"), dict):
        yield from _members(rule["items"], f"{path}[]")
    varying = rule.get("additionalProperties")
    if isinstance(varying, dict):
        place = f"{path}.<name>" if path else "<name>"
        if "description" in varying:
            yield Field(place, varying, required=False)
        yield from _members(varying, place)


def _page(name: str, rows: Sequence[Field]) -> str:
    rule = schema.load(name)
    return _joined(f"# {rule['title']}", rule["description"], _notes(rule), _table(rows))


def _program(program: Program) -> str:
    rule = schema.load(program.schema)
    rows = list(fields(program.schema))
    shared = {field.path: field.rule for field in fields(_BASE)}
    settings = [
        row
        for row in rows
        if not row.path.startswith(_SECTIONS) and row.rule != shared.get(row.path)
        # Parents change with their members.
        if "properties" not in row.rule
    ]
    required = [
        f"`{row.path}`"
        for row in rows
        if row.required and row.path in shared and "properties" not in row.rule
    ]
    return _joined(
        f"# {rule['title']}",
        rule["description"],
        _notes(rule),
        "What all programs share is on the page [task.json](task.md). Of that, this program's "
        f"document must hold {', '.join(required)}.",
        "## Settings of its own",
        _table(settings),
        "## Scene",
        _table(_scene(rows)),
    )


def _scene(rows: Sequence[Field]) -> list[Field]:
    """Return what describes the scene; of two sections with the same members the required one."""
    of = {
        section: [row for row in rows if f"{row.path}.".startswith(f"{section}.")]
        for section in _SECTIONS
    }
    inner = [[row.path.removeprefix(section) for row in of[section]] for section in _SECTIONS]
    if len(inner[0]) > 1 and inner[0] == inner[1]:
        leading = next((s for s in _SECTIONS if of[s][0].required), _SECTIONS[0])
        for section in _SECTIONS:
            of[section] = of[section] if section == leading else of[section][:1]
    return [row for section in _SECTIONS for row in of[section] if _is_told(row)]


def _is_told(row: Field) -> bool:
    """Tell whether more is known of a section than what all programs share."""
    return "." in row.path or bool({"properties", "additionalProperties", "const"} & set(row.rule))


def _index() -> str:
    documents = [
        "- [task.json](task.md): what to render, and how; by program below",
        *(f"- [{n}.json]({n}.md): {_lower(schema.load(f'{n}.json'))}" for n in _OTHERS),
        "- [rules](rules.md): everything that a check can find, in them and around them",
    ]
    lines = [
        _line("program", "cg_id", "scenes", "renders on", "tiles", "one frame on several", "built"),
        _line(*["---"] * 7),
        *(
            _line(
                f"[{row.cg_name}]({_page_of(row)})",
                row.cg_id,
                ", ".join(f".{ending}" for ending in row.extensions),
                ", ".join(row.systems),
                _TILES[row.tiles],
                _distributed(row),
                "yes" if row.reader else "no",
            )
            for row in programs().values()
        ),
    ]
    return _joined(
        "# Task documents", _INTRODUCTIONS["README.md"], "\n".join(documents), "\n".join(lines)
    )


def _rules() -> str:
    parts = [
        part
        for name, rows in rulebook.chapters().items()
        for part in (f"## {_CHAPTERS[name]}", _entries(rows))
    ]
    return _joined("# Rules", _INTRODUCTIONS["rules.md"], *parts)


def _entries(rows: Sequence[Entry]) -> str:
    lines = [
        _line("name", "severity", "what must hold", "what to do"),
        _line(*["---"] * 4),
        *(_line(f"`{r.id}`", " or ".join(r.severities), r.guards, r.fix) for r in rows),
    ]
    return "\n".join(lines)


def _table(rows: Sequence[Field]) -> str:
    if not rows:
        return "None."
    lines = [
        _line("field", "value", "needed", "default", "meaning"),
        _line(*["---"] * 5),
        *(
            _line(
                f"`{row.path}`",
                _values(row.rule),
                "yes" if row.required else "",
                _code(row.rule["default"]) if "default" in row.rule else "",
                " ".join(filter(None, [row.rule.get("description", ""), _notes(row.rule)])),
            )
            for row in rows
        ),
    ]
    return "\n".join(lines)


def _values(rule: Mapping[str, Any]) -> str:
    if "const" in rule:
        return _code(rule["const"])
    if "enum" in rule:
        return ", ".join(map(_code, rule["enum"]))
    examples = rule.get("examples", ())
    example = f", for example {_code(examples[0])}" if examples else ""
    return _type(rule) + example


def _type(rule: Mapping[str, Any]) -> str:
    types = rule.get("type", "object")
    words = " or ".join(_TYPES[each] for each in ([types] if isinstance(types, str) else types))
    inner = rule.get("items", {}).get("type")
    return f"{words} of {_TYPES[inner]}s" if words == "list" and inner else words


def _distributed(row: Program) -> str:
    if row.distributed_machines:
        return ", ".join(map(str, row.distributed_machines))
    return {True: "yes", False: "no", None: "unknown"}[row.distributed]


def _notes(rule: Mapping[str, Any]) -> str:
    return f"*{rule['$comment']}*" if "$comment" in rule else ""


def _lower(rule: Mapping[str, Any]) -> str:
    text: str = rule["description"]
    return text[0].lower() + text[1:].removesuffix(".")


def _page_of(program: Program) -> str:
    return f"task_{program.name}.md"


def _code(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _line(*cells: str) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _joined(*parts: str) -> str:
    return "\n\n".join(filter(None, parts)) + "\n"


_OTHERS = ("upload", "asset", "tips")


def _main() -> None:
    parser = argparse.ArgumentParser(description="Write the reference pages of the documents.")
    parser.add_argument("folder", type=Path, help="where to, for example docs/reference")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    _main()
