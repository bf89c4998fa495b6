"""One self-contained HTML page about a back-test: which is nearer on what, the backlog day by day, all tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from analysis.backtest.judge import Judged
from analysis.backtest.pictures import backlog
from analysis.figures import drawing
from analysis.pages import Data, Made, Part, Say, drawn, hashed, rendered
from analysis.study_page import Told


def page(found: Judged, told: Told, manifest: Mapping[str, Any], days: Data, say: Say) -> str:
    """Return the page; ``days`` is the table behind the picture."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    with drawing(say.lang):
        note = say("backtest.note", confidence=f"{100 * found.asked.confidence:g}")
        pictures = drawn([Part(say("backtest.backlog").capitalize(), note, backlog(found, say), days, "backlog")])
    return rendered(
        "backtest.html",
        Made(text, hashed(text.encode()), hashed(days.uri.encode())),
        say,
        title=told.title,
        byline=f"{say('report.title')} · {found.asked.backtest} · Firstline {manifest['firstline']} · "
        f"seed {manifest['seed']} · {manifest['created'][:10]}",
        sentences=list(told.sentences),
        made=told.made,
        figures=pictures,
        blocks=told.tables,
        chapters=[],
    )
