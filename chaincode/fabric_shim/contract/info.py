"""What the metadata tells people about a chaincode or a contract."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask."""

    name: str = ""
    url: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class License:
    """Under which terms the code may be used; an SPDX identifier is best."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Info:
    """The ``info`` of Fabric's contract schema. What is empty is left out, or filled in where it is needed.

    :ivar title: a short name; by default the contract's name.
    :ivar version: by default the chaincode's, which by default is ``latest`` as in Go.
    :ivar description: by default the contract class's docstring.
    :ivar terms_of_service: an address.
    """

    title: str = ""
    version: str = ""
    description: str = ""
    terms_of_service: str = ""
    contact: Contact | None = None
    license: License | None = None

    def described(self, *, title: str, version: str, description: str = "") -> dict[str, object]:
        """Give the metadata's object, with these where nothing else is said."""
        texts = {
            "title": self.title or title,
            "version": self.version or version,
            "description": self.description or description,
            "termsOfService": self.terms_of_service,
        }
        described: dict[str, object] = {name: text for name, text in texts.items() if text}
        if self.contact:
            parts = {"name": self.contact.name, "url": self.contact.url, "email": self.contact.email}
            described["contact"] = {name: text for name, text in parts.items() if text}
        if self.license and self.license.name:
            terms = {"name": self.license.name, "url": self.license.url}
            described["license"] = {name: text for name, text in terms.items() if text}
        return described
