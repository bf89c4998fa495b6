"""A two-level factorial experiment: every combination of parts of a response that are there or are taken away.

Box, G. E. P., Hunter, J. S. and Hunter, W. G. (2005): Statistics for Experimenters, 2nd ed., chapter 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from sim.spec.patches import merge

NONE = "none"
MOST_FACTORS = 6
"""Six factors make 64 variants."""


def name_of(present: Sequence[str]) -> str:
    """Return the name of the variant in which these factors are there, and no others."""
    return "+".join(present) if present else NONE


def variants_of(factors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variants of all combinations, "none" first; each factor's patch takes it away from the base."""
    variants: dict[str, Any] = {}
    for there in sorted(product((False, True), repeat=len(factors)), key=lambda row: (sum(row), [not x for x in row])):
        present = [name for name, is_there in zip(factors, there, strict=True) if is_there]
        patch: Any = {}
        for name in factors:
            if name not in present:
                patch = merge(patch, factors[name])
        variants[name_of(present)] = patch
    return variants


def without(factors: Sequence[str], variant: str) -> list[str]:
    """Return the factors that are taken away in a variant."""
    present = [] if variant == NONE else variant.split("+")
    return [name for name in factors if name not in present]


def effects(factors: Sequence[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each effect: its name, the variants on its higher side, and those on its lower.

    A factor alone is a main effect; several are an interaction, on whose higher side an even number is taken away.
    """
    names = list(variants_of({name: {} for name in factors}))
    for size in range(1, len(factors) + 1):
        for chosen in combinations(factors, size):
            away = {name: sum(one in without(factors, name) for one in chosen) for name in names}
            high = [name for name in names if away[name] % 2 == 0]
            yield " × ".join(chosen), high, [name for name in names if name not in high]
