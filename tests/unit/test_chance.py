"""Keyed chance: uniform, independent between neighbouring keys, streams, replications and seeds, and equal everywhere.

Tests of randomness have fixed seeds and so fixed outcomes. Each family of p-values is held against the level 1e-3
divided by its size (Bonferroni), and the p-values themselves must be uniform where there are enough of them.
"""

from __future__ import annotations

import pickle
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.chance import Chance

many = settings(derandomize=True, max_examples=200, deadline=None)
N = 1 << 16
KEYS = np.arange(N)
LEVEL = 1e-3
STREAMS = ("need.medicine.gap", "need.medicine.mark", "need.medicine.gap2", "a", "b", "age.band", "age.year", "")
Floats = npt.NDArray[np.float64]


def columns() -> dict[str, Floats]:
    """Columns of uniforms as the model asks for them, each over keys that count up from 0."""
    side = int(np.sqrt(N))
    row, column = np.divmod(KEYS, side)
    found = {
        "one key": Chance(1, 0).uniform("a", KEYS),
        "a second key of 0": Chance(1, 0).uniform("a", KEYS, 0),
        "a second key that counts": Chance(1, 0).uniform("a", 0, KEYS),
        "two keys on a square": Chance(1, 0).uniform("a", row, column),
        "three keys": Chance(1, 0).uniform("a", row // 16, row % 16, column),
        "equal keys": Chance(1, 0).uniform("a", KEYS, KEYS),
        "keys of opposite sign": Chance(1, 0).uniform("a", KEYS, -KEYS),
        "far keys": Chance(1, 0).uniform("a", KEYS + (1 << 40)),
        "every 2**32nd key": Chance(1, 0).uniform("a", KEYS << 32),
        "every 2**47th key": Chance(1, 0).uniform("a", KEYS << 47),
        "negative keys": Chance(1, 0).uniform("a", -KEYS - 1),
    }
    found |= {f"stream {stream!r}": Chance(7, 3).uniform(stream, KEYS) for stream in STREAMS}
    found |= {f"replication {k}": Chance(1, k).uniform("a", KEYS) for k in (1, 2, 3, 1000)}
    found |= {f"seed {seed}": Chance(seed, 0).uniform("a", KEYS) for seed in (0, 2, 3, 12345, 2**32, 2**63)}
    return found


COLUMNS = columns()


def must_fit(p_values: list[float]) -> None:
    """Reject a family of p-values of which one is too small for a family of that size."""
    assert min(p_values) > LEVEL / len(p_values), sorted(p_values)[:5]


# -- uniform ----------------------------------------------------------------------------------------------------------


def test_numbers_reach_to_the_ends() -> None:
    """A column covers the whole interval: its least and greatest number are as near the ends as chance brings them."""
    for column in COLUMNS.values():
        assert 0 < column.min() < 12 / N
        assert 1 - 12 / N < column.max() < 1


def key_of_state(chance: Chance, stream: str, state: int) -> int:
    """The key that leads to a given 64-bit state: the finaliser of splitmix64 backwards."""
    z = state
    for shift, factor in ((31, 0x94D049BB133111EB), (27, 0xBF58476D1CE4E5B9), (30, 1)):
        undone = z
        for _ in range(64 // shift + 1):
            undone = z ^ (undone >> shift)
        z = undone * pow(factor, -1, 2**64) % 2**64
    first, second = chance._words(stream)
    return ((z ^ first) - second) * pow(0x9E3779B97F4A7C15, -1, 2**64) % 2**64


@pytest.mark.parametrize("state", [0, 1, 2**63 - 1, 2**63, 2**64 - 2**11 - 1, 2**64 - 2**11, 2**64 - 1])
def test_the_interval_is_open_at_both_ends(state: int) -> None:
    """Quantile functions are called with the numbers, and log(0) is no duration: neither 0 nor 1 may ever come.

    Such states are too rare to wait for (one in 2**53), so the keys that lead to them are computed.
    """
    chance = Chance(1, 0)
    key = key_of_state(chance, "a", state)
    assert chance.one("a", key) == pytest.approx(state / 2**64, abs=2.0**-52)
    assert 0 < chance.one("a", key) < 1
    assert 0 < chance.uniform("a", np.array([key], dtype=np.uint64))[0] < 1


def test_uniform_by_kolmogorov_and_smirnov() -> None:
    """The distribution function of each column is the diagonal."""
    must_fit([stats.kstest(column, "uniform").pvalue for column in COLUMNS.values()])


@pytest.mark.parametrize("cells", [2, 10, 256, 4096])
def test_uniform_by_chi_square(cells: int) -> None:
    """Coarse and fine cells hold equal counts, not too unequal and not too equal: keys must not fall into a lattice."""
    p_values = []
    for column in COLUMNS.values():
        p = stats.chisquare(np.bincount((column * cells).astype(int), minlength=cells)).pvalue
        p_values += [p, 1 - p]
    must_fit(p_values)


def test_every_bit_is_fair() -> None:
    """Each of the 53 bits is 1 half of the time, also the low ones that a histogram does not see."""
    p_values = []
    for column in COLUMNS.values():
        state = (column * 2.0**53).astype(np.uint64)
        ones = [int(np.count_nonzero(state >> np.uint64(bit) & np.uint64(1))) for bit in range(1, 53)]
        p_values += [2 * stats.norm.sf(abs(count - N / 2) / np.sqrt(N / 4)) for count in ones]
    must_fit(p_values)


def test_p_values_are_uniform_themselves() -> None:
    """Over 400 streams the p-values of the mean are spread evenly: no small bias hides below each single test."""
    chance = Chance(5, 0)
    means = [chance.uniform(f"stream {k}", np.arange(2000)).mean() for k in range(400)]
    scores = (np.array(means) - 0.5) * np.sqrt(12 * 2000)
    assert stats.kstest(scores, "norm").pvalue > LEVEL


def test_numbers_do_not_repeat() -> None:
    """2**21 keys give 2**21 different numbers of 53 bits: a pair is expected once in 4,000 such tests."""
    column = Chance(1, 0).uniform("a", np.arange(1 << 21))
    assert np.unique(column).size == column.size


# -- independent ------------------------------------------------------------------------------------------------------


def uncorrelated(first: Floats, second: Floats) -> list[float]:
    """The p-values of a linear correlation, of a rank one of the distances from the middle, and of a grid of pairs."""
    size = first.size
    linear = float(np.corrcoef(first, second)[0, 1])
    bowl = float(np.corrcoef(np.abs(first - 0.5), np.abs(second - 0.5))[0, 1])
    grid = np.bincount((first * 16).astype(int) * 16 + (second * 16).astype(int), minlength=256)
    return [
        2 * float(stats.norm.sf(abs(linear) * np.sqrt(size))),
        2 * float(stats.norm.sf(abs(bowl) * np.sqrt(size))),
        float(stats.chisquare(grid).pvalue),
    ]


@pytest.mark.parametrize("lag", [1, 2, 3, 16, 256, 1024])
def test_neighbouring_keys(lag: int) -> None:
    """Serial test: pairs of keys at a small distance fill the square evenly; residents next door share no luck."""
    must_fit([p for column in COLUMNS.values() for p in uncorrelated(column[:-lag], column[lag:])])


def test_triples_of_neighbouring_keys() -> None:
    """Serial test in the cube, where multiplicative generators show their planes."""
    p_values = []
    for column in COLUMNS.values():
        a, b, c = ((column[k : N - 2 + k] * 8).astype(int) for k in range(3))
        p_values.append(float(stats.chisquare(np.bincount(a * 64 + b * 8 + c, minlength=512)).pvalue))
    must_fit(p_values)


def test_runs_up_and_down() -> None:
    """The number of turning points of a column is that of independent numbers (mean 2(n−2)/3, variance (16n−29)/90)."""
    p_values = []
    for column in COLUMNS.values():
        rise = np.diff(column) > 0
        turns = np.count_nonzero(rise[1:] != rise[:-1])
        score = (turns - 2 * (N - 2) / 3) / np.sqrt((16 * N - 29) / 90)
        p_values.append(2 * float(stats.norm.sf(abs(score))))
    must_fit(p_values)


def test_neighbouring_streams_replications_and_seeds() -> None:
    """For the same keys, columns of different streams, replications and seeds are independent, pair by pair.

    Common random numbers compare two plans under one replication; intervals rest on replications being independent.
    """
    streams = [Chance(1, 0).uniform(stream, KEYS) for stream in STREAMS]
    replications = [Chance(1, k).uniform("a", KEYS) for k in range(8)]
    seeds = [Chance(seed, 0).uniform("a", KEYS) for seed in range(8)]
    crossed = [Chance(k, 7 - k).uniform("a", KEYS) for k in range(8)]
    families = (streams, replications, seeds, crossed)
    must_fit([p for family in families for a, b in pairwise(family) for p in uncorrelated(a, b)])


def test_swapped_keys_and_numbers_of_keys() -> None:
    """(1, 2) is not (2, 1), and 5 is not (5, 0) nor (0, 5): what keys mean depends on their place."""
    one = Chance(1, 0)
    side = np.arange(256)
    row, column = np.repeat(side, 256), np.tile(side, 256)
    off = row != column
    p_values = uncorrelated(one.uniform("a", row, column)[off], one.uniform("a", column, row)[off])
    p_values += uncorrelated(one.uniform("a", KEYS), one.uniform("a", KEYS, 0))
    p_values += uncorrelated(one.uniform("a", KEYS), one.uniform("a", 0, KEYS))
    p_values += uncorrelated(one.uniform("a", KEYS, 1), one.uniform("a", KEYS, 2))
    must_fit(p_values)


def test_sums_of_keys() -> None:
    """Keys (i, j) with equal i + j are independent: no sum or difference of keys decides."""
    side = np.arange(256)
    row, column = np.repeat(side, 256), np.tile(side, 256)
    here = Chance(1, 0).uniform("a", row, column)
    beside = [Chance(1, 0).uniform("a", row + 1, column + step) for step in (1, -1)]
    must_fit([p for other in beside for p in uncorrelated(here, other)])


def test_seed_and_replication_are_not_exchanged() -> None:
    """Seed 1, replication 2 is another luck than seed 2, replication 1, and no pair of small ones falls together."""
    first = {(s, r): Chance(s, r).one("a", 0) for s, r in product(range(40), range(40))}
    assert len(set(first.values())) == len(first)


def test_one_bit_of_a_key_changes_half_of_the_number() -> None:
    """Avalanche: flipping any of the 64 bits of a key flips each of the state's high 32 bits with chance ½."""
    chance = Chance(3, 1)
    size = 4096
    keys = np.arange(size).astype(np.int64) * 2_654_435_761
    plain = (chance.uniform("a", keys, 5) * 2.0**32).astype(np.uint64)
    p_values = []
    for bit in range(64):
        flipped = keys ^ np.array(np.uint64(1) << np.uint64(bit)).astype(np.int64)
        moved = plain ^ (chance.uniform("a", flipped, 5) * 2.0**32).astype(np.uint64)
        for out in range(32):
            ones = int(np.count_nonzero(moved >> np.uint64(out) & np.uint64(1)))
            p_values.append(2 * float(stats.norm.sf(abs(ones - size / 2) / np.sqrt(size / 4))))
    must_fit(p_values)
    assert abs(np.mean(np.array(p_values) < 0.05) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / len(p_values))


# -- the same everywhere ----------------------------------------------------------------------------------------------

int64 = st.integers(-(2**63), 2**63 - 1)
keys = st.one_of(int64, st.integers(0, 100), st.sampled_from([0, -1, 2**31, 2**32, 2**62, 2**63 - 1, -(2**63)]))


@many
@given(
    st.integers(0, 2**70),
    st.integers(0, 2**32 - 1),
    st.text(max_size=20),
    st.lists(keys, min_size=1, max_size=5),
)
def test_the_scalar_is_the_vector(seed: int, replication: int, stream: str, key: list[int]) -> None:
    """``one`` in the loop and ``uniform`` before it give the same bits, whatever seed, stream and keys."""
    chance = Chance(seed, replication)
    vector = chance.uniform(stream, np.array([key[0]], dtype=np.int64), *key[1:])
    assert vector.dtype == np.float64
    assert chance.one(stream, *key) == vector[0]


@many
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4))
def test_large_keys(key: list[int]) -> None:
    """Unsigned keys over the whole of 64 bits are keys like others; −1 is 2**64 − 1, its image in 64 bits."""
    chance = Chance(1, 0)
    vector = chance.uniform("a", *(np.array([k], dtype=np.uint64) for k in key))
    assert chance.one("a", *key) == vector[0]
    assert chance.one("a", *(k - 2**64 if k >= 2**63 else k for k in key)) == vector[0]


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64])
def test_the_type_of_a_key_does_not_matter(dtype: type) -> None:
    """Row 17 as int32 and as int64 is the same resident."""
    chance = Chance(1, 0)
    whole = np.arange(100)
    assert (chance.uniform("a", whole.astype(dtype), 3) == chance.uniform("a", whole, 3)).all()
    if np.issubdtype(dtype, np.signedinteger):
        assert (chance.uniform("a", (-whole).astype(dtype)) == chance.uniform("a", -whole)).all()


