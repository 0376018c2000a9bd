"""Values to YAML and JSON text."""

from __future__ import annotations

import json

import yaml

Yaml = dict[str, object]


class _Dumper(yaml.SafeDumper):
    """Writes the same part twice rather than as anchor and alias, which people misread."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def to_yaml(document: Yaml) -> str:
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def to_json(document: object) -> str:
    """JSON with a fixed order of keys and a newline at its end."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
