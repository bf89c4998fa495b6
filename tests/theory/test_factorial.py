"""A two-level factorial experiment: all combinations, and the effects that they were made with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.experiment import Concluded, fixed
from analysis.store.rounds import Collected
from firstline.experiment_tables import page
from firstline.grids import Grid
from sim.errors import InputError
from sim.experiment_files import read_experiment
from sim.spec.crossed import Crossed
from sim.spec.factorial import effects, variants_of, without

WAIT = ("wait_mean_h", "all", "all")
SMALL = (Path(__file__).parent.parent / "experiments" / "small.yaml").read_text(encoding="utf-8")
TEXT = """
experiment: factors
base: small.yaml
factorial:
  runner: {response: {organisation: {units: {runners: {count: 1}}}}}
  skill: {response: {organisation: {units: {runners: {skills: {delivery: 0.5}}}}}}
  shift: {response: {organisation: {units: {runners: {shift: "08:00-12:00"}}}}}
outcomes: [wait_mean_h]
"""


def read(folder: Path, text: str = TEXT) -> Crossed:
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "factors.yaml").write_text(text, encoding="utf-8")
    return read_experiment(folder / "factors.yaml")


def answered(crossed: Crossed, luck: float) -> Concluded:
    """Waits of 5 h, less 1 for a runner, 2 for a skill, and 0.5 more for both together."""
    procedure = fixed(crossed, 40, 1)
    collected = Collected([WAIT])
    generator = np.random.default_rng(1)
    for batch in next(procedure).batches:
        there = batch.cell.variant.split("+")
        runner, skill = "runner" in there, "skill" in there
        for k in batch.replications:
            wait = 5 - 1.0 * runner - 2.0 * skill - 0.5 * (runner and skill) + luck * generator.normal()
            collected.add((batch.cell.world, batch.cell.variant, k), {WAIT: wait})
    with pytest.raises(StopIteration) as end:
        procedure.send(collected)
    return end.value.value


def test_all_combinations_are_made(tmp_path: Path):
    """What is not named is taken away: "none" has no factor, the last is the base itself."""
    crossed = read(tmp_path)
    names = [cell.variant for cell in crossed.cells]
    assert names[0] == "none"
    assert sorted(names) == sorted(
        ["none", "runner", "skill", "shift", "runner+skill", "runner+shift", "skill+shift", "runner+skill+shift"]
    )
    scenarios = {cell.variant: cell.scenario for cell in crossed.cells}
    assert scenarios["runner+skill+shift"].data() == crossed.base.data()
    assert scenarios["runner"].response.organisation.units["runners"].count == 2
    assert scenarios["skill+shift"].response.organisation.units["runners"].count == 1
    assert scenarios["none"].response.organisation.units["runners"].shift is not None


def test_effects_are_those_that_were_made(tmp_path: Path):
    """Main effects are averages over the others; half of what comes on top of both is the interaction's."""
    found = {c.variant: c for c in answered(read(tmp_path), 0.0).effects}
    assert {name: pytest.approx(c.difference) for name, c in found.items()} == {
        "runner": -1.25, "skill": -2.25, "shift": 0.0,
        "runner × skill": -0.25, "runner × shift": 0.0, "skill × shift": 0.0, "runner × skill × shift": 0.0,
    }  # fmt: skip
    assert found["shift"].identical


def test_intervals_hold_together(tmp_path: Path):
    """With luck, all seven intervals hold what was made; what is not there is not found."""
    found = {c.variant: c for c in answered(read(tmp_path), 0.5).effects}
    truth = {"runner": -1.25, "skill": -2.25, "runner × skill": -0.25}
    for name, c in found.items():
        assert c.low <= truth.get(name, 0.0) <= c.high
    assert found["skill"].verdict == "lower"
    assert found["shift"].verdict == "not separated"


def test_two_families_are_told_apart(tmp_path: Path):
    """Effects and differences are adjusted by themselves, and the page says so: seven of each."""
    blocks = page(answered(read(tmp_path), 0.5), 1.0, "en")
    said = [block for block in blocks if isinstance(block, str)]
    (note,) = (one for one in said if one.startswith("The effects (7) are a family of their own"))
    titles = [block.title if isinstance(block, Grid) else block for block in blocks]
    assert (
        titles.index(note)
        == titles.index("Effects of the factors, averaged over the others, and of what they do together") + 1
    )
    assert titles.index(note) < titles.index("Differences under the same luck")
    assert any("All intervals of one world (7) hold together" in one for one in said)


def test_sides_are_balanced():
    """Each effect sets half of the variants against the other half, and no two effects the same halves."""
    factors = ["a", "b", "c", "d"]
    told = list(effects(factors))
    assert len(told) == 15
    assert all(len(high) == len(low) == 8 for _, high, low in told)
    columns = np.array(
        [[1 if name in high else -1 for name in variants_of(dict.fromkeys(factors))] for _, high, _ in told]
    )
    assert (columns @ columns.T == 16 * np.eye(15)).all()
    assert without(factors, "b+d") == ["a", "c"]


BAD = {
    "both": ("factorial:", "variants: {a: {}}\nfactorial:", "either 'variants' or 'factorial'"),
    "a plus": ("  skill:", "  skill+more:", "names without '+'"),
    "one factor": (TEXT[TEXT.index("  skill") : TEXT.index("outcomes")], "", "two to 6 factors are wanted"),
    "an unknown key": ("{count: 1}", "{cuont: 1}", "did you mean 'count'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_factors_are_refused_in_words(case: str, tmp_path: Path):
    """The mistake of one factor is told, whatever combinations it is in."""
    old, new, says = BAD[case]
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        read(tmp_path, TEXT.replace(old, new))
    assert says in str(caught.value)
