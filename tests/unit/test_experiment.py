"""Experiments: what their files may say, the same luck for every variant, and what is concluded and printed."""

from __future__ import annotations

import csv
import io
import json
import pickle
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from analysis.compare import Comparison, Pair, compare, judge
from analysis.experiment import Concluded, check_outcomes, check_seen, conclude, fixed
from analysis.outcomes import measure_of
from analysis.store.carry_out import carry_out
from analysis.store.folder import Folder
from analysis.store.rounds import Collected
from analysis.store.workers import local
from firstline import check
from firstline.experiment_tables import experiment_as_json, page
from firstline.grids import comma_separated, latex, markdown, outcome_name
from firstline.words import Words
from sim import files
from sim.errors import InputError
from sim.experiment_files import read_experiment
from sim.files import load, read_card, shipped
from sim.kinds import EXPERIMENT
from sim.spec.crossed import Crossed
from sim.spec.experiment import Expectation
from tests.command import firstline

TESTS = Path(__file__).parent.parent
BAD = TESTS / "bad_experiments"
EXAMPLE = TESTS / "experiments" / "runners.yaml"
REPLICATIONS = 16
WAIT = ("wait_mean_h", "all", "all")
SMALL_BASE = "base: ../experiments/small.yaml"


def written(folder: Path, text: str) -> Path:
    """An experiment of a text, on the small base of the tests, wherever it is saved."""
    path = folder / "mine.yaml"
    path.write_text(text.replace(SMALL_BASE, f"base: {TESTS / 'experiments' / 'small.yaml'}"), encoding="utf-8")
    return path


def experiment_of(folder: Path, outcomes: str, more: str = "", three: str = "{count: 3}") -> Crossed:
    """A small experiment: two runners, and what is made of them."""
    return read_experiment(
        written(
            folder,
            f"experiment: mine\n{SMALL_BASE}\nvariants:\n  two: {{}}\n"
            f"  three: {{response: {{organisation: {{units: {{runners: {three}}}}}}}}}\noutcomes: {outcomes}\n{more}",
        )
    )


def about(seed: int = 1) -> dict[str, Any]:
    """What a manifest says of runs."""
    return {"kind": "experiment", "name": "mine", "seed": seed, "detail": "kpi", "plugins": {}, "subject": {}}


def ran(crossed: Crossed, replications: int = 3, seed: int = 1, workers: int = 1) -> Concluded:
    with (
        tempfile.TemporaryDirectory() as name,
        local(workers) as hands,
        Folder.begin(Path(name) / "runs", about(seed)) as folder,
    ):
        return carry_out(fixed(crossed, replications, seed), folder, crossed.experiment.keys, hands)


@pytest.fixture(scope="module")
def example() -> Concluded:
    return ran(read_experiment(EXAMPLE), REPLICATIONS, 3)


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_bad_experiment_is_refused_in_words(path: Path):
    """One mistake is one problem, with its place, its line and what was wanted: its author reads nothing else."""
    first, second, *_ = path.read_text(encoding="utf-8").split("\n")
    read, _ = check.table()[EXPERIMENT]
    with pytest.raises(InputError) as caught:
        read(str(path))
    (problem,) = caught.value.problems
    assert caught.value.source == str(path)
    assert first.removeprefix("# expect: ") in problem.message
    assert problem.place == second.removeprefix("# at: ")
    assert len(str(problem)) <= 400


def test_there_are_enough_bad_experiments():
    """A glob that finds nothing would pass the test above."""
    assert len(list(BAD.glob("*.yaml"))) >= 30


def test_what_is_not_broken_is_accepted(tmp_path: Path):
    """The experiment in which the bad ones make one mistake each is good: they are refused for that mistake alone."""
    text = (BAD / "variant_unknown_key.yaml").read_text(encoding="utf-8").replace("cuont", "count")
    crossed = read_experiment(written(tmp_path, text))
    check_outcomes(crossed)
    assert crossed.head_counts() == {"two": 2, "three": 3}


def test_a_mistake_in_a_patch_has_its_line(tmp_path: Path):
    """A problem of the patched scenario is told where the patch stands, not where the base does."""
    with pytest.raises(InputError) as caught:
        experiment_of(tmp_path, "[wait_mean_h]", three="{cuont: 3}")
    (problem,) = caught.value.problems
    assert problem.line == 5


