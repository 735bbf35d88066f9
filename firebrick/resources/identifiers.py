"""Ids of objects that exist in Firebrick alone."""

import hashlib
import uuid


def uuid_of(key: str) -> str:
    """A UUID like a random one, drawn from an idempotency key: the same in every attempt of one create."""
    digest = hashlib.sha256(key.encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))
