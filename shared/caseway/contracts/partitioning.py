"""Which partition a key belongs to, as Java's client has it."""

from __future__ import annotations

import struct
from functools import lru_cache

_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Murmur2 of `key`, unsigned, 32 bits. Source: org.apache.kafka.common.utils.Utils.murmur2."""
    length = len(key)
    whole = length & ~3
    digest = _SEED ^ length
    for (word,) in struct.iter_unpack("<I", key[:whole]):
        mixed = (word * _MULTIPLIER) & _MASK
        mixed = ((mixed ^ (mixed >> 24)) * _MULTIPLIER) & _MASK
        digest = ((digest * _MULTIPLIER) & _MASK) ^ mixed
    if length > whole:
        digest = ((digest ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER) & _MASK
    digest = ((digest ^ (digest >> 13)) * _MULTIPLIER) & _MASK
    return digest ^ (digest >> 15)


@lru_cache(maxsize=65_536)  # a case's key comes back with every fact about it
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` among `partitions`.

    >>> partition_of(b"case_fb6cde07-d053-5979-9587-917f5843e77e", 12)
    6
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions
