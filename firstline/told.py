"""What is said of each kind of study, and who writes its page: one table.

Each takes what was asked, what was found, and the words; so a page, a table for a paper and the screen say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from analysis.ablation_report import write_ablation
from analysis.calibrate_report import write_calibrated
from analysis.experiment_report import write_experiment
from analysis.optimise_report import write_optimised
from analysis.reopened import reopened
from analysis.sensitivity_report import write_sensitivity
from analysis.store.folder import Folder
from analysis.study_page import Told
from firstline import ablation_tables, calibrate_tables, experiment_tables, optimise_tables, sensitivity_tables
from firstline.grids import Block
from firstline.headline import headline
from firstline.words import Words


class Telling(NamedTuple):
    """How a kind of study is told: the sentences that come first, all paragraphs and tables, and who writes a page."""

    headline: Callable[[Any, Any, Words], list[str]]
    blocks: Callable[[Folder, Any, Any, Words], list[Block]]
    write: Callable[[Folder, Any, Any, Told, Path | None, Words], Path]


TELLINGS: Mapping[str, Telling] = {
    "experiment": Telling(
        lambda _, found, words: headline(found, words),
        lambda folder, _, found, words: experiment_tables.page(found, folder.seconds(), words.lang),
        write_experiment,
    ),
    "ablation": Telling(ablation_tables.headline, lambda _, *study: ablation_tables.page(*study), write_ablation),
    "optimise": Telling(optimise_tables.headline, lambda _, *study: optimise_tables.page(*study), write_optimised),
    "calibrate": Telling(calibrate_tables.headline, lambda _, *study: calibrate_tables.page(*study), write_calibrated),
    "sensitivity": Telling(
        sensitivity_tables.headline, lambda _, *study: sensitivity_tables.page(*study), write_sensitivity
    ),
}


def blocks_of(folder: Folder, words: Words) -> list[Block]:
    """Return what is said of the study in a folder: its title, the sentences that come first, then all the rest."""
    _, _, first, (title, *rest) = _told(folder, words)
    return [title, *first, *rest]


def write_page(folder: Folder, out: Path | None, words: Words) -> Path:
    """Write the page about the study in a folder, and return its path."""
    asked, found, first, blocks = _told(folder, words)
    return TELLINGS[folder.manifest["kind"]].write(folder, asked, found, Told(first, blocks), out, words)


def _told(folder: Folder, words: Words) -> tuple[Any, Any, list[str], list[Block]]:
    """Return what was asked, what was found, the sentences that come first, and all the other blocks."""
    asked, found = reopened(folder)
    telling = TELLINGS[folder.manifest["kind"]]
    first = telling.headline(asked, found, words)
    blocks = telling.blocks(folder, asked, found, words)
    return asked, found, first, [block for block in blocks if block not in first]
