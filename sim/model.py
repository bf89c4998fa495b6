"""The model of one run: builds the world and the response, owns the clock, and checks the books at the end.

Mesa holds the agents; SimPy's clock is the only time. ``step()`` moves the clock to the next look and changes nothing
else. Mechanisms meet here: they are told to each other by the names below, and reach nothing else of one another.
"""

from __future__ import annotations

import gc
from typing import Any

import mesa

from sim.accounts import result_of
from sim.chance import Chance
from sim.clock import Clock
from sim.errors import LawBroken
from sim.laws import check
from sim.records.result import Result
from sim.response.alarms import Alarms
from sim.response.arrivals import plan_arrivals
from sim.response.attitudes import Attitudes
from sim.response.authorities import Authorities
from sim.response.book import Book, State
from sim.response.building_leaders import BuildingLeaders
from sim.response.care import Care
from sim.response.cases import Cases, Referrals
from sim.response.caused import Consequences
from sim.response.changes import Changes
from sim.response.command import Command, Problems
from sim.response.complaints import Complaints
from sim.response.cordon import Cordon
from sim.response.depots import Depots
from sim.response.desk import Desk, build_desks
from sim.response.dwellings import Dwellings
from sim.response.early_warning import EarlyWarning
from sim.response.experts import Experts
from sim.response.funds import Funds
from sim.response.homes import Homes
from sim.response.infections import Infections
from sim.response.information import Knowledge, Platform
from sim.response.isolation import Isolation
from sim.response.kits import Kits
from sim.response.know_how import KnowHow
from sim.response.labour import Labour
from sim.response.local_hazards import LocalHazards, Struck
from sim.response.moments import Moments
from sim.response.mutual_help import MutualHelp
from sim.response.office import Messages, ReportsUp
from sim.response.orders import Orders
from sim.response.outages import Outages
from sim.response.outside import Outside
from sim.response.phases import Phases
from sim.response.plan import EstatePlan
from sim.response.positives import Positives
from sim.response.recovery import Recovery
from sim.response.requests import RequestsToCome
from sim.response.responders import Resident, Responder, Team
from sim.response.roles import Roles
from sim.response.roster import Roster
from sim.response.second_desks import SecondDesks
from sim.response.sites import Site
from sim.response.stores import Stores
from sim.response.strain import Strains
from sim.response.teams import build_teams, ways_in
from sim.response.visits import Visits
from sim.spec.changes import Change
from sim.spec.local_hazards import Local, Poisoning
from sim.spec.patches import changed, prepared
from sim.spec.recovery import during_run
from sim.spec.scenario import Scenario
from sim.spec.tasks import may
from sim.world.caused import with_caused
from sim.world.demand import draw
from sim.world.illness import with_illness
from sim.world.population import populate
from sim.world.rates import Rates
from sim.world.residual import with_residual
from sim.world.struck import with_struck
from sim.world.table import check_table_zones

MECHANISMS = ("sim.response", "sim.clock")
"""The rooms of what is let go of after a run."""


