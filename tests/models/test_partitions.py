"""Partitions: Kafka's own function of a key, so that every producer agrees."""

from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as kafkas_murmur2

from models.partitions import murmur2, partition_of


@given(st.binary(max_size=64))
def test_hash_is_kafkas(key: bytes) -> None:
    """The hash of any key is the one that Kafka's Python client takes."""
    assert kafkas_murmur2(key) & 0xFFFFFFFF == murmur2(key)


@given(st.text(max_size=40), st.integers(1, 64))
def test_partition_is_one_of_so_many(institution: str, partitions: int) -> None:
    """Every institution has one partition among so many, always the same."""
    found = partition_of(institution, partitions)

    assert 0 <= found < partitions
    assert found == partition_of(institution, partitions)