def test_every_scenario_is_the_base_with_its_patches():
    """Each cell is what patching by hand gives, and the base and its needs are nobody else's."""
    crossed = read_experiment(EXAMPLE)
    base = load(TESTS / "experiments" / "small.yaml")
    cells = {(world, variant): scenario for world, variant, scenario in crossed.cells}
    assert len(cells) == 6
    assert cells["calm", "two"] == base
    by_hand = base.patched(
        {
            "world": {"needs": {"medicine": {"per_1000_day": 1400}}},
            "response": {"organisation": {"units": {"runners": {"count": 3}}}},
        }
    )
    assert cells["busy", "three"] == by_hand
    assert pickle.loads(pickle.dumps(crossed)) == crossed


def test_a_patch_with_null_takes_away(tmp_path: Path):
    """RFC 7396 in an experiment's patch: null deletes, as in a scenario on top of another."""
    crossed = experiment_of(
        tmp_path,
        "[unmet_share]",
        three="null, crew: {function: logistics, members: staff, count: 1, skills: [delivery]}",
    )
    assert [list(c.scenario.response.organisation.units) for c in crossed.cells] == [["runners"], ["crew"]]


def test_the_base_may_be_shipped_and_a_card_of_its_own_replaces(tmp_path: Path):
    """A variant that names a card has that card whole, also where it bears the name of the base's card."""
    folder = files.SHIPPED / "cards"
    card = (folder / "estate-screening.card.yaml").read_text(encoding="utf-8")
    name = load("estate-screening").response.plan.card.card
    bare = (folder / "estate-screening-asis.card.yaml").read_text(encoding="utf-8")
    (tmp_path / "bare.card.yaml").write_text(re.sub(r"(?m)^card: .*$", f"card: {name}", bare), encoding="utf-8")
    (tmp_path / "full.card.yaml").write_text(card, encoding="utf-8")
    path = tmp_path / "cards.yaml"
    path.write_text(
        "experiment: cards\nbase: estate-screening\noutcomes: [searches]\nvariants:\n"
        "  full: {}\n  same: {response: {plan: full.card.yaml}}\n  bare: {response: {plan: {card: bare.card.yaml}}}\n",
        encoding="utf-8",
    )
    plans = {variant: scenario.response.plan for _, variant, scenario in read_experiment(path).cells}
    assert plans["full"].card == plans["same"].card == load("estate-screening").response.plan.card
    assert plans["bare"].card == read_card(tmp_path / "bare.card.yaml")[1]


def test_equal_head_counts_are_accepted(tmp_path: Path):
    """People moved from one unit to another make the same number: this is what a comparison of structures wants."""
    crossed = experiment_of(
        tmp_path, "[wait_mean_h]", "equal_head_count: true\n", three="{skills: [delivery], leader: true}"
    )
    assert set(crossed.head_counts().values()) == {2}


def test_shipped_experiments_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """They lie in a folder of their own, are no scenarios, and a name mistyped gets the name meant."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "runners.yaml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "experiments" / "small.yaml").write_text((EXAMPLE.parent / "small.yaml").read_text(encoding="utf-8"))
    monkeypatch.setattr(files, "SHIPPED", tmp_path)
    assert shipped() == {}
    assert "runners" in EXPERIMENT.shipped()
    assert read_experiment("runners").experiment.experiment == "runners"
    assert EXPERIMENT.holds("runners")
    with pytest.raises(InputError, match="did you mean 'runners'"):
        read_experiment("runner")


def test_a_scenario_is_no_experiment():
    """``check`` takes both, and must tell them apart."""
    assert EXPERIMENT.holds(EXAMPLE)
    assert not EXPERIMENT.holds(EXAMPLE.parent / "small.yaml")
    assert not EXPERIMENT.holds("tutorial")


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".yaml", "a\0b.yaml", "", "nowhere.yaml"])
def test_a_name_that_no_file_can_have(name: str):
    """Whatever stands on the command line, the answer is an InputError and not one of the operating system's."""
    with pytest.raises(InputError):
        read_experiment(name)


# -- runs -------------------------------------------------------------------------------------------------------------


def test_the_runs_are_those_of_the_scenarios(example: Concluded):
    """A variant's values are those of its scenario run by itself: an experiment adds no luck of its own."""
    (cell,) = [c for c in read_experiment(EXAMPLE).cells if c[:2] == ("busy", "three")]
    rows = measure_of(cell.scenario)(sim.run(cell.scenario, seed=3, replication=5))
    (alone,) = [row.value for row in rows if row[1:4] == WAIT]
    assert example.values["busy"]["three"][WAIT][5] == alone


