"""hfc's protobuf modules, rebuilt in a descriptor pool of their own.

hfc 1.0.0 ships code generated for protobuf 3.6: today's protobuf refuses it ("Descriptors cannot be
created directly"), and its message names are those of `fabric_protos`, which claims them in the default pool.
The finder here takes the serialized file descriptor out of each `hfc.protos.*_pb2` source and builds the
module from that, privately, so that both packages live in one process. Well-known types in the private pool
lack the convenience methods (`Timestamp.ToDatetime` and the like).
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

_PREFIX = "hfc.protos."
_SUFFIX = "_pb2"
_WELL_KNOWN = "google/protobuf/"
_SERIALIZED = re.compile(r"\bserialized_pb=_b\(('(?:[^'\\]|\\.)*')\)")

# Any: the stubs leave the methods of a pool without types.
_pool: Any = descriptor_pool.DescriptorPool()
_pool_lock = threading.Lock()
"""Held around the pool only, never around an import, which has locks of its own."""


def install() -> None:
    """Put the finder before Python's own, once."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not (fullname.startswith(_PREFIX) and fullname.endswith(_SUFFIX)):
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is None or found.origin is None:
            return None
        return ModuleSpec(fullname, _Builder(Path(found.origin)), origin=found.origin)


class _Builder(Loader):
    def __init__(self, source: Path) -> None:
        self._source = source

    def exec_module(self, module: ModuleType) -> None:
        serialized = _serialized_descriptor(self._source)
        proto = descriptor_pb2.FileDescriptorProto.FromString(serialized)
        for dependency in proto.dependency:
            _provide(dependency)
        with _pool_lock:
            _pool.AddSerializedFile(serialized)
            descriptor = _pool.FindFileByName(proto.name)
        _fill(module, descriptor, proto)


def _serialized_descriptor(source: Path) -> bytes:
    """The argument of `serialized_pb=_b('…')` in generated code."""
    # Found by its words: to parse all of hfc's generated modules takes ten times as long as to build them.
    found = _SERIALIZED.search(source.read_text(encoding="utf-8"))
    literal = ast.literal_eval(found[1]) if found else None
    if isinstance(literal, str):
        return literal.encode("latin-1")
    raise ImportError(
        f"{source} holds no serialized protobuf descriptor: this is not the hfc that is known here"
    )


def _provide(file_name: str) -> None:
    """See to it that the private pool holds `file_name`."""
    module = importlib.import_module(file_name.removesuffix(".proto").replace("/", ".") + _SUFFIX)
    if file_name.startswith(_WELL_KNOWN):
        descriptor: FileDescriptor = module.DESCRIPTOR
        for dependency in descriptor.dependencies:
            _provide(dependency.name)
        with _pool_lock:
            _pool.AddSerializedFile(descriptor.serialized_pb)


def _fill(module: ModuleType, descriptor: FileDescriptor, proto: descriptor_pb2.FileDescriptorProto) -> None:
    """Give `module` the names that generated code has."""
    names = vars(module)
    names["DESCRIPTOR"] = descriptor
    for name, message in descriptor.message_types_by_name.items():
        names[name] = message_factory.GetMessageClass(message)
        names[f"_{name.upper()}"] = message
    for name, enum in descriptor.enum_types_by_name.items():
        names[name] = EnumTypeWrapper(enum)
        names[f"_{name.upper()}"] = enum
        names.update({value.name: value.number for value in enum.values})
    for index in proto.public_dependency:
        public = importlib.import_module(
            proto.dependency[index].removesuffix(".proto").replace("/", ".") + _SUFFIX
        )
        names.update({name: value for name, value in vars(public).items() if not name.startswith("_")})
