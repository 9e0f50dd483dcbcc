"""Secrets that are needed again, encrypted at rest: with the newest secret of the installation, readable by all.

A database that was copied without the secret tells nobody any of them. Another secret is introduced by naming the old
one beside it: what was sealed with it is read, and sealed anew.
"""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEYS = b"imagier: keys of connections"
LINKS = b"imagier: tokens of links"


class UnreadableError(Exception):
    """It was sealed with a secret that this process does not have."""


class Vault:
    def __init__(self, secrets: Sequence[bytes], purpose: bytes = KEYS):
        """The newest secret first; the others only read. What was sealed for one purpose is not read for another."""
        locks = [_lock(secret, purpose) for secret in secrets]
        self._newest = locks[0]
        self._all = MultiFernet(locks)

    def seal(self, text: str) -> str:
        return self._newest.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        try:
            return self._all.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise UnreadableError from None

    def is_old(self, sealed: str) -> bool:
        """Whether it was sealed with a secret other than the newest."""
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return True
        return False


def _lock(secret: bytes, purpose: bytes) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=purpose).derive(secret)
    return Fernet(base64.urlsafe_b64encode(derived))
