"""The only source of randomness: a uniform number is a pure function of seed, replication, stream and keys.

A draw belongs to the thing it is about (resident 17, third visit), never to the order of calls, so that two plans
face the same luck and one more resident changes nobody else's. There is no generator and no state. Keys count
things in the world; which stream a question uses and what its keys mean is said where the question is asked.

Each key is folded in by one round of splitmix64 (Steele, Lea & Flood 2014) under two 64-bit words that NumPy's
SeedSequence derives from (seed, replication, name of the stream).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


class Chance:
    """Give keyed uniform numbers for one replication of one experiment."""

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._words = lru_cache(maxsize=None)(self._derive)

    def _derive(self, stream: str) -> tuple[int, int]:
        name = int.from_bytes(hashlib.blake2b(stream.encode(), digest_size=8).digest(), "little")
        sequence = np.random.SeedSequence(self.seed, spawn_key=(self.replication, name & 0xFFFFFFFF, name >> 32))
        first, second = sequence.generate_state(2, np.uint64)
        return int(first), int(second)

    def uniform(self, stream: str, *keys: npt.ArrayLike) -> Floats:
        """Return uniforms in the open interval (0, 1), one for each broadcast row of integer keys.

        Every key is an array or a number that fits in 64 bits; at least one key must be an array.
        """
        first, second = self._words(stream)
        shape = np.broadcast_shapes(*(np.shape(key) for key in keys))
        state: Any = np.uint64(first)
        for key in keys:
            part = np.asarray(key).astype(np.uint64)  # a copy: worked on in place from here
            part *= np.uint64(_GAMMA)
            part += np.uint64(second)
            part = part ^ state
            state = _mix(part if part.ndim else part.reshape(1))
        state >>= np.uint64(12)  # 52 bits and a half: 53 could round up to 1
        out = state.astype(np.float64)
        out += 0.5
        out *= 2.0**-52
        return np.broadcast_to(out, shape) if out.shape != shape else out

    def one(self, stream: str, *keys: int) -> float:
        """Return the uniform that :meth:`uniform` gives for these keys, bit for bit, without an array."""
        first, second = self._words(stream)
        state = first
        for key in keys:
            z = (((key & _MASK) * _GAMMA + second) & _MASK) ^ state
            z = ((z ^ (z >> 30)) * _MIX_1) & _MASK
            z = ((z ^ (z >> 27)) * _MIX_2) & _MASK
            state = z ^ (z >> 31)
        return ((state >> 12) + 0.5) * 2.0**-52


def _mix(z: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Finish a splitmix64 round in place."""
    z ^= z >> np.uint64(30)
    z *= np.uint64(_MIX_1)
    z ^= z >> np.uint64(27)
    z *= np.uint64(_MIX_2)
    z ^= z >> np.uint64(31)
    return z
