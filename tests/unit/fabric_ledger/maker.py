"""Makes ledgers without a network: a test authority for each member, signed transactions and blocks."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fabric_gateway.blocks import header_bytes, header_hash
from fabric_ledger.block import LedgerBlock
from fabric_ledger.signatures import ORDERS
from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.msp import identities_pb2, msp_config_pb2, msp_principal_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.peer import (
    chaincode_pb2,
    policy_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from fabric_protos.peer.lifecycle import chaincode_definition_pb2, db_pb2

CHANNEL = "made"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = ORDERS["secp256r1"]
_ECDSA = ec.ECDSA(hashes.SHA256())

Role = msp_principal_pb2.MSPRole
Meta = policies_pb2.ImplicitMetaPolicy


@dataclass(frozen=True)
class Signer:
    """Somebody with a key and a certificate."""

    identity: bytes
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def sign(self, content: bytes) -> bytes:
        r, s = utils.decode_dss_signature(self.key.sign(content, _ECDSA))
        return utils.encode_dss_signature(r, min(s, ORDER - s))


class Authority:
    """A member's certificate authority."""

    def __init__(self, msp_id: str) -> None:
        self.msp_id = msp_id
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"ca.{msp_id}")
        self.certificate = (
            _certificate(name, name, self.key.public_key(), 3650)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def issue(self, name: str, unit: str, days: int = 365) -> Signer:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _certificate(_name(name, unit), self.certificate.subject, key.public_key(), days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        pem = certificate.public_bytes(Encoding.PEM)
        identity = identities_pb2.SerializedIdentity(mspid=self.msp_id, id_bytes=pem).SerializeToString()
        return Signer(identity, key, certificate)

    def revocations(self, *revoked: Signer) -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(BEGIN)
            .next_update(BEGIN + timedelta(days=3650))
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        for each in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(each.certificate.serial_number)
                .revocation_date(BEGIN)
                .build()
            )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def msp(self, revocations: Iterable[bytes] = ()) -> bytes:
        def unit(name: str) -> msp_config_pb2.FabricOUIdentifier:
            return msp_config_pb2.FabricOUIdentifier(organizational_unit_identifier=name)

        config = msp_config_pb2.FabricMSPConfig(
            name=self.msp_id,
            root_certs=[self.certificate.public_bytes(Encoding.PEM)],
            revocation_list=list(revocations),
            fabric_node_ous=msp_config_pb2.FabricNodeOUs(
                enable=True,
                client_ou_identifier=unit("client"),
                peer_ou_identifier=unit("peer"),
                admin_ou_identifier=unit("admin"),
                orderer_ou_identifier=unit("orderer"),
            ),
        )
        return msp_config_pb2.MSPConfig(type=0, config=config.SerializeToString()).SerializeToString()


@dataclass
class Writes:
    """What a made transaction reads and writes in one namespace."""

    namespace: str = "cc"
    reads: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    puts: dict[str, bytes | None] = field(default_factory=dict)
    private: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    policies: dict[str, bytes] = field(default_factory=dict)

    def message(self) -> rwset_pb2.NsReadWriteSet:
        public = kv_rwset_pb2.KVRWSet(
            reads=[
                kv_rwset_pb2.KVRead(
                    key=key,
                    version=None if at is None else kv_rwset_pb2.Version(block_num=at[0], tx_num=at[1]),
                )
                for key, at in self.reads.items()
            ],
            writes=[
                kv_rwset_pb2.KVWrite(key=key, value=value or b"", is_delete=value is None)
                for key, value in self.puts.items()
            ],
            metadata_writes=[
                kv_rwset_pb2.KVMetadataWrite(
                    key=key,
                    entries=[kv_rwset_pb2.KVMetadataEntry(name="VALIDATION_PARAMETER", value=policy)],
                )
                for key, policy in self.policies.items()
            ],
        )
        return rwset_pb2.NsReadWriteSet(
            namespace=self.namespace,
            rwset=public.SerializeToString(),
            collection_hashed_rwset=[
                rwset_pb2.CollectionHashedReadWriteSet(
                    collection_name=name,
                    hashed_rwset=kv_rwset_pb2.HashedRWSet(
                        hashed_writes=[
                            kv_rwset_pb2.KVWriteHash(key_hash=key, value_hash=value)
                            for key, value in values.items()
                        ]
                    ).SerializeToString(),
                )
                for name, values in self.private.items()
            ],
        )


class Channel:
    """A channel of some members and its ledger so far.

    Args:
        msp_ids: the members; the first also orders, alone, unless ``consenters`` is given.
        consenters: so many BFT orderers of the first member.
    """

    def __init__(self, *msp_ids: str, consenters: int = 0) -> None:
        self.authorities = {msp_id: Authority(msp_id) for msp_id in msp_ids}
        self.admins = {msp_id: each.issue("admin", "admin") for msp_id, each in self.authorities.items()}
        self.peers = {msp_id: each.issue("peer", "peer") for msp_id, each in self.authorities.items()}
        home = self.authorities[msp_ids[0]]
        self.client = home.issue("client", "client")
        self.orderers = [home.issue(f"orderer{n}", "orderer") for n in range(max(consenters, 1))]
        self.bft = consenters > 0
        self.blocks: list[LedgerBlock] = []
        self.last_config = 0
        self.config = configtx_pb2.Config(sequence=0, channel_group=self._group())
        genesis = _envelope(
            common_pb2.CONFIG,
            CHANNEL,
            None,
            configtx_pb2.ConfigEnvelope(config=self.config).SerializeToString(),
        )
        self.blocks.append(self._sealed(0, b"", (genesis,), signed=False, flags=b"\0"))

    @property
    def everybody(self) -> list[Signer]:
        return list(self.peers.values())

    def append(
        self, *envelopes: bytes, flags: bytes | None = None, orderers: Sequence[Signer] | None = None
    ) -> LedgerBlock:
        """The next block, as the orderers make it and a peer flags it (all valid unless said)."""
        last = self.blocks[-1]
        previous = header_hash(last.number, last.previous_hash, last.data_hash)
        made = self._sealed(
            last.number + 1, previous, envelopes, flags=flags or bytes(len(envelopes)), orderers=orderers
        )
        self.blocks.append(made)
        return made

    def deploy(self, name: str = "cc", policy: bytes = b"", block_to_live: int = 0) -> LedgerBlock:
        """Commit a chaincode definition."""
        if not policy:
            policy = policy_pb2.ApplicationPolicy(
                channel_config_policy_reference="/Channel/Application/Endorsement"
            ).SerializeToString()
        info = chaincode_definition_pb2.ChaincodeValidationInfo(
            validation_plugin="vscc", validation_parameter=policy
        )
        version = chaincode_definition_pb2.ChaincodeEndorsementInfo(version="1")

        def stored(content: bytes) -> bytes:
            return db_pb2.StateData(Bytes=content).SerializeToString()

        puts: dict[str, bytes | None] = {
            f"namespaces/metadata/{name}": db_pb2.StateMetadata(
                datatype="ChaincodeDefinition", fields=["ValidationInfo"]
            ).SerializeToString(),
            f"namespaces/fields/{name}/ValidationInfo": stored(info.SerializeToString()),
            f"namespaces/fields/{name}/EndorsementInfo": stored(version.SerializeToString()),
        }
        return self.append(self.transaction(Writes("_lifecycle", puts=puts), chaincode="_lifecycle"))

    def transaction(
        self,
        *writes: Writes,
        chaincode: str = "cc",
        endorsers: Sequence[Signer] | None = None,
        creator: Signer | None = None,
        at: datetime = BEGIN + timedelta(days=1),
    ) -> bytes:
        """A serialized envelope, endorsed by everybody unless said."""
        creator = creator or self.client
        nonce = secrets.token_bytes(24)
        signature_header = common_pb2.SignatureHeader(
            creator=creator.identity, nonce=nonce
        ).SerializeToString()
        name = chaincode_pb2.ChaincodeID(name=chaincode, version="1")
        header = common_pb2.ChannelHeader(
            type=common_pb2.ENDORSER_TRANSACTION,
            channel_id=CHANNEL,
            tx_id=hashlib.sha256(nonce + creator.identity).hexdigest(),
            extension=proposal_pb2.ChaincodeHeaderExtension(chaincode_id=name).SerializeToString(),
        )
        header.timestamp.FromDatetime(at)
        channel_header = header.SerializeToString()
        proposal = proposal_pb2.ChaincodeProposalPayload(
            input=chaincode_pb2.ChaincodeInvocationSpec(
                chaincode_spec=chaincode_pb2.ChaincodeSpec(
                    chaincode_id=name, input=chaincode_pb2.ChaincodeInput(args=[b"put"])
                )
            ).SerializeToString()
        ).SerializeToString()
        results = rwset_pb2.TxReadWriteSet(ns_rwset=[each.message() for each in writes]).SerializeToString()
        action = proposal_pb2.ChaincodeAction(
            results=results, chaincode_id=name, response=proposal_response_pb2.Response(status=200)
        )
        response = proposal_response_pb2.ProposalResponsePayload(
            proposal_hash=hashlib.sha256(channel_header + signature_header + proposal).digest(),
            extension=action.SerializeToString(),
        ).SerializeToString()
        endorsed = transaction_pb2.ChaincodeEndorsedAction(
            proposal_response_payload=response,
            endorsements=[
                proposal_response_pb2.Endorsement(
                    endorser=each.identity, signature=each.sign(response + each.identity)
                )
                for each in (self.everybody if endorsers is None else endorsers)
            ],
        )
        data = transaction_pb2.Transaction(
            actions=[
                transaction_pb2.TransactionAction(
                    header=signature_header,
                    payload=transaction_pb2.ChaincodeActionPayload(
                        chaincode_proposal_payload=proposal, action=endorsed
                    ).SerializeToString(),
                )
            ]
        ).SerializeToString()
        return _signed(channel_header, signature_header, data, creator)

    def configure(
        self, change: configtx_pb2.ConfigGroup, signers: Sequence[Signer], submitter: Signer | None = None
    ) -> bytes:
        """A configuration envelope: the group as changed (versions raised before), signed by members."""
        update = configtx_pb2.ConfigUpdate(
            channel_id=CHANNEL, read_set=self.config.channel_group, write_set=change
        ).SerializeToString()
        signatures = []
        for each in signers:
            header = common_pb2.SignatureHeader(creator=each.identity, nonce=b"n" * 24).SerializeToString()
            signatures.append(
                configtx_pb2.ConfigSignature(signature_header=header, signature=each.sign(header + update))
            )
        last_update = _envelope(
            common_pb2.CONFIG_UPDATE,
            CHANNEL,
            self.client,
            configtx_pb2.ConfigUpdateEnvelope(
                config_update=update, signatures=signatures
            ).SerializeToString(),
        )
        config = configtx_pb2.Config(sequence=self.config.sequence + 1, channel_group=change)
        content = configtx_pb2.ConfigEnvelope(
            config=config, last_update=common_pb2.Envelope.FromString(last_update)
        )
        return _envelope(
            common_pb2.CONFIG, CHANNEL, submitter or self.orderers[0], content.SerializeToString()
        )

    def append_configuration(self, envelope: bytes) -> LedgerBlock:
        """A block of a configuration, from which on it is in force."""
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(envelope).payload)
        self.config = configtx_pb2.ConfigEnvelope.FromString(payload.data).config
        self.last_config = len(self.blocks)
        return self.append(envelope)

    def group(self) -> configtx_pb2.ConfigGroup:
        """A copy of the configuration, to be changed."""
        copy = configtx_pb2.ConfigGroup()
        copy.CopyFrom(self.config.channel_group)
        return copy

    def _sealed(
        self,
        number: int,
        previous: bytes,
        envelopes: tuple[bytes, ...],
        *,
        flags: bytes,
        signed: bool = True,
        orderers: Sequence[Signer] | None = None,
    ) -> LedgerBlock:
        data_hash = hashlib.sha256(b"".join(envelopes)).digest()
        value = common_pb2.OrdererBlockMetadata(
            last_config=common_pb2.LastConfig(index=self.last_config)
        ).SerializeToString()
        metadata = common_pb2.Metadata(value=value)
        header = header_bytes(number, previous, data_hash)
        chosen = list(orderers if orderers is not None else self.orderers) if signed else []
        for place, each in enumerate(chosen):
            if self.bft and orderers is None:
                content = common_pb2.IdentifierHeader(identifier=place + 1, nonce=b"n").SerializeToString()
                metadata.signatures.add(
                    identifier_header=content, signature=each.sign(value + content + header)
                )
            else:
                content = common_pb2.SignatureHeader(creator=each.identity, nonce=b"n").SerializeToString()
                metadata.signatures.add(
                    signature_header=content, signature=each.sign(value + content + header)
                )
        places = (metadata.SerializeToString(), b"", flags, b"", b"")
        return LedgerBlock(number, previous, data_hash, envelopes, places)

    def _group(self) -> configtx_pb2.ConfigGroup:
        root = configtx_pb2.ConfigGroup(mod_policy="Admins")
        capability = "V3_0" if self.bft else "V2_0"
        _value(root, "Capabilities", _capabilities(capability))
        application, orderer = root.groups["Application"], root.groups["Orderer"]
        for group in (root, application, orderer):
            group.mod_policy = "Admins"
            _meta(group, "Readers", Meta.ANY)
            _meta(group, "Writers", Meta.ANY)
            _meta(group, "Admins", Meta.MAJORITY)
        _value(application, "Capabilities", _capabilities("V2_0"))
        _value(orderer, "Capabilities", _capabilities("V2_0"))
        _value(
            orderer,
            "ConsensusType",
            orderer_pb2.ConsensusType(type="BFT" if self.bft else "etcdraft").SerializeToString(),
        )
        _value(orderer, "BatchTimeout", orderer_pb2.BatchTimeout(timeout="1s").SerializeToString())
        _meta(application, "Endorsement", Meta.MAJORITY)
        _meta(application, "LifecycleEndorsement", Meta.MAJORITY, "Endorsement")
        _meta(orderer, "BlockValidation", Meta.ANY, "Writers")
        for place, (msp_id, authority) in enumerate(self.authorities.items()):
            self._member(application.groups[msp_id], authority, "PEER")
            if place == 0:
                self._member(orderer.groups[msp_id], authority, "ORDERER")
        if self.bft:
            self._consenters(orderer)
        return root

    def _consenters(self, orderer: configtx_pb2.ConfigGroup) -> None:
        home = next(iter(self.authorities))
        consenters = [
            configuration_pb2.Consenter(
                id=place + 1,
                msp_id=home,
                identity=each.certificate.public_bytes(Encoding.PEM),
            )
            for place, each in enumerate(self.orderers)
        ]
        _value(
            orderer,
            "Orderers",
            configuration_pb2.Orderers(consenter_mapping=consenters).SerializeToString(),
        )
        total = len(consenters)
        quorum = -(-(total + (total - 1) // 3 + 1) // 2)
        rule = policies_pb2.SignaturePolicy(
            n_out_of=policies_pb2.SignaturePolicy.NOutOf(
                n=quorum, rules=[policies_pb2.SignaturePolicy(signed_by=n) for n in range(total)]
            )
        )
        identities = [
            msp_principal_pb2.MSPPrincipal(
                principal_classification=msp_principal_pb2.MSPPrincipal.IDENTITY, principal=each.identity
            )
            for each in self.orderers
        ]
        _policy(
            orderer,
            "BlockValidation",
            policies_pb2.Policy.SIGNATURE,
            policies_pb2.SignaturePolicyEnvelope(rule=rule, identities=identities).SerializeToString(),
        )

    def _member(self, group: configtx_pb2.ConfigGroup, authority: Authority, endorsing: str) -> None:
        group.mod_policy = "Admins"
        _value(group, "MSP", authority.msp())
        for name, role in (
            ("Readers", "MEMBER"),
            ("Writers", "MEMBER"),
            ("Admins", "ADMIN"),
            ("Endorsement", endorsing),
        ):
            _policy(group, name, policies_pb2.Policy.SIGNATURE, signed_by(authority.msp_id, role=role))


def signed_by(*msp_ids: str, role: str = "PEER", needed: int = 1) -> bytes:
    """A serialized signature policy: so many of the members, in a role."""
    return policies_pb2.SignaturePolicyEnvelope(
        rule=policies_pb2.SignaturePolicy(
            n_out_of=policies_pb2.SignaturePolicy.NOutOf(
                n=needed, rules=[policies_pb2.SignaturePolicy(signed_by=n) for n in range(len(msp_ids))]
            )
        ),
        identities=[
            msp_principal_pb2.MSPPrincipal(
                principal=Role(msp_identifier=msp_id, role=Role.MSPRoleType.Value(role)).SerializeToString()
            )
            for msp_id in msp_ids
        ],
    ).SerializeToString()


def _value(group: configtx_pb2.ConfigGroup, name: str, content: bytes) -> None:
    group.values[name].CopyFrom(configtx_pb2.ConfigValue(value=content, mod_policy="Admins"))


def _meta(
    group: configtx_pb2.ConfigGroup, name: str, rule: policies_pb2.ImplicitMetaPolicy.Rule, sub: str = ""
) -> None:
    content = Meta(rule=rule, sub_policy=sub or name).SerializeToString()
    _policy(group, name, policies_pb2.Policy.IMPLICIT_META, content)


def _policy(
    group: configtx_pb2.ConfigGroup, name: str, kind: policies_pb2.Policy.PolicyType, content: bytes
) -> None:
    group.policies[name].CopyFrom(
        configtx_pb2.ConfigPolicy(mod_policy="Admins", policy=policies_pb2.Policy(type=kind, value=content))
    )


def _capabilities(name: str) -> bytes:
    return configuration_pb2.Capabilities(
        capabilities={name: configuration_pb2.Capability()}
    ).SerializeToString()


def _envelope(kind: common_pb2.HeaderType, channel: str, signer: Signer | None, data: bytes) -> bytes:
    nonce = secrets.token_bytes(24)
    creator = signer.identity if signer else b""
    channel_header = common_pb2.ChannelHeader(type=kind, channel_id=channel).SerializeToString()
    signature_header = common_pb2.SignatureHeader(creator=creator, nonce=nonce).SerializeToString()
    return _signed(channel_header, signature_header, data, signer)


def _signed(channel_header: bytes, signature_header: bytes, data: bytes, signer: Signer | None) -> bytes:
    payload = common_pb2.Payload(
        header=common_pb2.Header(channel_header=channel_header, signature_header=signature_header), data=data
    ).SerializeToString()
    signature = signer.sign(payload) if signer else b""
    return common_pb2.Envelope(payload=payload, signature=signature).SerializeToString()


def _name(common: str, unit: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if unit:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return x509.Name(attributes)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + timedelta(days=days))
    )
