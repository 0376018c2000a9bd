"""Configurations, updates of them and signatures under those, from and into bytes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence

from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.msp import msp_config_pb2
from google.protobuf.message import DecodeError

from carechannel.sdk.admin import _config_difference
from carechannel.sdk.admin._json_messages import JsonObject, from_json, same_leaves, to_json
from carechannel.sdk.admin._ledger_messages import check_data_hash
from carechannel.sdk.admin._messages import NONCE_BYTES, parse, serialized_identity
from carechannel.sdk.admin.administrator import Administrator
from carechannel.sdk.errors import ConfigurationError, NodeReplyError

FABRIC_MSP = 0


def configuration_in(channel: str, block: bytes, where: str) -> tuple[int, bytes, bytes]:
    """Sequence, `common.Config` and the update that led to it, of a configuration block."""
    parsed = parse(common_pb2.Block.FromString, block, where, "a block")
    if len(parsed.data.data) != 1:
        raise NodeReplyError(
            f"The block from {where} is no configuration block: it has {len(parsed.data.data)} transactions."
        )
    envelope = parse(common_pb2.Envelope.FromString, parsed.data.data[0], where, "an envelope")
    payload = parse(common_pb2.Payload.FromString, envelope.payload, where, "a payload")
    header = parse(
        common_pb2.ChannelHeader.FromString, payload.header.channel_header, where, "a channel header"
    )
    check_data_hash(parsed, where)
    if header.type != common_pb2.CONFIG:
        raise NodeReplyError(f"The block from {where} is no configuration block.")
    if header.channel_id != channel:
        raise NodeReplyError(
            f"The block from {where} is of the channel {header.channel_id}, not of {channel}."
        )
    found = parse(configtx_pb2.ConfigEnvelope.FromString, payload.data, where, "a configuration")
    if not found.config.HasField("channel_group"):
        raise NodeReplyError(f"The configuration block from {where} holds no configuration.")
    last = found.last_update.SerializeToString() if found.HasField("last_update") else b""
    return found.config.sequence, found.config.SerializeToString(), last


def config_to_json(config: bytes) -> JsonObject:
    return to_json(configtx_pb2.Config.FromString(config))


def config_from_json(document: Mapping[str, object], original: bytes) -> bytes:
    """`common.Config`; what is as in `original` keeps its bytes."""
    config = configtx_pb2.Config()
    from_json(dict(document), config)
    if not config.HasField("channel_group"):
        raise ConfigurationError("The document describes no channel: it has no channel_group.")
    same_leaves(config.channel_group, configtx_pb2.Config.FromString(original).channel_group)
    return config.SerializeToString(deterministic=True)


def difference(channel: str, current: bytes, wanted: bytes) -> bytes:
    """`common.ConfigUpdate` that leads from one configuration to the other."""
    return _config_difference.between(
        channel, configtx_pb2.Config.FromString(current), configtx_pb2.Config.FromString(wanted)
    ).SerializeToString(deterministic=True)


def is_void(update: bytes, config: bytes) -> bool:
    """Whether `update` cannot come into force any more where `config` is."""
    return _config_difference.is_void(
        configtx_pb2.ConfigUpdate.FromString(update), configtx_pb2.Config.FromString(config)
    )


def update_to_json(update: bytes) -> JsonObject:
    return to_json(configtx_pb2.ConfigUpdate.FromString(update))


def channel_of_update(update: bytes) -> str:
    return configtx_pb2.ConfigUpdate.FromString(update).channel_id


def update_file(update: bytes, signatures: Sequence[bytes]) -> bytes:
    """A `common.Envelope` without a sender, as Fabric's `peer channel signconfigtx` takes and writes it."""
    channel_header = common_pb2.ChannelHeader(
        type=common_pb2.CONFIG_UPDATE, channel_id=channel_of_update(update)
    )
    header = common_pb2.Header(channel_header=channel_header.SerializeToString())
    payload = common_pb2.Payload(header=header, data=signed_update(update, signatures)).SerializeToString()
    return common_pb2.Envelope(payload=payload).SerializeToString()


