"""The chaincode lifecycle at one peer: install, approve, commit, and what is so far.

hfc 1.0.0 has none of it; the calls go to the peer's system chaincode `_lifecycle` with messages of our own.
Source: Fabric docs "Fabric chaincode lifecycle", `core/chaincode/lifecycle/scc.go`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from carechannel.sdk.admin import _failures, _messages
from carechannel.sdk.admin import _lifecycle_messages as messages
from carechannel.sdk.admin._lifecycle_messages import (
    ApprovedChaincode,
    CommitReadiness,
    CommittedChaincode,
    InstalledChaincode,
)
from carechannel.sdk.admin._messages import Answer, Proposal
from carechannel.sdk.admin._names import check_chaincode, check_channel
from carechannel.sdk.admin._transport import Connection
from carechannel.sdk.admin.administrator import Administrator
from carechannel.sdk.admin.chaincode_package import package_id
from carechannel.sdk.admin.definition import ChaincodeDefinition
from carechannel.sdk.admin.endpoint import Endpoint
from carechannel.sdk.admin.orderer import Orderer
from carechannel.sdk.admin.together import together
from carechannel.sdk.errors import (
    NodeReplyError,
    NodesDisagreeError,
    NodeUnreachableError,
    NotCommittedError,
)

_CHAINCODE = "_lifecycle"
_PROCESS_PROPOSAL = "/protos.Endorser/ProcessProposal"
_COMMIT_STATUS = "/gateway.Gateway/CommitStatus"
_VALID = "VALID"
CATCHING_UP = 5.0
"""Seconds that peers have to agree: a peer hears of another organisation's approval with its next block."""
_CATCHING_UP_INTERVAL = 0.1


