"""Residents are drawn against their marginals, each by a key of their own, or read from a table that is checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.chance import Chance
from sim.errors import InputError
from sim.spec.community import Community
from sim.world.population import EVERYWHERE, Population, populate

many = settings(derandomize=True, max_examples=60, deadline=None)
Z = 4.0
"""How many standard errors a share may be off: of a few hundred fixed draws none should be."""
AGES = {"0-14": 0.12, "15-59": 0.6, "60-79": 0.2, "80+": 0.08}
ZONES = ["north", "middle", "south"]


def people(seed: int = 1, replication: int = 0, **community: Any) -> Population:
    """Residents of a community given as in a file."""
    return populate(Community.model_validate(community), Chance(seed, replication))


def near(flags: Any, share: float) -> bool:
    """Tell whether the share of flags is the stated one within sampling error."""
    flags = np.asarray(flags)
    return abs(flags.mean() - share) <= Z * np.sqrt(max(share * (1 - share), 1e-12) / flags.size)


# -- marginals --------------------------------------------------------------------------------------------------------


def test_ages() -> None:
    """The bands have their shares (chi-square) and within a band every year is as likely as another."""
    age = people(residents=50_000, ages=AGES).age
    assert (age == np.floor(age)).all()
    edges = [(0, 14), (15, 59), (60, 79), (80, 100)]
    counts = [np.count_nonzero((age >= low) & (age <= high)) for low, high in edges]
    assert sum(counts) == age.size
    assert stats.chisquare(counts, np.array(list(AGES.values())) * age.size).pvalue > 1e-3
    for low, high in edges:
        years = np.bincount(age[(age >= low) & (age <= high)].astype(int) - low, minlength=high - low + 1)
        assert stats.chisquare(years).pvalue > 1e-3


def test_bands_in_any_order_and_with_gaps() -> None:
    """The order of the bands in a file means nothing, and an age between two bands does not occur."""
    forth = people(residents=2000, ages={"0-9": 0.5, "90+": 0.5})
    back = people(residents=2000, ages={"90+": 0.5, "0-9": 0.5})
    assert (forth.age == back.age).all()
    assert not ((forth.age > 9) & (forth.age < 90)).any()


def test_a_band_of_share_zero_or_one() -> None:
    """Nobody is in a band of share 0 and everybody in one of share 1, at the edges of the uniform too."""
    age = people(residents=20_000, ages={"0-14": 0, "15-59": 1, "60+": 0}).age
    assert age.min() >= 15
    assert age.max() <= 59


@pytest.mark.parametrize("share", [0, 0.003, 0.06, 0.5, 0.97, 1])
def test_shares_of_groups(share: float) -> None:
    """A group has its share of the residents; 0 is nobody and 1 everybody."""
    assert near(people(residents=40_000, shares={"chronic_illness": share}).groups["chronic_illness"], share)


def test_groups_overlap_by_chance() -> None:
    """Groups are drawn apart: of three groups every combination has the product of the shares."""
    shares = {"offline": 0.3, "disabled": 0.2, "pregnant": 0.4}
    found = people(residents=60_000, shares=shares)
    cell = sum(found.groups[name] * 2**k for k, name in enumerate(shares))
    expected = [
        np.prod([share if code >> k & 1 else 1 - share for k, share in enumerate(shares.values())]) for code in range(8)
    ]
    assert stats.chisquare(np.bincount(cell, minlength=8), np.array(expected) * found.size).pvalue > 1e-3


def test_shares_by_age() -> None:
    """A share of its own holds within its age band, the general one outside of all."""
    found = people(
        residents=60_000,
        ages=AGES,
        shares={"chronic_illness": {"share": 0.1, "by_age": {"60-79": 0.4, "80+": 0.8}}},
    )
    ill, age = found.groups["chronic_illness"], found.age
    assert near(ill[age < 60], 0.1)
    assert near(ill[(age >= 60) & (age < 80)], 0.4)
    assert near(ill[age >= 80], 0.8)


def test_groups_that_follow_from_ages() -> None:
    """With ages, over_80 and child are those of that age, unless a share is stated for the group itself."""
    found = people(residents=5000, ages=AGES)
    assert (found.groups["over_80"] == (found.age >= 80)).all()
    assert (found.groups["child"] == (found.age < 15)).all()
    stated = people(residents=20_000, ages=AGES, shares={"over_80": 0.5})
    assert near(stated.groups["over_80"], 0.5)


def test_without_ages_nobody_has_one() -> None:
    """An age not stated is not made up."""
    found = people(residents=10, shares={"child": 0.5})
    assert np.isnan(found.age).all()
    assert set(found.groups) == {"child"}


# -- households and buildings -----------------------------------------------------------------------------------------


def test_household_sizes_as_stated() -> None:
    """With as many residents as the stated sizes make, the sizes have their shares; each household has somebody."""
    shares = {"1": 0.3, "2": 0.3, "3": 0.25, "5": 0.15}
    households = 20_000
    mean = sum(int(size) * share for size, share in shares.items())
    found = people(residents=round(mean * households), households=households, household_sizes=shares)
    sizes = np.bincount(found.household, minlength=households)
    assert sizes.min() >= 1
    assert sizes.sum() == found.size
    settled = sizes[: households * 9 // 10]  # the difference to the stated number falls on the last ones
    counts = [np.count_nonzero(settled == int(size)) for size in shares]
    assert sum(counts) == settled.size
    assert stats.chisquare(counts, np.array(list(shares.values())) * settled.size).pvalue > 1e-3


def test_living_alone_follows_from_household_sizes() -> None:
    """With stated household sizes, who lives alone is known: one in the household."""
    found = people(residents=4000, households=2000, household_sizes={"1": 0.5, "3": 0.5})
    sizes = np.bincount(found.household)
    assert (found.groups["living_alone"] == (sizes[found.household] == 1)).all()


def test_household_sizes_not_stated() -> None:
    """Without sizes, households have one resident and a Poisson number of others: mean and variance say so."""
    found = people(residents=60_000, households=20_000)
    others = np.bincount(found.household, minlength=20_000)[:18_000] - 1
    assert others.min() >= 0
    assert abs(others.mean() - 2) < Z * np.sqrt(2 / others.size)
    assert abs(others.var() - 2) < Z * np.sqrt((2 + 2 * 2**2) / others.size)


def test_without_households_everybody_has_one() -> None:
    """No household is stated: each resident is one, and buildings take turns."""
    found = people(residents=100, buildings=4)
    assert (found.household == np.arange(100)).all()
    assert (np.bincount(found.building) == 25).all()


@many
@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 30), st.integers(0, 3))
def test_everybody_lives_somewhere(residents: int, households: int, buildings: int, zones: int) -> None:
    """For any sizes: every household has somebody and one building, buildings fill in order and evenly, zones too."""
    households, zones = min(households, residents), min(zones, buildings)
    found = people(residents=residents, households=households, buildings=buildings, zones=ZONES[:zones])
    assert found.size == residents
    assert (np.bincount(found.household, minlength=households) >= 1).all()
    building_of = dict(zip(found.household.tolist(), found.building.tolist(), strict=True))
    assert all(building_of[h] == b for h, b in zip(found.household.tolist(), found.building.tolist(), strict=True))
    in_order = [building_of[h] for h in range(households)]
    assert in_order == sorted(in_order)
    filled = np.bincount(in_order, minlength=buildings)
    assert filled.max() - filled.min() <= 1
    assert (found.zone == found.building_zone[found.building]).all()
    assert found.zone_names == (tuple(ZONES[:zones]) or (EVERYWHERE,))
    per_zone = np.bincount(found.building_zone, minlength=max(zones, 1))
    assert per_zone.max() - per_zone.min() <= 1
    assert len(set(zip(found.building_x_m.tolist(), found.building_y_m.tolist(), strict=True))) == buildings


def test_listed_buildings() -> None:
    """Buildings of one's own keep their names, places, zones and households; a zone's centre is the middle of its."""
    found = people(
        residents=100,
        households=40,
        zones=["a", "b"],
        buildings=[
            {"id": "tower", "zone": "b", "x_m": 100, "y_m": 20, "households": 30},
            {"id": "hut", "zone": "a", "x_m": -40, "households": 4},
            {"id": "house", "zone": "b", "x_m": 200, "y_m": 40, "households": 6},
        ],
    )
    assert found.building_names == ("tower", "hut", "house")
    _, first = np.unique(found.household, return_index=True)
    assert np.bincount(found.building[first]).tolist() == [30, 4, 6]
    assert [found.zone_names[zone] for zone in found.building_zone] == ["b", "a", "b"]
    assert found.centre("b") == (150.0, 30.0)
    assert found.centre("a") == (-40.0, 0.0)
    assert found.centre(None) == pytest.approx((260 / 3, 20.0))


def test_the_grid() -> None:
    """Counted buildings stand on a square grid at the stated spacing."""
    found = people(residents=9, buildings=9, spacing_m=30)
    assert found.building_x_m.tolist() == [0, 30, 60] * 3
    assert found.building_y_m.tolist() == [0] * 3 + [30] * 3 + [60] * 3
    assert found.centre(None) == (30.0, 30.0)


# -- keyed chance -----------------------------------------------------------------------------------------------------


def same_for_the_old(before: Population, after: Population) -> None:
    """Compare everybody in the smaller population with the same row of the larger one."""
    old = slice(0, before.size)
    for name in ("household", "building", "zone", "age"):
        assert np.array_equal(getattr(before, name), getattr(after, name)[old], equal_nan=True), name
    for name, flags in before.groups.items():
        if name != "living_alone":  # whoever is joined does not live alone any more
            assert np.array_equal(flags, after.groups[name][old]), name


@many
@given(st.integers(1, 500), st.integers(1, 300), st.integers(0, 5))
def test_one_more_resident_changes_nobody_else(residents: int, households: int, seed: int) -> None:
    """Everyone keeps home, age and groups when one more moves in: else two sizes of estate compare two worlds."""
    stated = {
        "households": min(households, residents),
        "buildings": 7,
        "zones": ZONES,
        "ages": AGES,
        "shares": {"offline": 0.2, "disabled": {"share": 0.1, "by_age": {"80+": 0.7}}},
    }
    for more in ({}, {"household_sizes": {"1": 0.4, "2": 0.4, "6": 0.2}}):
        before = people(seed, residents=residents, **stated, **more)
        after = people(seed, residents=residents + 1, **stated, **more)
        same_for_the_old(before, after)


@pytest.mark.parametrize("households", [10, 100])
def test_one_more_resident_at_every_size(households: int) -> None:
    """The same one by one from one a household to five: no size at which all households are drawn anew."""
    before = people(residents=households, households=households)
    for residents in range(households + 1, 5 * households):
        after = people(residents=residents, households=households)
        same_for_the_old(before, after)
        before = after


def test_another_group_changes_no_other() -> None:
    """A group stated in addition, or ages, leave the other groups' members as they were: each has its own stream."""
    one = people(residents=3000, shares={"offline": 0.2})
    two = people(residents=3000, shares={"disabled": 0.5, "offline": 0.2}, ages=AGES)
    assert (one.groups["offline"] == two.groups["offline"]).all()


