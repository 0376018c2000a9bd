"""A topology file → a `Topology`, or every problem of the file in sentences."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from fabric_network.errors import Problem, TopologyError
from fabric_network.topology.checks import problems
from fabric_network.topology.inclusion import include_collections
from fabric_network.topology.model import FOLDER, Topology
from fabric_network.topology.sentences import problem


def load(file: Path, *, name: str | None = None, base_port: int | None = None) -> Topology:
    """Read and check `file`; `name` and `base_port` override what it says (for a second network).

    Raises `TopologyError` with every problem found.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise TopologyError(
            file,
            [Problem("", f"The file cannot be read: {reason}.", "Give a readable topology file (YAML).")],
        ) from error
    return parse(text, file, name=name, base_port=base_port)


def parse(text: str, file: Path, *, name: str | None = None, base_port: int | None = None) -> Topology:
    """As `load`, of a text that came from `file`."""
    document = _document(text, file)
    if name is not None:
        document["name"] = name
    if base_port is not None:
        document["ports"] = {"base": base_port}
    document[FOLDER] = file.absolute().parent
    unreadable = include_collections(document, file.parent)
    try:
        topology = Topology.model_validate(document)
    except ValidationError as error:
        found = [*unreadable, *(problem(details) for details in error.errors())]
        raise TopologyError(file, found) from error
    if found := [*unreadable, *problems(topology)]:
        raise TopologyError(file, found)
    return topology


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice in a mapping is an error, not a silent override."""


class _Duplicate(yaml.YAMLError):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[object, object]:
    seen: dict[object, int] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        line = key_node.start_mark.line + 1
        if key in seen:
            raise _Duplicate(
                Problem(
                    str(key),
                    f"The key stands twice in the same place, in lines {seen[key]} and {line}.",
                    "Remove one, or give it another name.",
                )
            )
        seen[key] = line
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _document(text: str, file: Path) -> dict[str, object]:
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except _Duplicate as error:
        raise TopologyError(file, [error.problem]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise TopologyError(
            file, [Problem("", f"This is not YAML: {reason}{where}.", "Mend that line.")]
        ) from error
    if not isinstance(document, dict):
        raise TopologyError(
            file,
            [
                Problem(
                    "", "The file is not a mapping.", "Begin with the keys name, organizations and channels."
                )
            ],
        )
    return document
