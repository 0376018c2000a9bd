"""A CA's revocation list goes where the channel has the organisation, and nowhere else."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from carechannel.sdk.admin import ChannelConfiguration, ConfigUpdate, ConfigurationError, with_revocation_list
from carechannel.sdk.admin import _config_messages as messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_protos.common import configtx_pb2
from fabric_protos.msp import msp_config_pb2

from tests.unit.sdk.admin.blocks import CHANNEL

PEM = serialization.Encoding.PEM
NOW = datetime.now(UTC)


class Ca:
    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(self.name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(NOW)
            .not_valid_after(NOW + timedelta(days=1))
            .sign(self.key, hashes.SHA256())
            .public_bytes(PEM)
        )

    def crl(self, *serials: int, made: datetime = NOW) -> bytes:
        builder = x509.CertificateRevocationListBuilder(self.name, made, made + timedelta(days=1))
        for serial in serials:
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW).build()
            builder = builder.add_revoked_certificate(revoked)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(PEM)


CA, OTHER = Ca("ca.org1"), Ca("ca.org2")


def configuration(*present: bytes, kind: int = 0) -> ChannelConfiguration:
    config = configtx_pb2.Config(sequence=1)
    places = (("Application", "Org1", CA), ("Application", "Org2", OTHER), ("Orderer", "OrdererOrg1", CA))
    for part, group, ca in places:
        msp = msp_config_pb2.FabricMSPConfig(
            name="Org1MSP" if ca is CA else "Org2MSP",
            root_certs=[ca.certificate],
            revocation_list=present if ca is CA else (),
        )
        value = config.channel_group.groups[part].groups[group].values["MSP"]
        value.mod_policy = "Admins"
        value.value = msp_config_pb2.MSPConfig(type=kind, config=msp.SerializeToString()).SerializeToString()
    return ChannelConfiguration(CHANNEL, 1, config.SerializeToString())


def lists(found: ChannelConfiguration, msp_id: str = "Org1MSP") -> dict[str, Sequence[bytes]]:
    return {
        place: present for place, (_, present) in messages.msp_certificates(found.content, msp_id).items()
    }


def test_it_goes_to_members_and_orderers_alike() -> None:
    crl = CA.crl(7)
    found = with_revocation_list(configuration(), "Org1MSP", crl)
    assert lists(found) == {"Application/Org1": (crl,), "Orderer/OrdererOrg1": (crl,)}
    assert lists(found, "Org2MSP") == {"Application/Org2": ()}
    assert configuration().msp_places("Org1MSP") == ("Application/Org1", "Orderer/OrdererOrg1")


def test_the_update_changes_nothing_but_the_msps() -> None:
    before = configuration()
    update = ConfigUpdate.between(before, with_revocation_list(before, "Org1MSP", CA.crl(7))).json()
    write_set: Any = update["write_set"]
    assert set(write_set["groups"]) == {"Application", "Orderer"}
    assert list(write_set["groups"]["Application"]["groups"]) == ["Org1"]
    assert write_set["groups"]["Application"]["groups"]["Org1"]["values"]["MSP"]["version"] == "1"
    before_json: Any = copy.deepcopy(before.json())
    assert before_json["channel_group"]["groups"]["Application"]["groups"]["Org2"]


def test_a_longer_list_replaces_a_shorter_one() -> None:
    old, new = CA.crl(7), CA.crl(7, 8)
    assert lists(with_revocation_list(configuration(old), "Org1MSP", new))["Application/Org1"] == (new,)


def test_a_list_that_names_others_stays() -> None:
    """A CA leaves out of its list whom it forgot; the channel does not let them in again."""
    old, new = CA.crl(7, 9), CA.crl(7, 8)
    assert lists(with_revocation_list(configuration(old), "Org1MSP", new))["Application/Org1"] == (old, new)


def test_an_older_list_does_not_replace_a_newer_one() -> None:
    present = configuration(CA.crl(7, 8))
    for serials in ((7,), (7, 8)):
        with pytest.raises(ConfigurationError, match="has a newer revocation list"):
            with_revocation_list(present, "Org1MSP", CA.crl(*serials, made=NOW - timedelta(hours=1)))
    other = CA.crl(9, made=NOW - timedelta(hours=1))
    assert len(lists(with_revocation_list(present, "Org1MSP", other))["Application/Org1"]) == 2


def test_an_expired_list_counts_as_it_does_for_fabric() -> None:
    """Peers never look at its dates; whom it names stays out."""
    expired = CA.crl(7, made=NOW - timedelta(days=9))
    assert lists(with_revocation_list(configuration(), "Org1MSP", expired))["Application/Org1"] == (expired,)


def test_a_list_of_another_ca_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not signed by a CA of Org1MSP"):
        with_revocation_list(configuration(), "Org1MSP", OTHER.crl(7))
    impostor = Ca("ca.org1")
    with pytest.raises(ConfigurationError, match="not signed by a CA of Org1MSP"):
        with_revocation_list(configuration(), "Org1MSP", impostor.crl(7))


@pytest.mark.parametrize("junk", [b"", b"junk", CA.certificate])
def test_junk_is_refused(junk: bytes) -> None:
    with pytest.raises(ConfigurationError, match="no revocation list"):
        with_revocation_list(configuration(), "Org1MSP", junk)


def test_an_organisation_that_is_not_there_or_has_another_kind_of_msp_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no organisation Org3MSP"):
        with_revocation_list(configuration(), "Org3MSP", CA.crl(7))
    with pytest.raises(ConfigurationError, match="no organisation Org1MSP"):
        with_revocation_list(configuration(kind=1), "Org1MSP", CA.crl(7))


def test_the_same_list_again_is_no_update() -> None:
    before = configuration(CA.crl(7))
    (present,) = lists(before)["Application/Org1"]
    with pytest.raises(ConfigurationError, match="nothing to update"):
        ConfigUpdate.between(before, with_revocation_list(before, "Org1MSP", present))
