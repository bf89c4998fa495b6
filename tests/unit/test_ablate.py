"""Ablation: each mechanism of a scenario against its counterfactual and against its absence, under the same luck."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sim
from analysis.ablate import AS_IS, MAIN, Ablation, Taken, ablation, main_outcomes, present, ways
from analysis.ablation_figures import effects
from analysis.compare import Pair, compare
from analysis.outcomes import measure_of
from analysis.short_names import mechanism_name
from analysis.store.carry_out import carry_out
from analysis.store.folder import Folder
from analysis.store.workers import local
from firstline.ablation_tables import headline, page
from firstline.grids import Grid, outcome_name
from firstline.words import Words
from sim.errors import InputError
from sim.spec.mechanisms import MECHANISMS
from tests.command import firstline

WAIT = ("wait_mean_h", "all", "all")
UNMET = ("unmet_share", "all", "all")
RUNS = 4


@pytest.fixture(scope="module")
def tutorial() -> sim.Scenario:
    return sim.load("tutorial")


@pytest.fixture(scope="module")
def found(tutorial: sim.Scenario, tmp_path_factory: pytest.TempPathFactory) -> Ablation:
    folder = tmp_path_factory.mktemp("ablation") / "runs"
    about = {"kind": "ablation", "name": "a", "seed": 1, "detail": "kpi", "plugins": {}, "subject": {}}
    with local(1) as hands, Folder.begin(folder, about) as kept:
        return carry_out(ablation(tutorial, present(tutorial), [WAIT, UNMET], RUNS), kept, [WAIT, UNMET], hands)


def test_an_effect_is_what_the_mechanism_does(tutorial: sim.Scenario, found: Ablation):
    """The scenario as it is less the one without, run by run, as running both by hand gives it."""
    (one,) = [one for one in found.ablated if (one.mechanism, one.against) == ("travel", "off")]
    without = tutorial.patched(MECHANISMS["travel"].off(tutorial))

    def waits(scenario: sim.Scenario) -> np.ndarray:
        rows = [measure_of(scenario)(sim.run(scenario, 1, k)) for k in range(RUNS)]
        return np.array([next(row.value for row in run if row[1:4] == WAIT) for run in rows])

    effect = one.effects[0]
    assert effect.difference == pytest.approx(float((waits(tutorial) - waits(without)).mean()), rel=1e-12)
    assert (effect.variant, effect.reference) == (AS_IS, "travel.off")
    assert effect.difference > 0, "ways cost time"


def test_every_mechanism_is_taken_away_in_both_ways(tutorial: sim.Scenario, found: Ablation):
    """None is left out because nothing came of it."""
    there = [name for name, mechanism in MECHANISMS.items() if mechanism.present(tutorial)]
    assert [(one.mechanism, one.against) for one in found.ablated] == [
        (name, way) for name in there for way in ("off", "absent")
    ]


def test_what_is_the_same_scenario_is_run_once(tutorial: sim.Scenario, found: Ablation):
    """Where nothing stands for a block the two ways are one scenario, and what it does not change differs by 0."""
    same = {one.cell.variant: one.same_as for one in found.ablated if one.same_as is not None}
    assert same, "the tutorial has such a mechanism"
    for one in found.ablated:
        if one.same_as == AS_IS:
            assert one.cell.scenario.world == tutorial.world
            assert one.cell.scenario.response.all_desks() == tutorial.response.all_desks()
            assert all(effect.identical for effect in one.effects)
            assert len({sim.run(each, 1).digest() for each in (one.cell.scenario, tutorial)}) == 1, "they run alike"
    assert {one.mechanism: one.effects[0].identical for one in found.ablated if one.against == "off"}["triage"]


def test_what_takes_nothing_away_has_a_dash_and_no_effect(tutorial: sim.Scenario, found: Ablation):
    """A rule that is the default is absent already: 0 would be read as no effect, beside an effect of the rule off."""
    still = [one for one in found.ablated if one.unchanged]
    assert {one.against for one in still} == {"absent"}
    words = Words("en")
    asked = Taken(tutorial, tuple(present(tutorial)), found.keys, RUNS)
    blocks = page(asked, found, words)
    names = [mechanism_name(one.mechanism, words) for one in still]
    rows = [row for block in blocks if isinstance(block, Grid) for row in block.rows if row[0] in names]
    assert rows
    assert {row[2] for row in rows} == {"–"}
    (note,) = (block for block in blocks if isinstance(block, str) and block.startswith("A dash under absent: "))
    assert note.endswith(f"nothing to compare: {', '.join(names)}.")
    (axes, *_) = effects(found, words).axes
    drawn = [line for line in axes.lines if line.get_marker() == "s"]
    there = [one for one in found.ablated if one.against == "absent" and not one.unchanged]
    assert len(drawn) <= len(there)


def test_intervals_of_one_way_hold_together(found: Ablation):
    """Each is as wide as its family is large; what takes nothing away is compared with nothing, and widens no other."""
    from scipy.stats import t

    (one,) = [one for one in found.ablated if (one.mechanism, one.against) == ("supplies", "absent")]
    effect = one.effects[0]
    references = {o.same_as or o.cell.variant for o in found.ablated if o.against == "absent"}
    assert AS_IS in references
    references -= {AS_IS}
    family = t.isf(0.05 / len(references) / 2, RUNS - 1)
    assert len(references) > 1
    half, alone = (effect.high - effect.low) / 2, t.isf(0.025, RUNS - 1)
    assert 0 < alone < family
    spread = half / family * np.sqrt(RUNS)
    assert spread**2 == pytest.approx(differences_variance(one.cell.scenario), rel=1e-9)


def test_a_mechanism_that_does_nothing_is_seldom_seen(tutorial: sim.Scenario, found: Ablation):
    """How many are seen to change anything is a count over all outcomes: where none does, five in a hundred may err.

    With intervals that hold for one outcome at a time, six outcomes make it about one in four.
    """
    generator, keys = np.random.default_rng(7), MAIN[:6]
    off = [one for one in found.ablated if one.against == "off"]
    names = [AS_IS, *(one.cell.variant for one in off)]
    asked, told, apart, times = Taken(tutorial, tuple(present(tutorial)), keys, 20), 0, 0, 400
    for _ in range(times):
        values = {name: {key: generator.normal(size=20) for key in keys} for name in names}
        families = [compare(values, [Pair(key, AS_IS, name) for name in names[1:]]) for key in keys]
        made = tuple(replace(one, effects=tuple(family[place] for family in families)) for place, one in enumerate(off))
        second = headline(asked, replace(found, keys=keys, ablated=made), Words("en"))[1]
        told += not second.startswith(f"None of the {len(off)} mechanisms is seen to change any of 6 outcomes")
        apart += any(c.verdict != "not separated" for family in families for c in family)
    assert told / times <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / times)
    assert apart / times > 0.15, "the simulation can tell: intervals of one outcome at a time do not hold together"


def test_what_a_mechanism_does_is_seen(tutorial: sim.Scenario, found: Ablation):
    """Ways cost time in every run: that stands for all outcomes together, too."""
    second = headline(Taken(tutorial, tuple(present(tutorial)), found.keys, RUNS), found, Words("en"))[1]
    assert "with a confidence of 95 % for all outcomes and mechanisms together" in second


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_runs_that_failed_are_no_evidence(tutorial: sim.Scenario, found: Ablation, lang: str):
    """Sentences are of the runs that are compared: with fewer than two nothing is said of what mechanisms do."""
    words, asked = Words(lang), Taken(tutorial, tuple(present(tutorial)), found.keys, 6)

    def said(runs: int, odd: float = 0.0) -> list[str]:
        values = {AS_IS: {key: 1 + np.arange(runs) / 9 for key in found.keys}}
        off = [one for one in found.ablated if one.against == "off"]
        values |= {one.cell.variant: values[AS_IS] for one in off}
        values[off[0].cell.variant] = {key: np.full(runs, odd) for key in found.keys}
        made = []
        for one in found.ablated:
            of = one.cell.variant.replace("absent", "off")
            effects = compare(values, [Pair(key, AS_IS, of) for key in found.keys])
            made.append(replace(one, effects=tuple(effects)))
        blocks = page(asked, replace(found, replications=6, ablated=tuple(made)), words)
        return [block for block in blocks[1:] if isinstance(block, str)]

    for runs in (0, 1):
        assert said(runs)[0] == words("ablation.no_runs", runs=runs, replications=6)
    five, names = {"outcome": outcome_name(WAIT, words), "runs": 5}, mechanism_name(found.ablated[0].mechanism, words)
    assert words("ablation.none", **five) not in said(5), "the first of them does something"
    assert words("ablation.compared", runs=5, replications=6) in said(5)
    assert said(5, np.nan)[0] == words("ablation.none", **five)
    assert said(5, np.nan)[1] == words("ablation.undefined", names=names, **five)
    assert words("ablation.compared", runs=6, replications=6) not in said(6)


def differences_variance(without: sim.Scenario) -> float:
    """The variance of the differences in waits of the tutorial and of another scenario."""
    tutorial = sim.load("tutorial")
    each = []
    for k in range(RUNS):
        rows = [measure_of(s)(sim.run(s, 1, k)) for s in (tutorial, without)]
        each.append([next(row.value for row in run if row[1:4] == WAIT) for run in rows])
    values = np.array(each)
    return float((values[:, 0] - values[:, 1]).var(ddof=1))


def test_what_is_not_there_cannot_be_taken_away(tutorial: sim.Scenario):
    """A name that is wrong gets the nearest; one that the scenario does not have is said to be missing."""
    with pytest.raises(InputError, match="did you mean 'travel'"):
        present(tutorial, ["travell"])
    with pytest.raises(InputError, match="the scenario has no mechanism 'isolation'"):
        present(tutorial, ["isolation"])
    bare = sim.load(Path(__file__).parent.parent / "experiments" / "small.yaml")
    assert all(MECHANISMS[name].present(bare) for name in present(bare))


def test_outcomes_are_those_that_the_scenario_has(tutorial: sim.Scenario):
    """No strain where nobody tires; an outcome asked for must be one of the first run's."""
    names = [key[0] for key in main_outcomes(tutorial, 1)]
    assert {"unmet_share", "wait_mean_h"} <= set(names)
    assert "strain_mean" not in names
    assert main_outcomes(tutorial, 1, ["wait_p50_h"]) == (("wait_p50_h", "all", "all"),)
    with pytest.raises(InputError, match="did you mean 'wait_mean_h'"):
        main_outcomes(tutorial, 1, ["wait_men_h"])


