"""What is said of a choice: which plan it is and with what confidence, who was left out, who reaches what they must."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.feasible import Feasible
from analysis.outcomes import describe
from analysis.selection import Selected
from firstline.cells import Cell
from firstline.formats import percent
from firstline.grids import Block, Grid, amount_of, between, outcome_name
from firstline.words import Words


def choice(selected: Selected, words: Words, *, in_world: bool) -> Iterator[Block]:
    """Yield what is said of the choice in one world: a sentence, then tables."""
    said = _sentence(selected, words)
    yield words("headline.in_world", said=said, world=selected.world) if in_world else said
    if selected.feasible:
        head = tuple(words(f"column.{name}") for name in ("variant", "must_reach", "value", "interval", "stands"))
        rows = tuple(_feasible(one, words) for one in selected.feasible)
        yield Grid(_title("table.feasible", selected, words, in_world), (*head, words("choice.runs")), rows, 2, (4,))
        yield words("choice.bounds", confidence=f"{100 * selected.confidence:g}")
    if selected.left:
        head = tuple(words(f"column.{name}") for name in ("variant", "left_out_after", "for"))
        rows = tuple((one.variant, Cell(str(one.after), one.after, "runs"), one.better) for one in selected.left)
        yield Grid(_title("table.left_out", selected, words, in_world), head, rows, 1, (2,))


def _title(term: str, selected: Selected, words: Words, in_world: bool) -> str:
    title = words(term)
    return words("experiment.in_world", table=title, world=selected.world) if in_world else title


def _sentence(selected: Selected, words: Words) -> str:
    """Say in plain words what the choice is worth; none is recommended that is not shown to reach what it must."""
    mean = next(iter(selected.means.values()), 0.0)
    values = {
        "plans": ", ".join(selected.survivors),
        "outcome": outcome_name(selected.key, words),
        "indifference": amount_of(selected.key, selected.indifference)(selected.indifference),
        "confidence": f"{100 * selected.confidence:g}",
        "runs": selected.replications,
        "mean": amount_of(selected.key, mean)(mean),
    }
    if not selected.survivors:
        return _none(selected, words)
    if selected.undefined:
        each = (
            words("choice.no_mean_of", plan=name, undefined=undefined, runs=selected.replications)
            for name, undefined in selected.undefined.items()
        )
        return words("choice.no_mean", **(values | {"plans": ", ".join(each)}))
    if selected.best is not None:
        return words("choice.best_feasible" if selected.feasible else "choice.best", best=selected.best, **values)
    open_ = [name for name in selected.survivors if name not in selected.reached]
    if selected.alike and not open_:
        return words("choice.alike", **values)
    said = [words("choice.only" if len(selected.survivors) == 1 else "choice.several", **values)]
    if open_:
        said.append(words("choice.not_shown", plans=", ".join(open_)))
    if selected.separated and len(selected.survivors) > 1:
        sign = -1 if describe(selected.key[0]).direction == "higher" else 1
        ranked = sorted(selected.survivors, key=lambda name: sign * selected.means[name])
        say = amount_of(selected.key, mean)
        means = ", ".join(words("choice.mean_of", plan=name, mean=say(selected.means[name])) for name in ranked)
        said.append(words("choice.ranked", outcome=values["outcome"], means=means))
    if not (selected.alike or selected.separated):
        said.append(words("choice.not_apart", **values))
    return " ".join(said)


def _none(selected: Selected, words: Words) -> str:
    """Say why no plan is left: each misses what it must, or some have no value of it."""
    missed = dict.fromkeys(one.variant for one in selected.feasible if one.standing == "not reached")
    undefined = dict.fromkeys(one.variant for one in selected.feasible if one.standing == "undefined")
    without = [name for name in undefined if name not in missed]
    confidence = f"{100 * selected.confidence:g}"
    if not without:
        return words("choice.none", confidence=confidence)
    said = words("choice.none_undefined", plans=", ".join(without))
    return f"{said} {words('choice.missed', plans=', '.join(missed), confidence=confidence)}" if missed else said


def _feasible(one: Feasible, words: Words) -> tuple[str, ...]:
    return one.variant, *standing(one, words), Cell(str(one.runs), one.runs, "runs")


def standing(one: Feasible, words: Words) -> tuple[str, Cell, Cell, str]:
    """Return what must be reached, the value, its bounds, and what the data say."""
    limit = words(
        "choice.at_least" if one.at_least else "choice.at_most", limit=amount_of(one.key, one.limit)(one.limit)
    )
    must = f"{outcome_name(one.key, words)} {limit}"
    if one.in_share is not None:
        must = words("choice.in_share", must=must, share=percent(one.in_share))
    say = percent if one.in_share is not None else amount_of(one.key, one.limit)
    value = say(one.value).bounded(one.low, one.high)
    return must, value, between(one.low, one.high, say, words), words("choice." + one.standing.replace(" ", "_"))
