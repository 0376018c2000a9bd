"""What a topology file leaves to other files: the collections of a chaincode, in Fabric's own JSON format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from fabric_network.errors import Problem


def include_collections(document: dict[str, object], folder: Path) -> list[Problem]:
    """Put the content of each collections file, named relative to `folder`, in the place of its path."""
    problems = []
    for key, chaincode in _chaincodes(document):
        path = chaincode.get("collections")
        if isinstance(path, str):
            content, reason = _read(folder / path)
            if reason:
                wrong = f"The collections file {path!r} cannot be read: {reason}."
                problems.append(Problem(f"{key}.collections", wrong, "Name a JSON file beside this one."))
            chaincode["collections"] = content
    return problems


def _read(file: Path) -> tuple[object, str]:
    """The content, and why there is none (or an empty text)."""
    try:
        return json.loads(file.read_bytes()), ""
    except OSError as error:
        return [], error.strerror or type(error).__name__
    except UnicodeDecodeError:
        return [], "it is not UTF-8 text"
    except ValueError as error:
        return [], f"it is not JSON ({error})"


def _chaincodes(document: dict[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    for channel_name, channel in _mappings(document.get("channels")):
        for name, chaincode in _mappings(channel.get("chaincodes")):
            yield f"channels.{channel_name}.chaincodes.{name}", chaincode


def _mappings(value: object) -> Iterator[tuple[object, dict[str, object]]]:
    """The entries that are mappings themselves; what else stands there is told by the model."""
    if isinstance(value, dict):
        yield from ((name, entry) for name, entry in value.items() if isinstance(entry, dict))
