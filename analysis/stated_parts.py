"""The parts of which an outcome can be: by unit, by need, by item …, and their names as far as a scenario states them.

So a wrong part is told before any run. What the specification does not tell (who is asked outside, the residents' own
table, the outcomes of plug-ins) is not judged here: the first run tells (``analysis.asked.check_seen``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from analysis.need_outcomes import NEED_OUTCOMES
from analysis.people_outcomes import INFORMAL
from analysis.plan_outcomes import MOMENTS
from sim.spec.community import GROUPS, PHASES
from sim.spec.patches import prepared
from sim.spec.scenario import Scenario

OF_NEEDS = ("all", "need", "phase", "zone", "layer", "group", "vulnerable", "others")
"""What every outcome over needs is split by."""
_SPLIT: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("all",),
        (
            "unmet_difference_vulnerable wait_p90_difference_vulnerable wait_p90_ratio_vulnerable "
            "unmet_range_buildings left_for_good replaced stayed_away complaints signed_up joined "
            "duplicate_visits trust_end anxiety_end compliance_end searches rumours injuries found_share "
            "false_alarms missed_alarms preparation_cost total_cost attack_difference_vulnerable illnesses "
            "infectious_peak infectious_peak_h infections_outside last_outside_h found_delay_mean_h "
            "found_delay_p50_h buildings_infected worst_building_share"
        ),
    ),
    (
        ("all", "unit"),
        (
            "utilisation travel_share on_duty_h overtime_h cost wasted_visits blocked_share strain_mean "
            "strained_out_share infections_of_responders attack_share_of_responders"
        ),
    ),
    (("all", "unit", "phase", "unit_in_phase"), "strain_at_work"),
    (("all", "actor"), "answer_h given_share"),
    (("all", "detector"), "alarms"),
    (("detector",), "alarm_after_h"),
    (("all", "group", "vulnerable", "others"), "attack_share"),
    (("all", "layer"), "infections"),
    (("all", "met_by"), "informal_share"),
    (("all", "need"), "revisits residual_met_share"),
    (("all", "need", "group"), "deprivation_cost"),
    (("all", "outage"), "outage_h"),
    (("all", "step"), "steps_done_share steps_late_share step_takes_h"),
    (
        ("site", "class"),
        (
            "visitors visitors_served served_share no_show_share missed_share gave_up_share stay_mean_h stay_p50_h "
            "stay_p90_h first_served_h last_served_h"
        ),
    ),
    (("site",), "tubes"),
    (("station",), "station_utilisation station_queue_mean station_queue_max station_wait_mean_h"),
    (("desk",), "queue_mean queue_max"),
    (("item",), "fill_rate stock_out_share goods_cost days_of_cover"),
    (("moment",), "moment_h"),
    (("phase",), "phase_h"),
    (("source",), "strain_by_source"),
)
SPLIT_BY: Mapping[str, tuple[str, ...]] = {name: by for by, names in _SPLIT for name in names.split()}
"""What each outcome over units, sites, stock, … is split by; "all" where there is one of everything."""


def split_by(outcome: str) -> tuple[str, ...] | None:
    """Return what an outcome can be split by; None for one of a plug-in, which nobody knows beforehand."""
    return OF_NEEDS if outcome in NEED_OUTCOMES else SPLIT_BY.get(outcome)


def stated(scenario: Scenario) -> Mapping[str, Collection[str]]:
    """Return the names of the parts that a scenario states, by what is split; nothing for what it does not tell."""
    now = prepared(scenario)
    world, response = now.world, now.response
    found: dict[str, Collection[str]] = {
        "all": ("all",),
        "vulnerable": ("vulnerable",),
        "others": ("others",),
        "group": GROUPS,
        "phase": PHASES,
        "met_by": INFORMAL,
        "moment": MOMENTS,
        "need": tuple(world.needs),
        "unit": tuple(response.organisation.units),
        "desk": tuple(response.all_desks()),
        "item": response.all_items(),
        "site": tuple(response.sites),
        "class": tuple(f"{name}.{kind}" for name, site in response.sites.items() for kind in site.classes),
        "station": tuple(f"{name}.{station}" for name, site in response.sites.items() for station in site.stations),
        "detector": tuple(response.early_warning),
        "step": tuple(response.plan.card.steps) if response.plan is not None else (),
    }
    if world.community.table is None:
        found["zone"] = world.community.zones
    return found