def update_in_file(content: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """The update in an envelope file, and the signatures (`common.ConfigSignature`) that stand in it."""
    try:
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(content).payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        envelope = configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data)
        update = configtx_pb2.ConfigUpdate.FromString(envelope.config_update)
    except DecodeError as error:
        raise ConfigurationError("The file holds no update of a configuration (common.Envelope).") from error
    if header.type != common_pb2.CONFIG_UPDATE or not update.HasField("write_set"):
        raise ConfigurationError("The file holds an envelope, but no update of a configuration.")
    if not update.channel_id or update.channel_id != header.channel_id:
        raise ConfigurationError("The update in the file does not say which channel it is for.")
    return envelope.config_update, tuple(one.SerializeToString() for one in envelope.signatures)


def signature(administrator: Administrator, update: bytes) -> bytes:
    """`common.ConfigSignature` under `update`."""
    header = common_pb2.SignatureHeader(
        creator=serialized_identity(administrator), nonce=secrets.token_bytes(NONCE_BYTES)
    ).SerializeToString()
    return configtx_pb2.ConfigSignature(
        signature_header=header, signature=administrator.sign(header + update)
    ).SerializeToString()


def signed_parts(signature: bytes) -> tuple[bytes, bytes, bytes]:
    """Creator (`msp.SerializedIdentity`), signature header and signature of a `common.ConfigSignature`."""
    try:
        parsed = configtx_pb2.ConfigSignature.FromString(signature)
        header = common_pb2.SignatureHeader.FromString(parsed.signature_header)
    except DecodeError as error:
        raise ConfigurationError("That is no signature under an update (common.ConfigSignature).") from error
    if not parsed.signature or not header.creator:
        raise ConfigurationError("The signature says neither who signed nor what.")
    return header.creator, parsed.signature_header, parsed.signature


def signed_update(update: bytes, signatures: Sequence[bytes]) -> bytes:
    """`common.ConfigUpdateEnvelope`."""
    return configtx_pb2.ConfigUpdateEnvelope(
        config_update=update, signatures=[configtx_pb2.ConfigSignature.FromString(one) for one in signatures]
    ).SerializeToString()


def update_in_transaction(envelope: bytes) -> bytes:
    """The `common.ConfigUpdate` in an envelope that an orderer accepted; empty if it holds none."""
    try:
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(envelope).payload)
        return configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data).config_update
    except DecodeError:
        return b""


def msp_places(config: bytes, msp_id: str) -> tuple[str, ...]:
    parsed = configtx_pb2.Config.FromString(config)
    return tuple(place for place, _, found in _msps(parsed.channel_group) if found.name == msp_id)


def with_revocation_lists(config: bytes, msp_id: str, lists: Mapping[str, Sequence[bytes]]) -> bytes:
    """`config` with the revocation lists (PEM) of the MSP at each of the places replaced."""
    parsed = configtx_pb2.Config.FromString(config)
    for place, value, found in _msps(parsed.channel_group):
        if found.name == msp_id and place in lists:
            del found.revocation_list[:]
            found.revocation_list.extend(lists[place])
            outer = msp_config_pb2.MSPConfig(type=FABRIC_MSP, config=found.SerializeToString())
            value.value = outer.SerializeToString()
    return parsed.SerializeToString(deterministic=True)


def msp_certificates(config: bytes, msp_id: str) -> dict[str, tuple[tuple[bytes, ...], tuple[bytes, ...]]]:
    """By place: the CA certificates (roots and intermediates) of an MSP and its revocation lists, PEM."""
    parsed = configtx_pb2.Config.FromString(config)
    return {
        place: ((*found.root_certs, *found.intermediate_certs), tuple(found.revocation_list))
        for place, _, found in _msps(parsed.channel_group)
        if found.name == msp_id
    }


def _msps(
    channel: configtx_pb2.ConfigGroup,
) -> Iterator[tuple[str, configtx_pb2.ConfigValue, msp_config_pb2.FabricMSPConfig]]:
    for part in ("Application", "Orderer"):
        if part not in channel.groups:
            continue
        for name, group in sorted(channel.groups[part].groups.items()):
            if "MSP" not in group.values:
                continue
            value = group.values["MSP"]
            outer = msp_config_pb2.MSPConfig.FromString(value.value)
            if outer.type == FABRIC_MSP:
                yield f"{part}/{name}", value, msp_config_pb2.FabricMSPConfig.FromString(outer.config)