@many
@given(st.lists(int64, min_size=1, max_size=30), st.integers(0, 3))
def test_order_and_company_do_not_matter(key: list[int], other: int) -> None:
    """A draw belongs to its keys: asked alone, in another order, twice or among others, it is the same number."""
    chance = Chance(1, 0)
    whole = np.array(key, dtype=np.int64)
    drawn = chance.uniform("a", whole, other)
    order = np.argsort(chance.uniform("order", np.arange(whole.size)))
    assert (chance.uniform("a", whole[order], other) == drawn[order]).all()
    assert (chance.uniform("a", np.concatenate([whole, whole]), other) == np.concatenate([drawn, drawn])).all()
    assert (Chance(1, 0).uniform("a", whole[:1], other) == drawn[:1]).all()
    assert (chance.uniform("a", whole, other) == drawn).all(), "asking changes nothing"


def test_shapes() -> None:
    """Keys broadcast like arrays: a number, a column, a row, a square, a slice, nothing at all."""
    chance = Chance(1, 0)
    row, column = np.arange(5), np.arange(3)[:, None]
    square = chance.uniform("a", column, row)
    assert square.shape == (3, 5)
    for i, j in product(range(3), range(5)):
        assert square[i, j] == chance.one("a", i, j)
    assert (chance.uniform("a", np.arange(10)[::2]) == chance.uniform("a", np.arange(10))[::2]).all()
    turned = np.asfortranarray(np.arange(6).reshape(2, 3))
    assert (chance.uniform("a", turned).ravel() == chance.uniform("a", np.arange(6))).all()
    assert chance.uniform("a", np.empty(0, np.int64)).shape == (0,)
    assert chance.uniform("a", np.empty(0, np.int64), 3).shape == (0,)
    assert (chance.uniform("a", 3, row) == chance.uniform("a", np.full(5, 3), row)).all()
    assert (chance.uniform("a", row, np.array([3])) == chance.uniform("a", row, 3)).all()
    assert chance.uniform("a", np.array(3), row).shape == (5,)


