"""The sentences that come first on an experiment's page: the choice, then the effect, or that there is none to see."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite

from analysis.compare import Comparison
from analysis.experiment import Concluded
from firstline.choice_tables import choice
from firstline.draw_tables import counted
from firstline.grids import amount_of, change_of, outcome_name
from firstline.words import Words
from sim.spec.procedures import Key


def headline(found: Concluded, words: Words) -> list[str]:
    """Return the sentences in plain words; one says so when the data do not separate the plans."""
    in_world = bool(found.experiment.worlds)
    chosen = [next(choice(selected, words, in_world=in_world)) for selected in found.selected]
    return [*(str(said) for said in chosen), " ".join(_effect(found, words))]


def _effect(found: Concluded, words: Words) -> list[str]:
    """Return what the first outcome says, by the comparison with the reference that stands out most."""
    experiment = found.experiment
    key = experiment.keys[0]
    mine = [c for c in found.comparisons if _key(c) == key and c.reference == experiment.against]
    confidence = words("headline.confidence", confidence=f"{100 * experiment.confidence:g}")
    apart = [c for c in mine if c.verdict in ("lower", "higher")]
    if apart:
        best = max(apart, key=lambda c: size(found, c))
        say = change_of(key, best.difference, words)
        said = words(
            "headline.effect",
            outcome=outcome_name(key, words),
            variant=best.variant,
            reference=best.reference,
            verdict=words(f"experiment.{best.verdict}"),
            difference=say(best.difference),
            low=say(best.low),
            high=say(best.high),
            runs=counted(found.drawn, best.runs, words),
        )
        if len(found.values) > 1:
            said = words("headline.in_world", world=best.world, said=said)
        return [said, confidence]
    return [_nothing(found, mine, key, words), *_others(found, words)]


def _nothing(found: Concluded, mine: Sequence[Comparison], key: Key, words: Words) -> str:
    """Say that the data do not separate the plans, and what it would take."""
    runs = max((c.runs for c in mine), default=0)
    values = {"outcome": outcome_name(key, words), "runs": counted(found.drawn, runs, words)}
    open_ones = [c for c in mine if c.verdict == "not separated"]
    if len(open_ones) < len(mine) or not mine:
        return words("headline.undefined", **values)
    if all(c.identical for c in mine):
        return words("headline.identical", **values)
    half = max((c.high - c.low) / 2 for c in open_ones)
    unit = words("count.of_runs" if found.drawn is None else "count.of_draws")
    return words("headline.not_separated", half=_half(key, half, words), more=4 * runs, unit=unit, **values)


def _half(key: Key, half: float, words: Words) -> str:
    said = change_of(key, half, words)(half)
    return said.removeprefix("+") if said != "0" else amount_of(key, half)(half)


def _others(found: Concluded, words: Words) -> list[str]:
    """Name the other outcomes in which some variant is separated from the reference, with these variants."""
    apart: dict[Key, list[str]] = {}
    for c in found.comparisons:
        if c.verdict in ("lower", "higher") and c.reference == found.experiment.against:
            names = apart.setdefault(_key(c), [])
            names += [] if c.variant in names else [c.variant]
    if apart:
        which = "; ".join(f"{outcome_name(key, words)} ({', '.join(names)})" for key, names in apart.items())
        return [words("headline.others", which=which)]
    return [words("headline.nothing")] if len(found.experiment.keys) > 1 else []


def size(found: Concluded, c: Comparison) -> float:
    """Return the standardised size of an effect: the difference in standard deviations of the paired differences."""
    values = found.values[c.world]
    each = values[c.variant][_key(c)] - values[c.reference][_key(c)]
    spread = float(each.std(ddof=1)) if each.size > 1 else 0.0
    return abs(c.difference) / spread if spread > 0 and isfinite(spread) else inf


def _key(c: Comparison) -> Key:
    return c.outcome, c.by, c.level
