"""Arguments and results of the `_lifecycle` system chaincode, from and into plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fabric_protos.peer import collection_pb2
from fabric_protos.peer.lifecycle import lifecycle_pb2

from carechannel.sdk.admin import _policy_messages
from carechannel.sdk.admin._messages import parse
from carechannel.sdk.admin.definition import ChaincodeDefinition
from carechannel.sdk.errors import DefinitionError, NodeReplyError


@dataclass(frozen=True)
class InstalledChaincode:
    """`references` are the definitions that use the package: `name version` texts by channel."""

    package_id: str
    label: str
    references: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class CommittedChaincode:
    """`approvals` tells by MSP ID who has approved just this definition; only asked for by name."""

    definition: ChaincodeDefinition
    approvals: Mapping[str, bool]


@dataclass(frozen=True)
class ApprovedChaincode:
    """`package_id` is the package that the organisation's peers run for it, None if they run none."""

    definition: ChaincodeDefinition
    package_id: str | None


@dataclass(frozen=True)
class CommitReadiness:
    """Who has approved, by MSP ID, and what differs at those who approved something else."""

    approvals: Mapping[str, bool]
    mismatches: Mapping[str, tuple[str, ...]]


def install(package: bytes) -> bytes:
    return lifecycle_pb2.InstallChaincodeArgs(chaincode_install_package=package).SerializeToString()


def install_result(content: bytes, node: str) -> str:
    """The package ID."""
    return parse(
        lifecycle_pb2.InstallChaincodeResult.FromString, content, node, "the result of an installation"
    ).package_id


def query_installed() -> bytes:
    return lifecycle_pb2.QueryInstalledChaincodesArgs().SerializeToString()


def installed(content: bytes, node: str) -> tuple[InstalledChaincode, ...]:
    result = parse(
        lifecycle_pb2.QueryInstalledChaincodesResult.FromString, content, node, "installed chaincodes"
    )
    return tuple(
        InstalledChaincode(
            one.package_id,
            one.label,
            {
                channel: tuple(f"{used.name} {used.version}" for used in references.chaincodes)
                for channel, references in sorted(one.references.items())
            },
        )
        for one in result.installed_chaincodes
    )


def get_package(package_id: str) -> bytes:
    return lifecycle_pb2.GetInstalledChaincodePackageArgs(package_id=package_id).SerializeToString()


def got_package(content: bytes, node: str) -> bytes:
    return parse(
        lifecycle_pb2.GetInstalledChaincodePackageResult.FromString, content, node, "a package"
    ).chaincode_install_package


def approve(definition: ChaincodeDefinition, package_id: str | None) -> bytes:
    if package_id is None:
        source = lifecycle_pb2.ChaincodeSource(unavailable=lifecycle_pb2.ChaincodeSource.Unavailable())
    else:
        local = lifecycle_pb2.ChaincodeSource.Local(package_id=package_id)
        source = lifecycle_pb2.ChaincodeSource(local_package=local)
    return lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs(
        sequence=definition.sequence,
        name=definition.name,
        version=definition.version,
        endorsement_plugin=definition.endorsement_plugin,
        validation_plugin=definition.validation_plugin,
        validation_parameter=_validation_parameter(definition),
        collections=_collections(definition),
        init_required=definition.init_required,
        source=source,
    ).SerializeToString()


def commit(definition: ChaincodeDefinition) -> bytes:
    return lifecycle_pb2.CommitChaincodeDefinitionArgs(
        sequence=definition.sequence,
        name=definition.name,
        version=definition.version,
        endorsement_plugin=definition.endorsement_plugin,
        validation_plugin=definition.validation_plugin,
        validation_parameter=_validation_parameter(definition),
        collections=_collections(definition),
        init_required=definition.init_required,
    ).SerializeToString()


def check_readiness(definition: ChaincodeDefinition) -> bytes:
    return lifecycle_pb2.CheckCommitReadinessArgs(
        sequence=definition.sequence,
        name=definition.name,
        version=definition.version,
        endorsement_plugin=definition.endorsement_plugin,
        validation_plugin=definition.validation_plugin,
        validation_parameter=_validation_parameter(definition),
        collections=_collections(definition),
        init_required=definition.init_required,
    ).SerializeToString()


def readiness(content: bytes, node: str) -> CommitReadiness:
    result = parse(
        lifecycle_pb2.CheckCommitReadinessResult.FromString, content, node, "the readiness to commit"
    )
    if not result.approvals:
        raise NodeReplyError(f"{node} tells of no organisation whether it has approved.")
    mismatches = {msp_id: tuple(one.items) for msp_id, one in sorted(result.mismatches.items()) if one.items}
    return CommitReadiness(dict(sorted(result.approvals.items())), mismatches)


def query_committed() -> bytes:
    return lifecycle_pb2.QueryChaincodeDefinitionsArgs().SerializeToString()


def committed(content: bytes, node: str) -> tuple[ChaincodeDefinition, ...]:
    result = parse(
        lifecycle_pb2.QueryChaincodeDefinitionsResult.FromString, content, node, "committed definitions"
    )
    return tuple(_definition(one, one.name, node) for one in result.chaincode_definitions)


def query_committed_one(name: str) -> bytes:
    return lifecycle_pb2.QueryChaincodeDefinitionArgs(name=name).SerializeToString()


def committed_one(content: bytes, name: str, node: str) -> CommittedChaincode:
    result = parse(
        lifecycle_pb2.QueryChaincodeDefinitionResult.FromString, content, node, "a committed definition"
    )
    return CommittedChaincode(_definition(result, name, node), dict(sorted(result.approvals.items())))


def query_approved(name: str, sequence: int) -> bytes:
    return lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs(
        name=name, sequence=sequence
    ).SerializeToString()


def approved(content: bytes, name: str, node: str) -> ApprovedChaincode:
    result = parse(
        lifecycle_pb2.QueryApprovedChaincodeDefinitionResult.FromString,
        content,
        node,
        "an approved definition",
    )
    package = result.source.local_package.package_id if result.source.HasField("local_package") else None
    return ApprovedChaincode(_definition(result, name, node), package or None)


def _definition(
    told: lifecycle_pb2.QueryChaincodeDefinitionsResult.ChaincodeDefinition
    | lifecycle_pb2.QueryChaincodeDefinitionResult
    | lifecycle_pb2.QueryApprovedChaincodeDefinitionResult,
    name: str,
    node: str,
) -> ChaincodeDefinition:
    endorsement, channel_policy = _policy_messages.read_application_policy(told.validation_parameter, node)
    try:
        return ChaincodeDefinition(
            name,
            told.version,
            told.sequence,
            endorsement,
            channel_policy,
            _policy_messages.read_collections(told.collections, node),
            told.init_required,
            told.endorsement_plugin,
            told.validation_plugin,
        )
    except DefinitionError as error:
        raise NodeReplyError(f"{node} tells of a definition of {name} that cannot be one: {error}") from error


def _validation_parameter(definition: ChaincodeDefinition) -> bytes:
    return _policy_messages.application_policy(definition.endorsement, definition.channel_policy)


def _collections(definition: ChaincodeDefinition) -> collection_pb2.CollectionConfigPackage | None:
    if not definition.collections:
        return None
    return _policy_messages.collection_package(definition.collections)