def test_a_larger_share_keeps_its_members() -> None:
    """With a larger share of a group more people are in it and nobody drops out: scenarios compare like with like."""
    small = people(residents=5000, shares={"offline": 0.2}).groups["offline"]
    large = people(residents=5000, shares={"offline": 0.3}).groups["offline"]
    assert large[small].all()
    assert large.sum() > small.sum()


def test_replications_differ() -> None:
    """Each replication draws its residents anew, and the same replication draws the same."""
    stated = {"residents": 3000, "ages": AGES, "shares": {"offline": 0.5}}
    first, again, second = people(1, 0, **stated), people(1, 0, **stated), people(1, 1, **stated)
    assert (first.age == again.age).all()
    assert near(first.groups["offline"] == second.groups["offline"], 0.5)


def test_columns_are_read_only() -> None:
    """Everybody reads the same columns, so nobody may write to them."""
    found = people(residents=20, households=10, ages=AGES, shares={"offline": 0.5})
    columns = [found.household, found.building, found.zone, found.age, found.building_zone]
    columns += [found.building_x_m, found.building_y_m, *found.groups.values()]
    for column in columns:
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[0]


def test_factors_multiply() -> None:
    """Whoever is in several groups has the product of their factors, whoever is in none has 1."""
    found = people(residents=4000, shares={"offline": 0.5, "disabled": 0.5})
    factor = found.factor({"offline": 2.0, "disabled": 0.25})
    expected = np.where(found.groups["offline"], 2.0, 1.0) * np.where(found.groups["disabled"], 0.25, 1.0)
    assert (factor == expected).all()
    assert (found.factor({}) == 1).all()


