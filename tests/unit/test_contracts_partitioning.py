"""Partitions are those of Java's client (wire.md; delivery.md, "Routing by key")."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from caseway.contracts.partitioning import murmur2, partition_of

# these are the vectors of the test of murmur2 in the Java client
JAVA = [
    (b"21", -973932308),
    (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
]


@pytest.mark.parametrize(("key", "signed"), JAVA)
def test_a_key_hashes_as_in_java(key, signed):
    assert murmur2(key) == signed % 2**32


@given(st.binary(max_size=64), st.integers(1, 50))
def test_any_key_goes_where_the_python_client_sends_it(key, partitions):
    available = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, available, available)


def test_a_negative_hash_is_masked_and_not_made_positive():
    """-973932308 & 0x7fffffff = 1173551340; its absolute value would give partition 8."""
    assert partition_of(b"21", 12) == 1173551340 % 12 == 0
