"""What the pages say can be done: blocks validate and run, code runs, commands are accepted, links lead somewhere.

A fenced ``yaml`` block of mechanisms.md or tutorial.md is a patch of the tutorial scenario; one of sites.md or card.md
is a whole scenario, a response card, or a patch of the scenario (or of its card) that stands last before it. Tables of
keys are compared with the specification. ``python`` blocks of one page run in order, in one namespace, beside the
page's whole scenarios. ``sh`` blocks hold one command a line.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

import sim
from analysis.experiment import conclusion
from analysis.reopened import reopened, subject
from analysis.store.carry_out import carry_out
from analysis.store.folder import Folder
from analysis.store.workers import InProcess, Workers
from firstline.cli import app
from firstline.reading import values_of
from sim.experiment_files import read_experiment
from sim.files import load, parse_yaml, shipped
from sim.spec import actions, arrivals, card, invitations, laboratory, sites
from sim.spec.base import Spec
from sim.spec.findings import findings
from sim.spec.mechanisms import MECHANISMS
from sim.spec.patches import check_card
from sim.units import parse_duration

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REFERENCE = ("docs/sites.md", "docs/card.md")
SHORT = 2
"""Replications that a block may have here, however many it asks for."""


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(text(path)) if kind == language]


def sections(path: Path) -> list[tuple[str, str]]:
    """Return (heading, text) of each section of the third level."""
    parts = re.split(r"^### (.+)$", text(path), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


MECHANISM_PAGE = [(heading, body) for heading, body in sections(DOCS / "mechanisms.md") if "```yaml" in body]


def patched(block: str):
    return sim.load("tutorial").patched(parse_yaml(block, "block")[0], "block")


@pytest.mark.parametrize(("heading", "body"), MECHANISM_PAGE, ids=[heading for heading, _ in MECHANISM_PAGE])
def test_a_block_of_the_mechanisms_is_valid_and_runs(heading: str, body: str):
    """A reader copies blocks from this page: each must be right, and about the mechanism that it stands under."""
    for kind, block in FENCE.findall(body):
        if kind == "yaml":
            scenario = patched(block)
            if heading in MECHANISMS:
                assert MECHANISMS[heading].present(scenario), f"the block does not switch on {heading!r}"
            assert sim.run(scenario).columns("needs")["need"].size


def test_every_mechanism_has_its_section():
    """A mechanism works when its page cites source and evidence; a section without a mechanism is a tale."""
    response = text(DOCS / "mechanisms.md").split("\n## ")[1]
    assert response.startswith("Mechanisms of the response")
    headings = re.findall(r"^### (.+)$", response, re.MULTILINE)
    assert headings == list(MECHANISMS)
    for heading, body in MECHANISM_PAGE:
        for part in ("**Source:**", "**Evidence:**", "**Off:**" if heading in MECHANISMS else "**Counterfactual:**"):
            assert part in body, f"{heading}: {part} is missing"


def scenarios_on(page: str, folder: Path) -> Iterator[tuple[str, str, sim.Scenario]]:
    """Return (kind, block, scenario) of each block of a page but cards; what is a file is saved under its name."""
    whole = None
    for number, block in enumerate(blocks(ROOT / page, "yaml")):
        source = f"{page}, block {number + 1}"
        data = parse_yaml(block, source)[0]
        if "name" in data:
            path = folder / f"{data['name']}.yaml"
            path.write_text(block, encoding="utf-8")
            scenario = load(path)
            whole = whole if "base" in data else scenario
            yield "base" if "base" in data else "whole", block, scenario
        elif "card" in data:
            check_card(data, source)
            (folder / f"{data['card']}.card.yaml").write_text(block, encoding="utf-8")
        else:
            assert whole is not None, f"{source}: a patch stands before every whole scenario"
            piece_of_card = data.keys() <= card.Card.model_fields.keys()
            yield (
                "patch",
                block,
                whole.patched({"response": {"plan": {"card": data}}} if piece_of_card else data, source),
            )


@pytest.mark.parametrize("page", REFERENCE)
def test_a_block_of_the_reference_is_valid_and_runs(page: str, tmp_path: Path):
    """What a reader copies from these pages runs, is not suspect, and lets somebody come or something be ordered."""
    for kind, block, scenario in scenarios_on(page, tmp_path):
        if kind != "base":  # those are about a shipped scenario, which has tests of its own
            assert not findings(scenario), block
        result = sim.run(scenario)
        assert result.columns("sites")["visitor"].size or result.columns("orders")["nth"].size, block


SITE, CARD = "response.sites.NAME", "response.plan.card"
KEYS: dict[str, dict[str, type[Spec]]] = {
    "docs/sites.md": {
        SITE: sites.Site,
        f"{SITE}.arrivals": arrivals.Arrivals,
        f"{SITE}.arrivals.slots": arrivals.Slots,
        f"{SITE}.arrivals.punctuality": arrivals.Punctuality,
        f"{SITE}.stations.NAME": sites.Station,
        f"{SITE}.stations.NAME.next": sites.Ways,
        f"{SITE}.stations.NAME.staff": sites.Staff,
        f"{SITE}.goods.NAME": sites.Goods,
        f"{SITE}.goods.NAME.batches": sites.Batches,
        f"{SITE}.classes.NAME": sites.VisitorClass,
        f"{SITE}.invitations": invitations.Invitations,
        f"{SITE}.invitations.recall": invitations.Recall,
        f"{SITE}.invitations.fetch": invitations.Fetch,
        f"{SITE}.invitations.count": invitations.Count,
        f"{SITE}.stations.NAME.pool": laboratory.Pool,
        f"{SITE}.stations.NAME.pool.laboratory": laboratory.Laboratory,
    },
    "docs/card.md": {
        "response.plan": card.Plan,
        CARD: card.Card,
        f"{CARD}.teams.NAME": card.Team,
        f"{CARD}.steps.NAME": card.Step,
        f"{CARD}.steps.NAME.when": card.Trigger,
        f"{CARD}.checks": card.Check,
        f"{CARD}.levels.NAME": card.Level,
        f"{CARD}.materials.NAME": card.Material,
        f"{CARD}.outside_help.NAME": card.Help,
        "response.plan.review": card.Review,
        "response.plan.review.fixes": card.Fix,
        **{
            f"action: {get_args(m.model_fields['action'].annotation)[0]}": m
            for m in get_args(get_args(actions.Action)[0])
        },
    },
}
"""The models that the tables of a page explain, by heading."""
KEY_ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| ", re.MULTILINE)


def is_default(text: str, field: FieldInfo) -> bool:
    """Tell whether a cell says a field's default: a value, a dash for nothing, or that one is wanted."""
    default: Any = field.get_default()
    if field.is_required():
        return text == "wanted"
    if isinstance(default, bool):
        return text == str(default).lower()
    if isinstance(default, (int, float)):
        return (parse_duration(text) if " " in text else float(text)) == pytest.approx(default, abs=1e-12)
    return text == (default if isinstance(default, str) else "–")


