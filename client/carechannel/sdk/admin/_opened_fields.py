"""Which message lies inside of a `bytes` field: Fabric's own table (fabric-config, `protolator/protoext`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.msp import identities_pb2, msp_config_pb2, msp_principal_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.orderer.etcdraft import configuration_pb2 as etcdraft_pb2
from fabric_protos.orderer.smartbft import configuration_pb2 as smartbft_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    chaincode_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from fabric_protos.peer import configuration_pb2 as peer_pb2
from google.protobuf import empty_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

Kind = type[Message]
_Open = Callable[[Message], Kind | None]
"""Which message a field of `bytes` holds, told by the message that the field is in; None for plain bytes."""

Path = tuple[str, ...]
"""The names of the groups from below the channel's own to a value's, and the value's own name."""


def _payload_data(message: Message) -> Kind | None:
    header = cast(common_pb2.Payload, message).header.channel_header
    kinds: dict[int, Kind] = {
        common_pb2.CONFIG: configtx_pb2.ConfigEnvelope,
        common_pb2.CONFIG_UPDATE: configtx_pb2.ConfigUpdateEnvelope,
        common_pb2.ORDERER_TRANSACTION: common_pb2.Envelope,
        common_pb2.ENDORSER_TRANSACTION: transaction_pb2.Transaction,
        common_pb2.MESSAGE: configtx_pb2.ConfigValue,
    }
    return kinds.get(common_pb2.ChannelHeader.FromString(header).type)


def _extension(message: Message) -> Kind | None:
    endorser = cast(common_pb2.ChannelHeader, message).type == common_pb2.ENDORSER_TRANSACTION
    return proposal_pb2.ChaincodeHeaderExtension if endorser else None


def _policy(message: Message) -> Kind | None:
    kinds: dict[int, Kind] = {
        policies_pb2.Policy.SIGNATURE: policies_pb2.SignaturePolicyEnvelope,
        policies_pb2.Policy.IMPLICIT_META: policies_pb2.ImplicitMetaPolicy,
    }
    return kinds.get(cast(policies_pb2.Policy, message).type)


def _msp(message: Message) -> Kind | None:
    return {0: msp_config_pb2.FabricMSPConfig, 1: msp_config_pb2.IdemixMSPConfig}.get(
        cast(msp_config_pb2.MSPConfig, message).type
    )


def _principal(message: Message) -> Kind | None:
    return {
        msp_principal_pb2.MSPPrincipal.ROLE: msp_principal_pb2.MSPRole,
        msp_principal_pb2.MSPPrincipal.ORGANIZATION_UNIT: msp_principal_pb2.OrganizationUnit,
        msp_principal_pb2.MSPPrincipal.IDENTITY: identities_pb2.SerializedIdentity,
    }.get(cast(msp_principal_pb2.MSPPrincipal, message).principal_classification)


def _consensus(message: Message) -> Kind | None:
    return {"etcdraft": etcdraft_pb2.ConfigMetadata, "BFT": smartbft_pb2.Options}.get(
        cast(orderer_pb2.ConsensusType, message).type, empty_pb2.Empty
    )


def _always(kind: Kind) -> _Open:
    return lambda _message: kind


_OPENED: Mapping[tuple[str, str], _Open] = {
    ("common.BlockData", "data"): _always(common_pb2.Envelope),
    ("common.Envelope", "payload"): _always(common_pb2.Payload),
    ("common.Payload", "data"): _payload_data,
    ("common.Header", "channel_header"): _always(common_pb2.ChannelHeader),
    ("common.Header", "signature_header"): _always(common_pb2.SignatureHeader),
    ("common.ChannelHeader", "extension"): _extension,
    ("common.SignatureHeader", "creator"): _always(identities_pb2.SerializedIdentity),
    ("common.ConfigUpdateEnvelope", "config_update"): _always(configtx_pb2.ConfigUpdate),
    ("common.ConfigSignature", "signature_header"): _always(common_pb2.SignatureHeader),
    ("common.Policy", "value"): _policy,
    ("common.MSPPrincipal", "principal"): _principal,
    ("msp.MSPConfig", "config"): _msp,
    ("orderer.ConsensusType", "metadata"): _consensus,
    ("protos.TransactionAction", "header"): _always(common_pb2.SignatureHeader),
    ("protos.TransactionAction", "payload"): _always(transaction_pb2.ChaincodeActionPayload),
    ("protos.ChaincodeActionPayload", "chaincode_proposal_payload"): _always(
        proposal_pb2.ChaincodeProposalPayload
    ),
    ("protos.ChaincodeProposalPayload", "input"): _always(chaincode_pb2.ChaincodeInvocationSpec),
    ("protos.ChaincodeEndorsedAction", "proposal_response_payload"): _always(
        proposal_response_pb2.ProposalResponsePayload
    ),
    ("protos.ProposalResponsePayload", "extension"): _always(proposal_pb2.ChaincodeAction),
    ("protos.ChaincodeAction", "results"): _always(rwset_pb2.TxReadWriteSet),
    ("protos.ChaincodeAction", "events"): _always(chaincode_event_pb2.ChaincodeEvent),
    ("rwset.NsReadWriteSet", "rwset"): _always(kv_rwset_pb2.KVRWSet),
}

_VALUES: Mapping[tuple[int, str], Mapping[str, Kind]] = {
    (0, ""): {
        "HashingAlgorithm": configuration_pb2.HashingAlgorithm,
        "BlockDataHashingStructure": configuration_pb2.BlockDataHashingStructure,
        "OrdererAddresses": configuration_pb2.OrdererAddresses,
        "Consortium": configuration_pb2.Consortium,
        "Capabilities": configuration_pb2.Capabilities,
    },
    (1, "Orderer"): {
        "ConsensusType": orderer_pb2.ConsensusType,
        "BatchSize": orderer_pb2.BatchSize,
        "BatchTimeout": orderer_pb2.BatchTimeout,
        "KafkaBrokers": orderer_pb2.KafkaBrokers,
        "ChannelRestrictions": orderer_pb2.ChannelRestrictions,
        "Capabilities": configuration_pb2.Capabilities,
        "Orderers": configuration_pb2.Orderers,
    },
    (2, "Orderer"): {"MSP": msp_config_pb2.MSPConfig, "Endpoints": configuration_pb2.OrdererAddresses},
    (1, "Application"): {"Capabilities": configuration_pb2.Capabilities, "ACLs": peer_pb2.ACLs},
    (2, "Application"): {"MSP": msp_config_pb2.MSPConfig, "AnchorPeers": peer_pb2.AnchorPeers},
}
"""What a configuration value holds, by how deep its group lies and the name of the topmost group."""


def opened(message: Message, field: FieldDescriptor, path: Path) -> Kind | None:
    """The kind of the message inside of `field` of `message`; None where there is none."""
    if field.type != FieldDescriptor.TYPE_BYTES:
        return None
    if message.DESCRIPTOR.full_name == CONFIG_VALUE and field.name == "value":
        *groups, key = path or ("",)
        return _VALUES.get((len(groups), groups[0] if groups else ""), {}).get(key)
    told = _OPENED.get((message.DESCRIPTOR.full_name, field.name))
    return told(message) if told is not None else None


def may_be_opened(message: Message, field: FieldDescriptor) -> bool:
    """Whether a message can lie inside of `field`, to be told once the rest of `message` is known."""
    place = (message.DESCRIPTOR.full_name, field.name)
    return place in _OPENED or place == (CONFIG_VALUE, "value")


CONFIG_VALUE = configtx_pb2.ConfigValue.DESCRIPTOR.full_name
