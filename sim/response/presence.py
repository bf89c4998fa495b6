"""Who comes to a shift: whom the gates let in, who turns up, who has rested, and who gets what a night there takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.response.responders import Team
from sim.spec.hazards import Lockdown

if TYPE_CHECKING:
    from sim.response.roster import Roster


class Presence:
    """Decide who of those rostered comes."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.model = roster.model
        self.clock = roster.clock
        self.closures = [h for h in roster.model.world.hazards.values() if isinstance(h, Lockdown)]

    def comes(self, team: Team, index: int, day: int, number: int) -> bool:
        """Tell whether somebody comes to a shift: the gates may be closed to them, or they do not turn up."""
        now = self.clock.now
        person = team.people[index]
        if person.away_until > now or not person.employed:
            return False
        if team.spec.home == "outside" and not team.spec.remote and not _stays_inside(team, index):
            for closure in self.closures:
                if closure.begins <= now and (closure.ends is None or now < closure.ends):
                    return False
        if self.model.strains is not None and self.model.strains.stays_away(person, day, number):
            self.model.tell("stayed_away", str(person.number), team.name)
            return False
        if self.roster.coming.refuses(person, day, number):
            return False
        share = team.spec.attendance + self.model.care.comes_more(person)
        return share >= 1 or self.model.chance.one(f"attendance.{team.name}", index, day, number) < share

    def rested(self, team: Team, here: list[int], end_h: float) -> list[int]:
        """Return who has rested since the last shift; the others come when they have."""
        rest, now, rested = team.spec.rest or 0.0, self.clock.now, []
        for index in here:
            person = team.people[index]
            ready_h = (now if person.on_duty else person.left_h) + rest
            if ready_h <= now:
                rested.append(index)
            elif ready_h < end_h:
                self.clock.call_at(ready_h, self.roster.comes_late, (team, index, end_h))
        return rested

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