@pytest.mark.parametrize(("page", "heading"), [(page, heading) for page, of in KEYS.items() for heading in of])
def test_a_table_of_keys_is_complete_and_its_defaults_are_right(page: str, heading: str):
    """A key that the page lacks is not found by who reads it; one that the program lacks is refused."""
    bodies = [body for title, body in sections(ROOT / page) if title.strip("`") == heading]
    assert len(bodies) == 1, f"one section {heading!r} is wanted; found {len(bodies)}"
    said = dict(KEY_ROW.findall(bodies[0]))
    fields = {field.alias or name: field for name, field in KEYS[page][heading].model_fields.items()}
    fields.pop("action", None)  # the heading says it
    assert said.keys() == fields.keys()
    wrong = {key: text for key, text in said.items() if not is_default(text.strip(), fields[key])}
    assert not wrong, {key: fields[key].get_default() for key in wrong}


def test_the_tutorials_own_scenario_is_valid():
    """The file that a newcomer writes in the tutorial must not be refused."""
    (block,) = blocks(DOCS / "tutorial.md", "yaml")
    assert patched(block).name == "my-estate"


def test_the_scenario_on_the_first_page_is_the_tutorial():
    """The first page shows an extract of the tutorial: what stands there must stand there still."""
    (block,) = blocks(ROOT / "README.md", "yaml")
    world, whole = parse_yaml(block, "README")[0]["world"], sim.load("tutorial")
    assert world["community"]["residents"] == str(whole.world.community.residents)
    assert whole.patched(parse_yaml(block, "README")[0]).world.needs.keys() == whole.world.needs.keys()


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md", *REFERENCE])
def test_the_python_on_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Code that does not run loses a newcomer. Here with few replications, in this process, in an empty folder."""
    asked, many = [], sim.run_many

    def few(scenario, replications, measure, **options):
        asked.append(replications)
        return many(scenario, min(replications, SHORT), measure, **{**options, "workers": 1})

    monkeypatch.setattr(sim, "run_many", few, raising=False)
    monkeypatch.chdir(tmp_path)
    assert page not in REFERENCE or list(scenarios_on(page, tmp_path))  # which saves them here
    code = blocks(ROOT / page, "python")
    assert code
    namespace = {"__name__": "__main__"}
    for block in code:
        exec(compile(block, page, "exec"), namespace)
    assert asked, "the page should show how runs are compared"


def test_the_python_about_folders_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Who reads a folder, or brings processes of their own, copies this. Here with a small experiment, and threads.

    Both ways of making the runs leave the same digest, and the folder of the second can be opened again for a report.
    """
    small = read_experiment(ROOT / "tests" / "experiments" / "runners.yaml")
    monkeypatch.setattr("sim.experiment_files.read_experiment", lambda _: small)
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.chdir(tmp_path)
    asked, kept = small.experiment, Path("runs/team-structures-seed1")
    about = {"kind": "experiment", "name": asked.experiment, "seed": asked.seed, "detail": "kpi", "plugins": {}}
    with Folder.begin(kept, about | {"subject": subject(small, 10)}) as folder:
        carry_out(conclusion(small, asked.seed, 10), folder, asked.keys, Workers(InProcess()))
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(DOCS / "results.md", "python"):
        exec(compile(block, "docs/results.md", "exec"), namespace)
    assert Folder.open("mine").digest() == Folder.open(kept).digest()
    again, first = reopened(Folder.open("mine"))[1].comparisons, namespace["found"].comparisons
    assert again
    assert repr(again) == repr(first), "written out, since what is not defined is NaN, which differs from itself"


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        fenced = "\n".join(blocks(page, "sh") + blocks(page, ""))
        inline = re.findall(r"`((?:scripts/)?firstline [a-z].*?)`", text(page))
        found += [(page.name, line.strip()) for line in [*fenced.splitlines(), *inline] if "firstline " in line]
    return sorted({(page, line) for page, line in found if line.split()[0].endswith("firstline")})


