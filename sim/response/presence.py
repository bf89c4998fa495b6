"""Who comes to a shift: whom the gates let in, who turns up, who has rested, and who gets what a night there takes."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING

from sim.response.responders import Responder, Team
from sim.spec.hazards import Lockdown
from sim.spec.organisation import WEEKDAYS, Shift

if TYPE_CHECKING:
    from sim.response.roster import Roster

AFTER_SHIFTS = 4
"""The place of what happens once the shifts of a moment have begun, among what happens at one time."""


class Presence:
    """Decide who of those rostered comes."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.model = roster.model
        self.clock = roster.clock
        self.closures = [h for h in roster.model.world.hazards.values() if isinstance(h, Lockdown)]
        self.trainees: dict[str, list[Team]] = {}
        """The teams whose people work only beside those of a unit, by its name."""
        for team in roster.model.teams.values():
            if team.spec.supervised is not None:
                self.trainees.setdefault(team.spec.supervised.by, []).append(team)

    def comes(self, team: Team, index: int, day: int, number: int) -> bool:
        """Tell whether somebody comes to a shift: they may be elsewhere, kept out, unwilling, or not turn up."""
        person, model = team.people[index], self.model
        at_home = team.spec.call_up is not None and person.here_until <= self.clock.now
        if at_home or not self._free_to_come(person):
            hazards = model.local_hazards
            if hazards is not None and not at_home and team.spec.shift is not None and hazards.keeps_away(person):
                hazards.kept[person] = day, number
            return False
        if model.strains is not None and model.strains.stays_away(person, day, number):
            model.tell("stayed_away", str(person.number), team.name)
            return False
        why = "refused_shift" if self.roster.coming.refuses(person, day, number) else None
        share = team.spec.attendance + model.care.comes_more(person)
        if why is None and share < 1 and model.chance.one(f"attendance.{team.name}", index, day, number) >= share:
            why = "no_show"
        if why is not None and team.spec.shift is not None:
            model.tell(why, str(person.number), team.name)
        return why is None

    def lets_in(self, person: Responder) -> bool:
        """Tell whether gates and money let somebody in, and whether a trainee is looked after."""
        return not self._kept_out(person) and bool(self.looked_after(person.team, [person.index]))

    def can_come(self, person: Responder, until_h: float | None = None) -> bool:
        """Tell whether nothing keeps somebody out who comes by themselves, and not with a shift that begins."""
        return self._free_to_come(person) and bool(self.looked_after(person.team, [person.index], until_h))

    def _free_to_come(self, person: Responder) -> bool:
        away = person.away_until > self.clock.now or not person.employed
        return not away and not self._kept_out(person)

    def here_by(self, person: Responder, time_h: float) -> bool:
        """Tell whether somebody is one of those who work here now, and is not away at a time.

        Who was called up is at home again after the stint; a unit from outside has to arrive first.
        """
        called = person.team.spec.call_up is None or person.on_duty or person.here_until > self.clock.now
        return person.employed and called and not person.team.awaited and person.away_until <= time_h

    def _kept_out(self, person: Responder) -> bool:
        """Tell whether the gates are closed to somebody, or there is no money for them."""
        now, team = self.clock.now, person.team
        if self.model.local_hazards is not None and self.model.local_hazards.keeps_away(person):
            return True
        if self.model.funds is not None and not self.model.funds.can_pay(team):
            self.model.tell("not_paid", team.name)
            if person.duty or self.here_by(person, inf):
                self.model.care.happen(person, "insecure")
            return True
        if team.spec.home != "outside" or team.spec.remote or _stays_inside(team, person.index):
            return False
        return any(shut.begins <= now and (shut.ends is None or now < shut.ends) for shut in self.closures)

    def of_shift(self, team: Team, day: int, number: int, begin_h: float, end_h: float) -> list[int]:
        """Return who comes to a shift, of those on the roster and those who have joined since."""
        shifts = team.spec.shift
        assert shifts is not None
        if not self.works_on(team, begin_h):
            return []
        indices = [team.holder(place) for place in rostered(shifts, team.spec.count)[number]]
        indices += [
            person.index
            for person in team.people[team.spec.count :]
            if person.resident is not None and person.employed and person.index % len(shifts) == number
        ]
        here = [index for index in indices if self.comes(team, index, day, number)]
        return self.looked_after(team, here, end_h)

    def looked_after(self, team: Team, indices: list[int], until_h: float | None = None) -> list[int]:
        """Return who of those at the gate may begin: trainees only as far as somebody on duty can look after them.

        With ``until_h``, the others wait for one more of those who do, as long as that.
        """
        supervised, now = team.spec.supervised, self.clock.now
        if supervised is None:
            return indices
        here = {person.index for person in team.people if person.on_duty and person.rostered_until > now}
        room = supervised.ratio * self.model.teams[supervised.by].on_duty - len(here)
        begin = []
        for index in indices:
            if index in here:
                begin.append(index)
            elif room > 0:
                begin.append(index)
                room -= 1
            else:
                self._alone(team.people[index], until_h)
        return begin

    def _alone(self, person: Responder, until_h: float | None) -> None:
        """Let a trainee wait until somebody else comes who may look after them."""
        team, supervised = person.team, person.team.spec.supervised
        assert supervised is not None
        self.model.tell("not_looked_after", str(person.number), team.name)
        if until_h is not None:
            self.model.teams[supervised.by].listeners.append(lambda _: self._somebody_came(person, until_h))

    def _somebody_came(self, person: Responder, until_h: float) -> None:
        if not person.on_duty and self.clock.now < until_h and self.can_come(person, until_h):
            self.roster.come_until(person, until_h)

    def left_alone(self, team: Team) -> None:
        """Look, once who comes at this moment has come, whether somebody is left who looks after the trainees."""
        if team.name in self.trainees:
            self.clock.call_at(self.clock.now, self._look_after, team, AFTER_SHIFTS)

    def _look_after(self, team: Team) -> None:
        """Send trainees home for whom nobody is left to look after them, when the work in hand is done."""
        for other in self.trainees[team.name]:
            supervised = other.spec.supervised
            assert supervised is not None
            here = [person for person in other.people if person.on_duty and person.rostered_until > self.clock.now]
            for person in here[supervised.ratio * team.on_duty :]:
                until_h, person.rostered_until = person.rostered_until, self.clock.now
                self.roster.go_off_duty(person)
                self._alone(person, until_h)

    def works_on(self, team: Team, time_h: float) -> bool:
        """Tell whether a team works its shifts on the day of a time."""
        if team.spec.days is None:
            return True
        start = datetime.fromisoformat(self.model.spec.start)
        return WEEKDAYS[(start + timedelta(hours=time_h)).weekday()] in team.spec.days

    def in_time(self, team: Team, here: list[int], day: int, end_h: float) -> list[int]:
        """Return who begins with the shift; those who have not rested, or are late, come afterwards."""
        rest, late = team.spec.rest, team.spec.late
        if rest is None and late is None:
            return here
        now, chance = self.clock.now, self.model.chance
        in_time = []
        for index in here:
            person, ready_h = team.people[index], now
            if rest is not None and person.on_duty:
                person.next_shift_ends = end_h
                continue
            if rest is not None:
                ready_h = max(person.left_h + rest, now)
            if late is not None and not person.on_duty and chance.one(f"late.{team.name}", index, day) < late.share:
                late_h = now + late.by.at(chance.one(f"late.by.{team.name}", index, day))
                if late_h > now:
                    self.model.tell("late", str(person.number), team.name)
                ready_h = max(ready_h, late_h)
            if ready_h <= now:
                in_time.append(index)
            elif ready_h < end_h:
                self.clock.call_at(ready_h, self.roster.comes_late, (team, index, end_h))
        return in_time

    def at_hand(self, people: list[Responder], end_h: float) -> list[Responder]:
        """Return who of those that come is not busy at home or next door; the others come when that is done."""
        homes = self.model.homes
        for person in people if homes.busy else ():
            if person.resident is not None and person.resident in homes.busy:
                homes.when_free(person.resident, self.roster.comes_late, (person.team, person.index, end_h))
        return [person for person in people if person.resident not in homes.busy]

    def rest(self, person: Responder) -> None:
        """Let somebody who has worked into a shift of their own begin it when they are rested."""
        end_h, rest = person.next_shift_ends, person.team.spec.rest
        person.next_shift_ends = None
        if end_h is not None and rest is not None and self.clock.now + rest < end_h:
            turn = person.team, person.index, end_h
            self.clock.call_later(rest, self.roster.comes_late, turn)

    def provided(self, team: Team) -> bool:
        """Take what somebody needs who stays over; without it they do not come."""
        if self.model.stores.draw(team.spec.provisions, "provisions"):
            return True
        self.model.tell("no_provisions", team.name)
        return False


def _stays_inside(team: Team, index: int) -> bool:
    """Tell whether a person from outside is one of those inside when the gates close, spread evenly over the team."""
    inside, count = team.spec.inside, team.first_count
    return index < count and (index + 1) * inside // count > index * inside // count


def rostered(shifts: tuple[Shift, ...], count: int) -> list[range]:
    """Return which people work which shift: stated counts in order, the others share who is left."""
    stated = sum(shift.count for shift in shifts if shift.count is not None)
    open_shifts = sum(shift.count is None for shift in shifts)
    left = max(count - stated, 0)
    ranges, begin, seen = [], 0, 0
    for shift in shifts:
        if shift.count is not None:
            size = shift.count
        else:
            size = left // open_shifts + (seen < left % open_shifts)
            seen += 1
        ranges.append(range(min(begin, count), min(begin + size, count)))
        begin += size
    return ranges