class CrisisModel(mesa.Model):
    """One community, one crisis, one response, one draw of luck."""

    def __init__(self, scenario: Scenario, seed: int = 1, replication: int = 0, look_h: float = 1.0) -> None:
        super().__init__(rng=0)  # Mesa wants a seed; nothing here draws from it
        del self.step  # Mesa replaces step by a wrapper that keeps a time of its own
        self.measures = scenario.response.preparation
        """What was done before the beginning."""
        scenario = prepared(scenario)
        self.spec = scenario
        self.look_h = look_h
        self.chance = Chance(seed, replication)
        self.clock = Clock(0.0)
        self.response = during_run(scenario.response)
        self.world = scenario.world
        self.events: list[tuple[float, str, str, str]] = []
        self.population = populate(scenario.world.community, self.chance)
        if scenario.world.community.table is not None:
            check_table_zones(scenario, self.population)
        self.rates = Rates(scenario, self.population, self.chance)
        demand = draw(scenario, self.population, self.chance, self.rates)
        demand, self.illness_leads = with_illness(scenario, self.population, demand, self.chance)
        demand, struck = with_struck(scenario, self.rates, demand, self.chance)
        demand, causes, parents = with_caused(scenario, demand, self.chance)
        self.demand, causes, self.parents, rests = with_residual(scenario, demand, causes, parents, self.chance)
        self.book = Book(self.demand, self.population, scenario.world.needs, self.chance)
        self.plan = EstatePlan(self.population, self.response.travel)
        self.moments = Moments()
        self.phases = Phases(self, scenario.world.life_cycle)
        self._residents: dict[int, Resident] = {}
        self.people: list[Responder] = []
        self.person_of: dict[int, Responder] = {}
        """The responder that a resident is, for residents known to be one."""
        self.at_desk = self.response.at_desk()
        self.book.listeners = self.moments.closed
        self.consequences = Consequences(self, causes) if causes else None
        self._build_response(struck, rests)

    def _build_response(self, struck: Struck, rests: dict[int, int]) -> None:
        """Make the mechanisms, in an order in which each finds those that it meets when it is made."""
        self.teams = build_teams(self)
        self.roster = Roster(self)
        self.labour = Labour(self)
        self.command = Command(self)
        self.messages = Messages(self)
        self.problems = Problems(self, self.response.plan.review if self.response.plan is not None else None)
        self.homes = Homes(self)
        world, response = self.world, self.response
        self.attitudes = Attitudes(self) if world.attitudes else None
        self.mutual_help = MutualHelp(self, world.mutual_help) if world.mutual_help is not None else None
        self.complaints = Complaints(self, world.complaints) if world.complaints is not None else None
        leaders, reports = response.building_leaders, response.organisation.reports
        self.building_leaders = BuildingLeaders(self, leaders) if leaders is not None else None
        self.outages = Outages(self)
        self.outside = Outside(self)
        self.positives = Positives(self)
        self.cordon = Cordon(self)
        local = any(isinstance(hazard, Local | Poisoning) for hazard in world.hazards.values())
        at_home = local or world.epidemic is not None or response.isolation is not None
        self.dwellings = Dwellings(self) if at_home else None
        self.isolation = Isolation(self, response.isolation) if response.isolation is not None else None
        self.infections = Infections(self, world.epidemic) if world.epidemic is not None else None
        self.local_hazards = LocalHazards(self, struck) if local else None
        self.information = Knowledge(self, response.information) if response.information is not None else None
        self.platform = Platform(self, self.response.online) if self.response.online is not None else None
        self.know_how = KnowHow(self)
        self.authorities = Authorities(self)
        self.roles = Roles(self, response.roles) if response.roles else None
        self.funds = Funds(self, response.funds) if response.funds is not None else None
        # strain hears of events before those who look after people
        self.strains = Strains(self) if world.strain else None
        self.care = Care(self)
        self.kits = Kits(self)
        self.alarms = Alarms(self)
        self.early_warning = EarlyWarning(self)
        self.orders = Orders(self)
        self.depots = Depots(self)
        self.stores = Stores(self)
        self.visits = Visits(self)
        self.cases = Cases(self)
        self.referrals = Referrals(self)
        self.reports = ReportsUp(self, reports) if reports is not None else None
        self.desks, self.desk_numbers = build_desks(self)
        self.second_desks = SecondDesks(self)
        self.experts = Experts(self, response.experts) if response.experts is not None else None
        self.incoming = ways_in(self)
        self.sites = {
            name: Site(self, number, name, spec) for number, (name, spec) in enumerate(self.response.sites.items())
        }
        self.changes = Changes(self)
        self.recovery = Recovery(self, rests)
        self.requests = RequestsToCome(self)

    # -- Mesa's names -----------------------------------------------------------------------------------------------

    @property
    def time(self) -> float:
        """Hours since the start: the clock's."""
        return float(self.clock.now)

    @time.setter
    def time(self, value: float) -> None:
        """Ignore Mesa, which sets a time of its own when a model is made."""

    def step(self) -> None:
        """Move the clock to the next look; looking changes nothing."""
        if self.steps == 0:
            self._begin()
        self.steps += 1
        end = self.spec.end_h
        self.clock.run(until=min(self.steps * self.look_h, end)) if self.clock.now < end else None
        self.running = self.clock.now < end

    @property
    def phase(self) -> str | None:
        """The phase of the crisis now; None where there are none."""
        return self.phases.now

    def resident(self, row: int) -> Resident:
        """Return the agent of a resident."""
        if row not in self._residents:
            self._residents[row] = Resident(self, row)
        return self._residents[row]

    def desk_of(self, need: int) -> Desk:
        """Return the desk that a need's requests go to."""
        zone = self.population.building_zone[self.book.building[need]]
        return self.desks[self.desk_numbers[self.book.need_type[need], zone]]

    # -- running ----------------------------------------------------------------------------------------------------

    def run(self) -> Result:
        """Run to the end and return what happened."""
        try:
            self.look_h = min(self.spec.end_h, self.look_h)
            while self.running:
                self.step()
            return self.finish()
        finally:
            self.release()

    def _begin(self) -> None:
        """Set everything going at t = 0."""
        gc.freeze()  # what is built stays: the collector need not walk it in the loop
        self.phases.begin()
        self.authorities.begin()
        if self.roles is not None:
            self.roles.begin()
        if self.funds is not None:
            self.funds.begin()
        self.depots.begin()
        self.care.begin()
        self.roster.begin()
        self.changes.begin()
        self.referrals.begin()
        self.outages.begin()
        if self.local_hazards is not None:
            self.local_hazards.begin()
        self.alarms.begin()
        self.early_warning.begin()
        if self.infections is not None:
            self.infections.begin()
        if self.platform is not None:
            self.platform.begin()
        if self.building_leaders is not None:
            self.building_leaders.begin()
        if self.experts is not None:
            self.experts.begin()
        for way_in in self.incoming:
            way_in.begin()
        self.orders.begin()
        for site in self.sites.values():
            site.begin()
            plan_arrivals(self, site)
        self.requests.begin()

    def apply(self, change: Change) -> None:
        """Change the response while the clock runs; checked when the scenario was read."""
        before = self.response
        after = changed(self.spec.model_copy(update={"response": before}), "response", change).response
        self.response = after
        self.messages.adopt()
        for name, team in self.teams.items():
            unit = after.organisation.units[name]
            was = before.organisation.units[name].count
            team.spec = unit
            if unit.count > was:
                self.roster.hire(team, range(was, unit.count))
            for index in range(unit.count, was):
                self.roster.dismiss(team.people[team.holder(index)])
        for desk in self.desks:
            spec = after.all_desks()[desk.name].model_copy(update={"units": desk.written.units})
            if spec != desk.written:
                desk.adopt(spec)
        if after.supplies != before.supplies:
            self.depots.adopt()
        for name, site in self.sites.items():
            if after.sites[name] != before.sites[name]:
                site.adopt(after.sites[name])
        self.tell("change", change.note or ", ".join(change.set))

    def resume(self, need: int) -> None:
        """Go on with a request that was parked: with its own worker, or through its desk."""
        owner = self.cases.owner.get(need)
        if owner is None:
            self.desk_of(need).offer(need)
        else:
            self.book.state[need] = int(State.BETWEEN)
            self.cases.due(need)

    def permitted(self, team: Team, *names: str) -> bool:
        """Tell whether people of a team may do what goes by one of these names."""
        return may(self.response, team.spec, *names)

    def away_at_work(self, resident: int) -> bool:
        """Tell whether a resident is on duty as a responder now."""
        person = self.person_of.get(resident)
        return person is not None and person.on_duty

    def tell(self, kind: str, subject: str, detail: object = "") -> None:
        """Write an event into the log."""
        self.events.append((self.clock.now, kind, subject, str(detail)))

    def stood_down(self) -> None:
        """Open the gates: the cordon is lifted, the sites of the closure are left, and precedents hold no more."""
        self.cordon.lift(range(len(self.population.building_names)))
        if self.roles is not None:
            self.roles.stood_down()
        for site in self.sites.values():
            if site.rounds is None and (site.built_by_card or site.spec.only_closed):
                site.leave_posts()

    # -- ending -----------------------------------------------------------------------------------------------------

    def finish(self) -> Result:
        """Close the books, check the conservation laws, and return the result."""
        end = self.spec.end_h
        if self.clock.now < end:
            raise LawBroken(f"the run was ended at {self.clock.now} h, before its end at {end} h")
        for desk in self.desks:
            if desk.office is None:
                self.book.taken_in_at_once(desk.needs, end)
        if self.infections is not None:
            self.infections.pass_time()
        self.visits.unfinished()
        self.book.sweep(end)
        self.roster.finish()
        if self.strains is not None:
            self.strains.finish()
        if self.attitudes is not None:
            self.attitudes.finish()
        if self.funds is not None:
            self.funds.finish()
        for site in self.sites.values():
            site.finish()
        if self.platform is not None:
            self.platform.finish()
        result = result_of(self)
        check(result, self)
        return result

    def release(self) -> None:
        """Let go of everything that would keep the model alive after its run."""
        gc.unfreeze()
        ids: Any = getattr(mesa.Agent, "_ids", None)
        if ids is not None:  # Mesa 3.3 counts ids in a class attribute that holds every model for ever
            ids.pop(self, None)
        for part in list(self.__dict__.values()):  # they know the model and it knows them: only the collector would
            several = part.values() if isinstance(part, dict) else part if isinstance(part, list) else (part,)
            for mechanism in several:
                if type(mechanism).__module__.startswith(MECHANISMS):
                    getattr(mechanism, "__dict__", {}).clear()
        self.__dict__.clear()
