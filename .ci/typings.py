"""Generate type stubs for ``fabric_protos`` into ``typings/``.

The wheel of hyperledger-fabric-protos ships no ``.pyi`` files. Its modules carry their own serialized
descriptors, so the stubs are made from what is installed and cannot drift from it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import fabric_protos
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor import FileDescriptor

TARGET = Path(__file__).resolve().parent.parent / "typings"
PLUGINS = ("protoc-gen-mypy", "protoc-gen-mypy_grpc")


def descriptors() -> tuple[list[FileDescriptor], set[str]]:
    """Return every file descriptor in dependency order, and the names of those that the wheel owns."""
    ordered: dict[str, FileDescriptor] = {}
    owned: set[str] = set()

    def visit(file: FileDescriptor) -> None:
        for dependency in file.dependencies:
            visit(dependency)
        ordered.setdefault(file.name, file)

    for module in pkgutil.walk_packages(fabric_protos.__path__, "fabric_protos."):
        if module.name.endswith("_pb2"):
            file = importlib.import_module(module.name).DESCRIPTOR
            owned.add(file.name)
            visit(file)
    return list(ordered.values()), owned


def generate(plugin: str, files: list[FileDescriptor], owned: set[str]) -> dict[str, str]:
    request = CodeGeneratorRequest(file_to_generate=sorted(owned), parameter="quiet")
    for file in files:
        file.CopyToProto(request.proto_file.add())
    program = Path(sys.executable).with_name(plugin)
    reply = subprocess.run([program], input=request.SerializeToString(), stdout=subprocess.PIPE, check=True)
    response = CodeGeneratorResponse.FromString(reply.stdout)
    if response.error:
        raise SystemExit(f"{plugin}: {response.error}")
    return {file.name: file.content for file in response.file}


def rehome(content: str, owned: set[str]) -> str:
    """Turn the generated absolute names (``peer.proposal_pb2``) into the wheel's (``fabric_protos.…``)."""
    roots = "|".join(sorted({name.split("/")[0] for name in owned}))
    # A message with a field named collections would hide the module.
    content = content.replace("import collections.abc\n", "from collections import abc as _abc\n")
    content = content.replace("collections.abc.", "_abc.")
    content = re.sub(rf"^(import|from) ({roots})(?=[. ])", r"\1 fabric_protos.\2", content, flags=re.M)
    return re.sub(rf"(?<![\w.])({roots})\.((?:\w+\.)*\w+_pb2)\b", r"fabric_protos.\1.\2", content)


def main() -> None:
    files, owned = descriptors()
    for plugin in PLUGINS:
        for name, content in generate(plugin, files, owned).items():
            path = TARGET / "fabric_protos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rehome(content, owned))
    for folder in [TARGET / "fabric_protos", *(TARGET / "fabric_protos").rglob("*/")]:
        (folder / "__init__.pyi").touch()


if __name__ == "__main__":
    main()
