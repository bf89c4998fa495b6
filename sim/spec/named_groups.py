"""What is suspect about vulnerability groups: one that a scenario names and that nobody is in.

It is easily overlooked, above all where residents come from a table that an earlier run left: what is asked for a group
of nobody is never done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sim.spec.community import GROUPS, Community, GroupShare

if TYPE_CHECKING:
    from sim.spec.scenario import Scenario

KEYS = ("groups", "group", "rate_by_group", "reach_by_group", "by_group", "asked_at_door")
"""The keys under which groups are named."""


def group_findings(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Return (place, what is suspect) for each group that is named and has nobody."""
    data = scenario.data()
    world = {name: block for name, block in data["world"].items() if name != "community"}
    named = list(_named("", {"world": world, "response": data.get("response", {})}))
    if not named:
        return
    there = _groups_of(scenario.world.community)
    for place, group in named:
        if there is not None and group not in there:
            yield place, f"nobody is in the group {group!r}: world.community has no such residents"


def _named(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Return (place, group) of everything that names a group."""
    for key, below in value.items() if isinstance(value, Mapping) else ():
        here = f"{place}.{key}".lstrip(".")
        if key.rpartition(".")[2] in KEYS:
            names = (below,) if isinstance(below, str) else below or ()
            yield from ((here, name) for name in names if name in GROUPS)
        else:
            yield from _named(here, below)
    for number, below in enumerate(value) if isinstance(value, (list, tuple)) else ():
        yield from _named(f"{place}[{number}]", below)


def _groups_of(community: Community) -> set[str] | None:
    """Return the groups that somebody may be in; None where the table cannot be read, and the run says why."""
    if community.table is not None:
        return _groups_of_table(community.table)
    there = {
        name
        for name, share in community.shares.items()
        if (max((share.share, *share.by_age.values())) if isinstance(share, GroupShare) else share) > 0
    }
    if community.ages is not None:
        there |= {"over_80", "child"} - set(community.shares)
    if community.household_sizes is not None:
        there |= {"living_alone"} - set(community.shares)
    return there


def _groups_of_table(path: str) -> set[str] | None:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    try:
        table = pyarrow.csv.read_csv(path) if path.endswith(".csv") else pyarrow.parquet.read_table(path)
    except (pa.ArrowException, OSError, KeyError):
        return None
    flags = {name: table.column(name).unique().to_pylist() for name in GROUPS if name in table.column_names}
    return {name for name, values in flags.items() if any(str(value).lower() in ("1", "true") for value in values)}