@pytest.mark.parametrize(("page", "line"), commands(), ids=[f"{page}: {line}" for page, line in commands()])
def test_a_command_on_a_page_would_be_accepted(page: str, line: str):
    """A command with a wrong option or a path that is no more is worse than none. Nothing is run here."""
    from typer.main import get_command

    words = [word for word in shlex.split(line.split("   ", maxsplit=1)[0]) if word != "DIR"][1:]
    group = get_command(app)
    command = group.commands[words[0]]
    options = {name for parameter in command.params for name in parameter.opts}
    rest = words[1 : words.index(">")] if ">" in words else words[1:]
    assert {word for word in rest if word.startswith("-")} <= options
    sets = [value for word, value in zip(rest, rest[1:], strict=False) if word == "--set"]
    if sets and rest[0] in shipped() and "organisation.unit." not in line:  # that one shows what an error looks like
        sim.load(rest[0]).with_values(values_of(sets))


def test_every_change_for_the_class_is_accepted():
    """The table of the class holds changes without a command before them."""
    changes = re.findall(r"^\| \d+ \| .* \| `(--set .*)` \|$", text(DOCS / "teaching.md"), re.MULTILINE)
    assert len(changes) == 10
    base = sim.load("estate-lockdown")
    for change in changes:
        assert base.with_values(values_of(shlex.split(change)[1:])) != base, change


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_somewhere(page: str):
    """A relative link on a page points to a file that is there."""
    prose = FENCE.sub("", text(page))
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_are_wrapped(page: str):
    """Prose is wrapped at 120, so that a change shows as few lines; tables and code may be longer."""
    for line in FENCE.sub("", text(page)).splitlines():
        assert len(line) <= 120 or line.startswith("|"), line
