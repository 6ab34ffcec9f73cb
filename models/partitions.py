"""Which partition an institution belongs to: Kafka's own function of a key, worked out here.

Every message names its partition, so that any producer in any language puts an institution where
its owner reads. The number of partitions is fixed for life.
"""

from typing import Final

_SEED: Final = 0x9747B28C
_MULTIPLIER: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit hash that Kafka's default partitioner takes of a key (Austin Appleby's, 2008)."""
    length = len(data)
    value = (_SEED ^ length) & _MASK
    whole = length - length % 4
    for start in range(0, whole, 4):
        part = int.from_bytes(data[start : start + 4], "little") * _MULTIPLIER & _MASK
        part = (part ^ part >> 24) * _MULTIPLIER & _MASK
        value = (value * _MULTIPLIER & _MASK) ^ part
    if whole < length:
        value ^= int.from_bytes(data[whole:], "little")
        value = value * _MULTIPLIER & _MASK
    value = (value ^ value >> 13) * _MULTIPLIER & _MASK
    return value ^ value >> 15


def partition_of(institution: str, partitions: int) -> int:
    """The partition of an institution among so many, from 0."""
    return (murmur2(institution.encode()) & 0x7FFFFFFF) % partitions
