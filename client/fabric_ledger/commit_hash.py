"""A peer's own chain over flags and state changes (Fabric kv_ledger.go, update_batch_bytes.go).

No signature covers it, but it can be recomputed from the blocks, and two peers that agree on it agree on
every flag and every value before.
"""

from __future__ import annotations

import hashlib

from fabric_ledger.state import Update, Updates


def following(previous: bytes, flags: bytes, updates: Updates) -> bytes:
    """The commit hash of a block.

    Args:
        previous: that of the block before; empty for block 1.
        flags: the validation flags.
        updates: the block's changes of the state.
    """
    return hashlib.sha256(_varint(len(flags)) + flags + _batch(updates) + previous).digest()


def _batch(updates: Updates) -> bytes:
    spaces = sorted(
        (space for space, changes in updates.items() if space[0] and changes),
        key=lambda space: (space[0].encode(), space[1].encode()),
    )
    written = bytearray()
    last_namespace = ""
    for namespace, collection in spaces:
        first = True
        for key in sorted(updates[namespace, collection]):
            message = bytearray()
            if namespace != last_namespace:
                message += _field(1, namespace.encode())
                last_namespace = namespace
            if first and collection:
                message += _field(2, collection.encode())
            first = False
            message += _change(key, updates[namespace, collection][key])
            written += _field(1, bytes(message))
    return bytes(written)


def _change(key: bytes, update: Update) -> bytes:
    content = _field(3, key)
    content += b"\x20\x01" if update.value is None else _field(5, update.value)
    return content + _field(6, _ordered(update.height[0]) + _ordered(update.height[1]))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content if content else b""


def _ordered(number: int) -> bytes:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([len(octets)]) + octets


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits an octet
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)
