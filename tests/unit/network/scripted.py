"""Programs that stand in for Fabric's: they note what they were told and answer as the test says."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

_PROGRAM = """#!{python} -IS
import json, os, sys
from pathlib import Path
here = Path(__file__).resolve().parent
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([Path(__file__).name, *sys.argv[1:]]) + "\\n")
for wanted, status, output in json.loads((here / "answers.json").read_text()):
    if all(word in [Path(__file__).name, *sys.argv[1:]] for word in wanted):
        print(output, file=sys.stderr if status else sys.stdout)
        sys.exit(status)
print("no answer for", sys.argv[1:], file=sys.stderr)
sys.exit(99)
"""


@dataclass
class Programs:
    """A folder of such programs. The first answer whose words are all among the arguments counts."""

    folder: Path
    answers: list[tuple[list[str], int, str]] = field(default_factory=list)

    def provide(self, *names: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            program = self.folder / name
            program.write_text(_PROGRAM.format(python=sys.executable))
            program.chmod(0o755)

    def answer(self, *words: str, status: int = 0, output: str = "") -> None:
        self.answers.insert(0, (list(words), status, output))
        (self.folder / "answers.json").write_text(json.dumps(self.answers))

    def calls(self, *words: str) -> list[list[str]]:
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.is_file() else []
        return [call for call in map(json.loads, lines) if all(word in call for word in words)]
