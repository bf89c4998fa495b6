"""Strain at the ends of shifts: of all, by unit, by phase, and by unit in a phase."""

import numpy as np
import pytest

import sim
from analysis.people_outcomes import _strain_at_work


@pytest.fixture(scope="module")
def result() -> sim.Result:
    return sim.run(sim.load("estate-people"))


def test_it_is_the_level_that_the_table_of_strain_shows_then(result: sim.Result):
    """Each end of a shift is read again by hand: the person's last row until then, 0 before the first; of people whose
    strain is not modelled there is none. Parts are means of the same ends.
    """
    strain, shifts = result.frame("strain"), result.frame("shifts").dropna(subset="left_h")
    people, phases = result.frame("people"), result.frame("phases")
    levels, parts = [], []
    for row in shifts.itertuples():
        if np.isnan(people.loc[row.person, "capacity"]):
            continue
        mine = strain[(strain["person"] == row.person) & (strain["t_h"] <= row.left_h)]
        levels.append(0.0 if mine.empty else mine["strain"].iloc[-1] / mine["capacity"].iloc[-1])
        now = phases[(phases["begin_h"] < row.left_h) & (row.left_h <= phases["end_h"])]["phase"].iloc[0]
        parts.append((row.unit, now))
    found = {(by, level): (value, size) for by, level, value, size in _strain_at_work(result)}
    assert found["all", "all"] == (pytest.approx(np.mean(levels)), len(levels))
    assert ("unit", "office") not in found
    for unit in ("casework", "pool"):
        own = [level for level, (name, _) in zip(levels, parts, strict=True) if name == unit]
        assert found["unit", unit] == (pytest.approx(np.mean(own)), len(own))
        for phase in ("warning", "emergency", "protracted", "resolution"):
            own = [level for level, part in zip(levels, parts, strict=True) if part == (unit, phase)]
            assert found["unit_in_phase", f"{unit}, {phase}"] == (pytest.approx(np.mean(own)), len(own))
    for phase in ("warning", "emergency", "protracted", "resolution"):
        sizes = [size for (by, level), (_, size) in found.items() if by != "phase" and level.endswith(f", {phase}")]
        assert found["phase", phase][1] == sum(sizes)


def test_where_nobody_is_strained_there_is_nothing_to_say():
    """A scenario without strain has no row, rather than a strain of nothing."""
    assert list(_strain_at_work(sim.run(sim.load("tutorial")))) == []