# -- tables -----------------------------------------------------------------------------------------------------------

TABLE: dict[str, list[Any]] = {
    "household": [11, 11, 12, 13, 13],
    "building": ["b2", "b2", "b10", "b1", "b1"],
    "zone": ["south", "south", "north", "north", "north"],
    "age": [34, 3, 81, 45, 44],
    "over_80": [False, False, True, False, False],
    "x_m": [10.0, 10.0, 20.0, 30.0, 30.0],
    "y_m": [1.0, 1.0, 2.0, 3.0, 3.0],
}
WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "residents.csv": pyarrow.csv.write_csv,
    "residents.parquet": pyarrow.parquet.write_table,
}


def written(folder: Path, name: str, columns: dict[str, list[Any]]) -> Path:
    """A table of residents in a folder."""
    path = folder / name
    WRITERS[name](pa.table(columns), path)
    return path


def read(path: Path, **community: Any) -> Population:
    """The residents of a table."""
    return people(**{"from": str(path)}, **community)


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_of_residents(name: str, tmp_path: Path) -> None:
    """Rows are residents as they stand; households, buildings and zones are numbered, places are the buildings'."""
    found = read(written(tmp_path, name, TABLE))
    assert found.size == 5
    assert [found.building_names[b] for b in found.building] == TABLE["building"]
    assert [found.zone_names[z] for z in found.zone] == TABLE["zone"]
    assert found.age.tolist() == TABLE["age"]
    assert found.groups["over_80"].tolist() == TABLE["over_80"]
    same = found.household[:, None] == found.household[None, :]
    assert (same == (np.array(TABLE["household"])[:, None] == np.array(TABLE["household"])[None, :])).all()
    place = dict(zip(TABLE["building"], zip(TABLE["x_m"], TABLE["y_m"], strict=True), strict=True))
    for row, building in enumerate(found.building_names):
        assert (found.building_x_m[row], found.building_y_m[row]) == place[building]
    for row, building in enumerate(found.building):
        assert found.building_zone[building] == found.zone[row]