def test_identical_variants_differ_by_exactly_zero(example: Concluded):
    """The same plan stated twice faces the same luck: difference and interval are 0, not about 0."""
    again = [c for c in example.comparisons if c.variant == "again" and c.reference == "two"]
    assert len(again) == 6
    for c in again:
        assert (c.difference, c.low, c.high) == (0.0, 0.0, 0.0)
        assert c.identical
        assert c.verdict == "not separated"


def test_workers_change_nothing():
    """The number of processes changes no figure: runs depend on seed and replication only."""
    crossed = read_experiment(EXAMPLE)
    one, two = (experiment_as_json(ran(crossed, 5, workers=workers)) for workers in (1, 2))
    assert one == two


def test_the_order_of_the_runs_changes_nothing():
    """Values are put in their place by replication, so that whoever comes first is not the first."""
    crossed = read_experiment(EXAMPLE)
    keys = crossed.experiment.keys
    runs = [(cell.world, cell.variant, k) for cell in crossed.cells for k in range(4)]
    values = {run: {key: float(place * 7 % 5 + n) for n, key in enumerate(keys)} for place, run in enumerate(runs)}
    found = []
    for order in (runs, runs[::-1]):
        collected = Collected(keys)
        for run in order:
            collected.add(run, values[run])
        found.append(experiment_as_json(conclude(crossed, collected, 4, 1)))
    assert found[0] == found[1]


def test_a_replication_in_which_a_run_failed_is_left_out_for_all():
    """What cannot be paired is not compared: the other variants' runs of that luck are left out too, in that world."""
    crossed = read_experiment(EXAMPLE)
    keys = crossed.experiment.keys
    collected = Collected(keys)
    for cell in crossed.cells:
        for k in range(4):
            collected.add((cell.world, cell.variant, k), dict.fromkeys(keys, float(k)))
    collected.fail(("busy", "two", 2))
    found = conclude(crossed, collected, 4, 1)
    assert found.failed == (("busy", "two", 2),)
    assert {c.runs for c in found.comparisons if c.world == "busy"} == {3}
    assert {c.runs for c in found.comparisons if c.world == "calm"} == {4}
    assert found.values["busy"]["three"][WAIT].tolist() == [0.0, 1.0, 3.0]


def test_an_outcome_that_no_run_has_is_refused_at_once(tmp_path: Path):
    """A bare name of what is kept by desk only would be a dash after an hour of runs: the first run tells."""
    crossed = experiment_of(tmp_path, "[wait_mean_h, queue_max, {outcome: utilisation, by: unit, level: runers}]")
    with pytest.raises(InputError) as caught:
        check_seen(crossed, 1)
    first, second = caught.value.problems
    assert (first.place, second.place) == ("outcomes[1]", "outcomes[2]")
    assert "there is queue_max of desk desk" in first.message
    assert "did you mean 'utilisation of unit runners'?" in second.message


def test_an_outcome_that_one_variant_lacks_is_undefined(tmp_path: Path):
    """A team that only one plan has cannot be compared: it is said, neither dropped nor an error."""
    crossed = experiment_of(
        tmp_path,
        "[{outcome: utilisation, by: unit, level: helpers}]",
        three="{}, helpers: {function: logistics, members: volunteer, count: 1, skills: [delivery]}",
    )
    (c,) = ran(crossed).comparisons
    assert c.verdict == "undefined"
    assert (c.defined, c.runs) == (0, 3)
    assert np.isnan(c.mean_reference)
    assert c.mean_variant > 0


# -- comparisons and expectations -------------------------------------------------------------------------------------


def compared(differences: list[float], outcome: str = "wait_mean_h") -> Comparison:
    values = np.array(differences)
    base = np.linspace(1.0, 2.0, values.size)
    key = outcome, "all", "all"
    (c,) = compare({"b": {key: base + values}, "a": {key: base}}, [Pair(key, "b", "a")])
    return c


UP, DOWN, AROUND, SAME = [1.0, 1.1, 0.9], [-1.0, -1.1, -0.9], [1.0, -1.1, 0.2], [0.0, 0.0, 0.0]
JUDGEMENTS = [
    ("lower", DOWN, "as expected"),
    ("lower", UP, "against expectation"),
    ("lower", AROUND, "not separated"),
    ("higher", UP, "as expected"),
    ("higher", DOWN, "against expectation"),
    ("same", AROUND, "not separated (as expected)"),
    ("lower", SAME, "the same in every run"),
    ("higher", SAME, "the same in every run"),
    ("same", SAME, "the same in every run (as expected)"),
    ("same", UP, "against expectation"),
    ("same", DOWN, "against expectation"),
    ("higher", [1.0, float("nan"), 1.0], "undefined"),
    ("same", [1.0, float("nan"), 1.0], "undefined"),
]