def test_shipped_scenarios_can_be_ablated():
    """Every mechanism of every shipped scenario gives a scenario that can be read, in both ways."""
    for name in ("estate-people", "estate-epidemic", "river-flood"):
        scenario = sim.load(name)
        there = present(scenario)
        assert len(ways(scenario, there)) == 2 * len(there)


def test_the_command(tmp_path: Path):
    """Tables on stdout, the picture and the figures behind it in the folder; again, from the folder alone; as JSON."""
    done = firstline("ablate", "tutorial", "-r", "3", "--out", "a", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "5 mechanisms taken away in turn, 3 runs with and without each" in done.stdout
    assert "Without any effect in any run: triage." in done.stdout
    assert (tmp_path / "a" / "report" / "ablation.svg").read_text(encoding="utf-8").startswith("<svg")
    again = firstline("ablate", "tutorial", "-r", "3", "--out", "a", "--json", cwd=tmp_path)
    told = json.loads(again.stdout)
    kept = json.loads((tmp_path / "a" / "report" / "ablation.json").read_text(encoding="utf-8"))
    assert told["effects"] == kept["effects"]
    assert len(told["digest"]) == 32
    assert firstline("ablate", "tutorial", "-r", "3", "--lang", "zh", "--out", "a", cwd=tmp_path).returncode == 0


BAD = {
    "no mechanism": (["ablate", "tutorial", "--only", "travell"], "did you mean 'travel'?"),
    "no outcome": (["ablate", "tutorial", "--outcome", "wait"], "its first run has no outcome 'wait'"),
    "no scenario": (["ablate", "tutoral"], "did you mean 'tutorial'?"),
    "one run": (["ablate", "tutorial", "-r", "1"], "than or equal to 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_in_words(case: str, tmp_path: Path):
    """Exit code 2, the reason on stderr, and never a traceback."""
    arguments, says = BAD[case]
    done = firstline(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