def test_keys_are_not_written_to() -> None:
    """The work is done in place, but never in the caller's own columns."""
    chance = Chance(1, 0)
    for dtype in (np.int64, np.uint64):
        key = np.arange(10, dtype=dtype)
        key.setflags(write=False)
        chance.uniform("a", key, key)
        assert (key == np.arange(10)).all()


def test_streams_do_not_run_into_each_other() -> None:
    """Names that share letters, differ in one or stand in another alphabet are different streams."""
    names = [
        "",
        "a",
        "b",
        "aa",
        "ab",
        "a.b",
        "a. b",
        "A",
        "é",
        "e\u0301",
        "需求",
        "need.1.gap",
        "need.11.gap",
        "x" * 1000,
    ]
    first = [Chance(1, 0).one(name, 0) for name in names]
    assert len(set(first)) == len(names)


def test_chance_can_be_made_again() -> None:
    """The same seed and replication in another process is the same luck: known numbers, not only equal ones.

    The reference is an implementation of its own: splitmix64's finaliser over Python's integers.
    """
    import hashlib

    def finalise(z: int) -> int:
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
        return z ^ (z >> 31)

    name = int.from_bytes(hashlib.blake2b(b"a", digest_size=8).digest(), "little")
    words = np.random.SeedSequence(11, spawn_key=(4, name % 2**32, name >> 32)).generate_state(2, np.uint64)
    state = int(words[0])
    for key in (17, 3):
        state = finalise(((key * 0x9E3779B97F4A7C15 + int(words[1])) % 2**64) ^ state)
    assert Chance(11, 4).one("a", 17, 3) == pytest.approx(state / 2**64, abs=2.0**-52)


def test_chance_has_no_state() -> None:
    """Two that are made alike answer alike after any questions, in any order of streams."""
    first, second = Chance(1, 0), Chance(1, 0)
    for stream in STREAMS:
        first.uniform(stream, KEYS[:100])
    assert [first.one(s, 1) for s in STREAMS] == [second.one(s, 1) for s in reversed(STREAMS)][::-1]


def test_negative_seeds_are_refused() -> None:
    """A seed is a whole number of at least 0; another would fail deep inside, so it must fail with words about it."""
    with pytest.raises(ValueError, match=r"negative|seed|at least 0"):
        Chance(-1, 0).one("a", 0)


def test_uniforms_are_plain_columns() -> None:
    """What comes out can be written to by the asker, as every fresh column can."""
    column = Chance(1, 0).uniform("a", np.arange(4), 1)
    column += 1.0
    assert pickle.loads(pickle.dumps(column)).size == 4