class Lifecycle:
    """The lifecycle at one peer, as an async context manager; it connects with the first call.

    Every call raises `NodeUnreachableError` (with `outcome_unknown` where something may have been done all
    the same), `NodeRefusedError` or `NodeReplyError`, all `SdkError`. `administrator` has to be one of the
    peer's organisation, except for `committed` and `commit_readiness`. A name that no channel or chaincode
    has raises `AdministrationError`.
    """

    def __init__(self, endpoint: Endpoint, administrator: Administrator) -> None:
        self.endpoint = endpoint
        self._administrator = administrator
        self._connection = Connection(endpoint)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    async def install(self, package: bytes) -> str:
        """Install a package (.tar.gz); gives its ID. Refused where it is installed already.

        Raises `PackageError` when it is none. The peer builds the chaincode meanwhile, which may take longer
        than other calls: see the endpoint's `timeout`.
        """
        expected = package_id(package)
        what = f"install {expected.partition(':')[0]}"
        given = messages.install_result(
            await self._call("InstallChaincode", messages.install(package), what), self._node
        )
        if given != expected:
            raise NodeReplyError(f"{self._node} installed {given} where {expected} was sent.")
        return given

    async def installed(self) -> tuple[InstalledChaincode, ...]:
        """What is installed, and where it is in use."""
        answer = await self._call(
            "QueryInstalledChaincodes", messages.query_installed(), "tell what is installed"
        )
        return messages.installed(answer, self._node)

    async def installed_package(self, installed_id: str) -> bytes:
        """The package with this ID, as it was installed."""
        what = f"give the package {installed_id}"
        answer = await self._call("GetInstalledChaincodePackage", messages.get_package(installed_id), what)
        content = messages.got_package(answer, self._node)
        if package_id(content) != installed_id:
            raise NodeReplyError(f"{self._node} did not {what}: it gave another one.")
        return content

    async def approve(
        self, channel: str, definition: ChaincodeDefinition, installed_id: str | None, orderer: Orderer
    ) -> None:
        """Approve for the peer's organisation; returns when the peer has committed it.

        `installed_id` is the package that the organisation's peers run for it; None if they run none. Raises
        `NotCommittedError` when the transaction was found invalid.
        """
        what = f"approve {definition.name} {definition.version} (sequence {definition.sequence}) on {channel}"
        arguments = (b"ApproveChaincodeDefinitionForMyOrg", messages.approve(definition, installed_id))
        await self._submit(channel, arguments, what, orderer, [self])

    async def approved(self, channel: str, name: str, sequence: int = 0) -> ApprovedChaincode:
        """What the peer's organisation has approved; `sequence` 0 is the latest."""
        check_chaincode(name)
        what = f"tell what is approved for {name} on {channel}"
        answer = await self._call(
            "QueryApprovedChaincodeDefinition", messages.query_approved(name, sequence), what, channel
        )
        found = messages.approved(answer, name, self._node)
        if sequence not in {0, found.definition.sequence}:
            raise NodeReplyError(
                f"{self._node} was asked for sequence {sequence} and told {found.definition.sequence}."
            )
        return found

    async def commit_readiness(self, channel: str, definition: ChaincodeDefinition) -> CommitReadiness:
        """Who has approved `definition`; refused unless its sequence is the next."""
        what = f"tell who has approved {definition.name} on {channel}"
        answer = await self._call("CheckCommitReadiness", messages.check_readiness(definition), what, channel)
        return messages.readiness(answer, self._node)

    async def commit(
        self,
        channel: str,
        definition: ChaincodeDefinition,
        orderer: Orderer,
        others: Sequence[Lifecycle] = (),
    ) -> None:
        """Commit for the channel, endorsed by this peer and `others`; returns when all of them have it.

        The channel's LifecycleEndorsement policy says whose peers have to endorse (a majority by default).
        Raises `NotCommittedError` when they do not suffice, `NodesDisagreeError` when they still endorse
        different things after some seconds: one of them lacks an approval that another has.
        """
        what = f"commit {definition.name} {definition.version} (sequence {definition.sequence}) on {channel}"
        arguments = (b"CommitChaincodeDefinition", messages.commit(definition))
        await self._submit(channel, arguments, what, orderer, [self, *others])

    async def committed(self, channel: str) -> tuple[ChaincodeDefinition, ...]:
        """The definitions in force on a channel."""
        what = f"tell what is committed on {channel}"
        answer = await self._call("QueryChaincodeDefinitions", messages.query_committed(), what, channel)
        return messages.committed(answer, self._node)

    async def committed_one(self, channel: str, name: str) -> CommittedChaincode:
        """The definition in force of one chaincode, and who has approved it."""
        check_chaincode(name)
        what = f"tell what is committed for {name} on {channel}"
        answer = await self._call(
            "QueryChaincodeDefinition", messages.query_committed_one(name), what, channel
        )
        return messages.committed_one(answer, name, self._node)

    @property
    def _node(self) -> str:
        return self.endpoint.address

    async def _call(self, function: str, arguments: bytes, what: str, channel: str = "") -> bytes:
        """The result of a function that only this peer is asked for."""
        answer = await self._endorse(self._proposal(channel, (function.encode(), arguments)), what)
        return answer.payload

    def _proposal(self, channel: str, arguments: Sequence[bytes]) -> Proposal:
        if channel:
            check_channel(channel)
        return _messages.proposal(
            self._administrator, channel, _CHAINCODE, arguments, self.endpoint.client_certificate_hash
        )

    async def _endorse(self, proposal: Proposal, what: str) -> Answer:
        content = await self._connection.unary(_PROCESS_PROPOSAL, proposal.signed, what)
        answer = _messages.answer(content, self._node)
        if answer.status != _messages.SUCCESS:
            raise _failures.refused(self._node, what, answer.status, answer.message)
        return answer

    async def _submit(
        self,
        channel: str,
        arguments: Sequence[bytes],
        what: str,
        orderer: Orderer,
        endorsers: Sequence[Lifecycle],
    ) -> None:
        deadline = time.monotonic() + CATCHING_UP
        while True:
            proposal = self._proposal(channel, arguments)
            answers = await together(endorser._endorse(proposal, what) for endorser in endorsers)
            try:
                _check_agreement(endorsers, answers, what)
                break
            except NodesDisagreeError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_CATCHING_UP_INTERVAL)
        envelope = _messages.transaction(self._administrator, proposal, answers)
        await orderer.broadcast(envelope, what)
        await together(endorser._await_commit(proposal, self._administrator, what) for endorser in endorsers)

    async def _await_commit(self, proposal: Proposal, asking: Administrator, what: str) -> None:
        request = _messages.commit_status_request(asking, proposal.channel, proposal.transaction_id)
        try:
            answer = await self._connection.unary(_COMMIT_STATUS, request, f"tell whether it could {what}")
        except NodeUnreachableError as error:
            raise NodeUnreachableError(
                f"{error} The transaction {proposal.transaction_id} was ordered: ask for its status.",
                outcome_unknown=True,
            ) from error
        code = _messages.commit_status(answer, self._node)
        if code != _VALID:
            raise NotCommittedError(
                f"{self._node} did not {what}: transaction {proposal.transaction_id} was found invalid "
                f"({code}).{_meaning(code)}",
                proposal.transaction_id,
                code,
            )


def _check_agreement(endorsers: Sequence[Lifecycle], answers: Sequence[Answer], what: str) -> None:
    for endorser, answer in zip(endorsers, answers, strict=True):
        node, first = endorser.endpoint.address, endorsers[0].endpoint.address
        if not answer.endorsed or not answer.endorsement:
            raise NodeReplyError(f"{node} did not {what}: it agreed without endorsing.")
        if answer.endorsed != answers[0].endorsed:
            raise NodesDisagreeError(
                f"{node} endorsed something else than {first} when they were to {what}, so nothing was sent: "
                "one of them is behind or holds other approvals. Compare what `committed_one`, "
                "`commit_readiness` and `approved` tell at both."
            )


def _meaning(code: str) -> str:
    if code == "ENDORSEMENT_POLICY_FAILURE":
        return " More organisations' peers have to endorse it."
    if code == "MVCC_READ_CONFLICT":
        return " Somebody else changed the same at the same time; try again."
    return ""