@pytest.mark.parametrize("name", WRITERS)
def test_a_short_table(name: str, tmp_path: Path) -> None:
    """Household and building are enough: one zone, no ages, no groups, buildings on the grid."""
    found = read(written(tmp_path, name, {key: TABLE[key] for key in ("building", "household")}), spacing_m=10)
    assert found.zone_names == (EVERYWHERE,)
    assert np.isnan(found.age).all()
    assert found.groups == {}
    assert sorted(found.building_x_m.tolist()) == [0, 0, 10]


def test_flags_as_people_write_them(tmp_path: Path) -> None:
    """True and 1 are true, false and 0 false, in any case of letters."""
    path = tmp_path / "residents.csv"
    path.write_text("household,building,offline\n1,a,True\n2,a,0\n3,a,FALSE\n4,a,1\n5,a,true\n", encoding="utf-8")
    assert read(path).groups["offline"].tolist() == [True, False, False, True, True]


def test_stated_zones_keep_their_order(tmp_path: Path) -> None:
    """Zones stated beside a table may be more than it uses and keep the stated order."""
    found = read(written(tmp_path, "residents.csv", TABLE), zones=["south", "middle", "north"])
    assert found.zone_names == ("south", "middle", "north")
    assert [found.zone_names[z] for z in found.zone] == TABLE["zone"]


