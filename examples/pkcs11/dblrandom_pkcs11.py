"""A signer in a PKCS #11 token, as a plug-in: ``--key "pkcs11:token=LABEL;object=LABEL"``.

It takes an Ed25519 key and signs with CKM_EDDSA. The library of the token is named by the environment variable
``PKCS11_MODULE`` and never by the address, which may come from somebody else's configuration.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

import dblrandom as dr
from dblrandom.kernel.signing import keyid


class TokenSigner:
    """An Ed25519 key that never leaves its token."""

    algorithm = "ed25519"

    def __init__(self, opened: Any, label: str) -> None:
        self._private = opened.get_key(ObjectClass.PRIVATE_KEY, KeyType.EC_EDWARDS, label=label)
        public = opened.get_key(ObjectClass.PUBLIC_KEY, KeyType.EC_EDWARDS, label=label)
        # The point is the raw key in a DER octet string.
        self.public_key = bytes(public[Attribute.EC_POINT])[-32:]
        self.keyid = keyid(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, made in the token."""
        return bytes(self._private.sign(message, mechanism=Mechanism.EDDSA))


def open_token(address: str, *, passphrase: Callable[[], str | None]) -> TokenSigner:
    """Open the key at an address (RFC 7512, the attributes ``token`` and ``object``)."""
    scheme, _, rest = address.partition(":")
    named = {key: unquote(value) for key, _, value in (part.partition("=") for part in rest.split(";"))}
    if scheme != "pkcs11" or set(named) != {"token", "object"}:
        raise dr.KeyFileError("an address is pkcs11:token=LABEL;object=LABEL", where="pkcs11")
    module = os.environ.get("PKCS11_MODULE")
    if not module:
        raise dr.KeyFileError("set PKCS11_MODULE to the token's library", where="pkcs11")
    token = pkcs11.lib(module).get_token(token_label=named["token"])
    try:
        opened = token.open(user_pin=passphrase())
    except pkcs11.UserAlreadyLoggedIn:
        # Another key of this token is open: a login is the process's, not that of one key.
        opened = token.open()
    except pkcs11.PinIncorrect as error:
        raise dr.SignerError("the PIN is wrong", where="pkcs11", code="signer.refused") from error
    return TokenSigner(opened, named["object"])