@pytest.mark.parametrize(("direction", "differences", "found"), JUDGEMENTS)
def test_an_expectation_is_judged(direction: Any, differences: list[float], found: str):
    """What the author stated beforehand is confirmed, contradicted or left open; "same" is never proved."""
    expected = Expectation(outcome="wait_mean_h", variant="b", direction=direction)
    assert judge(expected, compared(differences)) == found


def test_expectations_of_the_example(example: Concluded):
    """One in each world where none is named; against the other variant where one is named."""
    told = [(j.world, j.expected.variant, j.comparison.reference, j.found) for j in example.judged]
    assert told == [
        ("calm", "three", "two", "as expected"),
        ("calm", "again", "two", "the same in every run (as expected)"),
        ("busy", "three", "two", "as expected"),
        ("busy", "again", "two", "the same in every run (as expected)"),
        ("busy", "again", "three", "against expectation"),
    ]


def test_the_reference_may_be_named(tmp_path: Path):
    """The first variant is the reference unless the file names another; the sign turns with it."""
    forth = ran(experiment_of(tmp_path, "[wait_mean_h]")).comparisons
    back = ran(experiment_of(tmp_path, "[wait_mean_h]", "reference: three\n")).comparisons
    assert [(c.variant, c.reference) for c in (*forth, *back)] == [("three", "two"), ("two", "three")]
    assert forth[0].difference == -back[0].difference
    assert forth[0].low == pytest.approx(-back[0].high)


# -- what is printed --------------------------------------------------------------------------------------------------


