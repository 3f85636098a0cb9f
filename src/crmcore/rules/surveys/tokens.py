"""The token of an invitation: always the same for the same person and visit, and nothing that can be guessed."""

from __future__ import annotations

from base64 import b32encode
from hashlib import blake2b

#: 15 bytes in base 32: lower case only, since some vendors' databases do not tell cases apart.
BYTES = 15


def token(instance: str, customer: int, visit: int | None, *, salt: str) -> str:
    """[a-z2-7]{24}; `salt` is the store's own secret, without which ids could be tried one after the other."""
    said = f"{instance}|C{customer}|V{visit or 0}".encode()
    return b32encode(blake2b(said, digest_size=BYTES, key=salt.encode()[:64]).digest()).decode().lower()
