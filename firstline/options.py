"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Detail(StrEnum):
    """What is kept of each run."""

    KPI = "kpi"
    NEEDS = "needs"
    FULL = "full"


class Language(StrEnum):
    """The languages of the screen."""

    EN = "en"
    ZH = "zh"


ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario file, or a shipped scenario by name.")
]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a value by its dotted path; may be given again."),
]
Lang = Annotated[Language, typer.Option("--lang", help="Language of the output.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Plugin = Annotated[
    list[Path] | None, typer.Option("--plugin", metavar="FILE.py", help="Python file that registers rules or outcomes.")
]

Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The folder of the results; runs that are in it are not made again.")
]
Workers = Annotated[int, typer.Option(min=1, max=512, help="Processes that work side by side.")]
Cluster = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://host:8786, whose workers work.")
]
Retry = Annotated[bool, typer.Option("--retry", help="Make runs again that failed.")]