def test_json_holds_every_figure_and_no_nan(example: Concluded):
    """A machine finds means with their values, comparisons with verdicts, expectations with what was found."""
    text = json.dumps(experiment_as_json(example), allow_nan=False)
    found = json.loads(text)
    assert found["runs"] == REPLICATIONS * 6
    assert found["head_counts"] == {"two": 2, "again": 2, "three": 3}
    assert len(found["outcomes"]) == 6 * 3
    for row in found["outcomes"]:
        assert len(row["values"]) == REPLICATIONS
        assert row["mean"] == pytest.approx(np.mean(row["values"]))
    assert {row["verdict"] for row in found["comparisons"]} == {"lower", "higher", "not separated"}
    assert found["expectations"][-1] == {
        "outcome": "wait_mean_h",
        "by": "all",
        "level": "all",
        "variant": "again",
        "direction": "lower",
        "than": "three",
        "world": "busy",
        "because": "wrong, on purpose",
        "found": "against expectation",
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_is_whole_in_both_languages(example: Concluded, lang: str):
    """Every table of every world, in plain words; as Markdown each row has as many cells as its head."""
    words = Words(lang)
    text = markdown(page(example, 1.0, lang))
    for world in ("calm", "busy"):
        for table in ("table.means", "table.differences"):
            assert words("experiment.in_world", table=words(table), world=world) in text
    for said in ("identical", "against_expectation", "identical_as_expected"):
        assert words(f"experiment.{said}") in text
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1
    assert outcome_name(WAIT, words) in text


def test_a_variant_s_gain_is_called_better(example: Concluded):
    """A planner reads whether lower is good; for hours of duty and for waits it is, and more hours are worse."""
    text = markdown(page(example, 1.0, "en"))
    waits = re.search(r"^\| mean wait \| three \| two \|.*$", text, re.MULTILINE)
    hours = re.search(r"^\| hours on duty, runners \| three \| two \|.*$", text, re.MULTILINE)
    assert waits is not None
    assert hours is not None
    assert "lower: better" in waits[0]
    assert "higher: worse" in hours[0]
    assert "36.0 h" in hours[0]


def test_the_command(tmp_path: Path):
    """Results on stdout, findings on stderr; exit code 0 whatever was found."""
    done = firstline("experiment", str(EXAMPLE), "-r", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Two runners or three\n3 variants in 2 worlds, 3 replications each: 18 runs")
    assert "People: two 2, again 2, three 3." in done.stdout
    assert "finding: two in busy, again in busy: " in done.stderr
    assert "Data: runs/runners-seed3" in done.stdout
    done = firstline("experiment", str(EXAMPLE), "-r", "3", "--seed", "8", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (found["seed"], found["replications"], found["runs"]) == (8, 3, 18)


def test_check_says_how_many_runs(tmp_path: Path):
    """An experiment is checked like a scenario, all its scenarios with it, before hours are spent on it."""
    done = firstline("check", str(EXAMPLE), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 variants in 2 worlds, 16 replications each: 96 runs" in done.stdout
    done = firstline("check", str(EXAMPLE), "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["runs"] == 96


def test_list_says_what_kind(tmp_path: Path):
    """Scenarios and experiments stand in one list, so each row says which it is."""
    rows = json.loads(firstline("list", "--json", cwd=tmp_path).stdout)
    assert {row["name"]: row["kind"] for row in rows}["tutorial"] == "scenario"
    assert [row["name"] for row in rows if row["kind"] == "experiment"] == list(EXPERIMENT.shipped())


REFUSED = {
    "no such experiment": (["experiment", "team-structure-s"], "no experiment file or shipped experiment"),
    "a scenario": (["experiment", "small.yaml"], "this looks like a scenario"),
    "one replication": (["experiment", "runners.yaml", "-r", "1"], "than or equal to 2"),
    "a folder of something else": (["experiment", "runners.yaml", "--out", "."], "a new or empty folder is wanted"),
    "a set": (["check", "runners.yaml", "--set", "horizon=2 d"], "an experiment takes neither --set nor --evidence"),
    "a bad file": (["experiment", str(BAD / "outcome_unknown.yaml")], "did you mean 'wait_mean_h'?"),
    "a bad file to check": (["check", str(BAD / "outcome_unknown.yaml")], "did you mean 'wait_mean_h'?"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_in_words(case: str):
    """Exit code 2, the reason on stderr, nothing on stdout, and never a traceback."""
    arguments, says = REFUSED[case]
    done = firstline(*arguments, cwd=EXAMPLE.parent)
    assert done.returncode == 2, done.stderr
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("name", sorted(p for p in EXPERIMENT.shipped()))
def test_a_shipped_experiment_is_fair_and_says_what_it_expects(name: str):
    """Team structures are compared at equal head-count, and what is expected is written down before it is run."""
    experiment = read_experiment(EXPERIMENT.shipped()[name]).experiment
    assert experiment.equal_head_count
    assert {expected.variant for expected in experiment.expects} >= set(list(experiment.variants)[1:])
    assert all(expected.because for expected in experiment.expects)


# -- taken up again ---------------------------------------------------------------------------------------------------


SELECT = "select: {outcome: wait_mean_h, indifference: 10 min, at_most: 60, subject_to: [{outcome: unmet_share, at_most: 0.5}]}"  # noqa: E501  # one line of YAML


def test_a_folder_says_what_was_found(tmp_path: Path):
    """An experiment opened again from its folder alone concludes the same, a choice among them too."""
    from analysis.experiment import conclusion
    from analysis.reopened import reopened, subject

    crossed = experiment_of(tmp_path, "[wait_mean_h]", f"{SELECT}\n")
    manifest = about() | {"subject": subject(crossed, None)}
    with local(1) as hands, Folder.begin(tmp_path / "runs", manifest) as folder:
        found = carry_out(conclusion(crossed, 1), folder, crossed.experiment.keys, hands)
    again, concluded = reopened(Folder.open(tmp_path / "runs"))
    assert again.cells == crossed.cells
    assert experiment_as_json(concluded) == experiment_as_json(found)
    assert found.selected[0].best == "three"
    said = markdown(page(found, 1.0, "en"))
    assert "Choose three: its mean wait is" in said
    assert "share unmet at most 50.0 %" in said


def test_a_page_in_other_forms(example: Concluded):
    """A table for machines holds what was concluded as plain numbers; what LaTeX would read as a command is escaped."""
    blocks = page(example, 1.0, "en")
    rows = list(csv.DictReader(io.StringIO(comma_separated(blocks))))
    mine = [row for row in rows if row["figure"] == "difference"]
    assert [(row["variant"], row["against"]) for row in mine] == [(c.variant, c.reference) for c in example.comparisons]
    for row, c in zip(mine, example.comparisons, strict=True):
        assert [float(row[of]) for of in ("value", "low", "high")] == [c.difference, c.low, c.high]
    assert {row["unit"] for row in mine if row["outcome"] == "mean wait"} == {"h"}
    means = [row for row in rows if row["figure"] == "mean"]
    assert {(row["variant"], row["outcome"]) for row in means} >= {("two", "mean wait"), ("three", "share unmet")}
    paper = latex(blocks)
    assert paper.count(r"\begin{tabular}") == paper.count(r"\bottomrule") == 5
    assert r"37 min $\pm$ 20 min" in paper
    assert not [line for line in paper.splitlines() if not line.startswith("%") and re.search(r"(?<!\\)%", line)]