BAD: dict[str, tuple[dict[str, list[Any]], str]] = {
    "no household": ({"household": []}, "the column 'household' is wanted"),
    "no building": ({"building": []}, "the column 'building' is wanted"),
    "unknown column": ({"zonne": ["a"] * 5}, "unknown column 'zonne'; did you mean 'zone'?"),
    "missing household": (
        {"household": [1, None, 2, 3, 3]},
        "household: a value in every row is wanted; 1 are missing",
    ),
    "missing age": ({"age": [1, None, None, 3, 3]}, "age: a value in every row is wanted; 2 are missing"),
    "age in words": ({"age": ["old", "young", "9", "9", "9"]}, "age: "),
    "age below 0": ({"age": [-3, 1, 1, 1, 1]}, "age: "),
    "age not a number": ({"age": [float("nan"), 1.0, 1.0, 1.0, 1.0]}, "age: "),
    "place not finite": ({"x_m": [float("inf"), 1.0, 1.0, 1.0, 1.0]}, "x_m: "),
    "flags in words": ({"over_80": ["yes", "no", "no", "no", "no"]}, "over_80: true or false"),
    "flags above 1": ({"over_80": [2, 0, 0, 0, 0]}, "over_80: true or false"),
    "building in two zones": ({"zone": ["south", "north", "north", "north", "north"]}, "zone: "),
    "household in two buildings": ({"household": [11, 11, 11, 13, 13]}, "household: "),
    "known in words": ({"knows": ["Li", "", "", "", ""]}, "knows: rows joined by +, such as 3+17, are wanted"),
    "known that is no row": ({"knows": ["9", "", "", "", ""]}, "knows: rows of neighbours in the building are wanted"),
    "known in another building": ({"knows": ["2", "", "", "", ""]}, "knows: rows of neighbours in the building"),
    "known at home": ({"knows": ["1", "", "", "", ""]}, "knows: rows of neighbours in the building are wanted"),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused(name: str, case: str, tmp_path: Path) -> None:
    """Own data is checked like a scenario: the error names the file, the column and what is wrong with it."""
    columns, says = BAD[case]
    merged = {key: values for key, values in {**TABLE, **columns}.items() if values}
    path = written(tmp_path, name, merged)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_without_rows(name: str, tmp_path: Path) -> None:
    """A header alone is no community."""
    path = written(tmp_path, name, {"household": pa.array([], pa.int64()), "building": pa.array([], pa.string())})
    with pytest.raises(InputError, match="the table is empty"):
        read(path)


def test_an_unknown_zone_in_a_table(tmp_path: Path) -> None:
    """With stated zones, a zone of the table that is none of them is a typing error, and the nearest is named."""
    with pytest.raises(InputError, match="no zone is called 'south'; did you mean 'souht'"):
        read(written(tmp_path, "residents.csv", TABLE), zones=["souht", "north"])


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\xff\xfe\x00\x01", b"household,building\n1\n2,a,b\n", b"household,building\n1,\xe9\n", b"\0" * 100],
)
def test_a_file_that_is_no_table(name: str, content: bytes, tmp_path: Path) -> None:
    """Whatever bytes a file holds, it is refused by its name and in words."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", WRITERS)
def test_no_file_and_a_folder(name: str, tmp_path: Path) -> None:
    """A table that is not there, or is a folder, is missed by its name."""
    with pytest.raises(InputError, match=r"there is no such"):
        read(tmp_path / name)
    (tmp_path / name).mkdir()
    with pytest.raises(InputError):
        read(tmp_path / name)


def test_a_column_that_stands_twice(tmp_path: Path) -> None:
    """Which of two columns of one name is meant nobody knows."""
    path = tmp_path / "residents.csv"
    path.write_text("household,building,age,age\n1,a,3,4\n", encoding="utf-8")
    with pytest.raises(InputError, match="age"):
        read(path)


def test_a_table_larger_than_any_estate(tmp_path: Path) -> None:
    """The limit on residents holds for tables too; a table of one column of one value is quickly made too long."""
    rows = 2_000_001
    table = pa.table({"household": pa.repeat(1, rows), "building": pa.repeat("a", rows)})
    path = tmp_path / "residents.parquet"
    pyarrow.parquet.write_table(table, path)
    with pytest.raises(InputError, match="2,000,000"):
        read(path)
