"""What residents may need: how often, how urgent, who can help, how long it takes and how long they wait."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from sim.errors import nearest
from sim.spec.attitudes import STATES
from sim.spec.base import (
    Count,
    FrozenMap,
    Integer,
    Interval,
    Name,
    NonNegative,
    PositiveHours,
    Share,
    Spec,
    Urgency,
    YesNo,
    between,
    refuse,
)
from sim.spec.community import GROUPS, PHASES, known_groups
from sim.spec.distributions import Duration

Layer = Literal["basic", "community", "focused", "specialised"]
"""Layers of the pyramid of psychosocial needs: security and daily needs, support of family and neighbours, help by
trained people who are no specialists, and specialists (Inter-Agency Standing Committee 2007). Few need the top."""
LAYERS: tuple[Layer, ...] = ("basic", "community", "focused", "specialised")


class Sessions(Spec):
    """A need that takes several visits, one every so often: a case, kept by the worker who opened it."""

    count: Annotated[Integer, between(2, 1000, "between 2 and 1000 sessions")]
    every: PositiveHours


class Referral(Spec):
    """When the response passes a need on to an outside service, and how long that takes to begin."""

    after: PositiveHours | None = None
    """Refer a request still waiting after this long."""
    on_visit: Share = 0.0
    """Share of first visits which find that the need is one for somebody else."""
    delay: Duration | None = None
    """From referral to the start of the outside service."""
    to: Name | None = None
    """The outside service, under ``response.outside``: its own delay, crews and way in take the place of ``delay``."""
    through: Name | None = None
    """The unit that has to make the call; without it, whoever refers calls directly."""
    call: Duration | None = None
    """How long the call takes somebody of that unit."""

    @model_validator(mode="after")
    def _some(self) -> Referral:
        if (self.delay is None) == (self.to is None):
            raise refuse("one of 'delay' and 'to' is wanted; found " + ("neither" if self.to is None else "both"))
        if self.through is not None and (self.to is None or self.call is None):
            raise refuse("'through' needs 'to' (who is called) and 'call' (how long that takes)")
        if self.after is None and self.on_visit == 0:
            raise refuse("'after' or 'on_visit' is wanted; found neither")
        return self


class Informed(Spec):
    """Health literacy: who has heard how can do more about a need at home."""

    topic: Name
    """The topic of notices that tells how."""
    household: Share
    """Added to the share of needs that can be met at home, for who has heard of it: others there, or the resident."""


class SelfHelp(Spec):
    """What people at home and next door can do about a need, where the world says who helps (``mutual_help``)."""

    household: Share = 0.0
    """Share of needs that somebody else at home could meet."""
    informed: Informed | None = None
    neighbours: Share = 0.0
    """Share of the others that a neighbour could meet."""


class Unskilled(Spec):
    """Somebody without the skill can do it too, slower and worse."""

    slower: Annotated[NonNegative, between(1, 100, "a factor of at least 1")] = 1.5
    """A visit takes so many times as long."""
    errors: Share = 0.0
    """Share of such visits that go wrong."""


class Stigma(Spec):
    """Shame keeps some from asking for a time, unless they have heard that nobody need be ashamed."""

    share: Share
    delay: Duration
    campaign: Name | None = None
    """The topic that ends it."""


class LeadsTo(Spec):
    """A need that another leads to."""

    share: Share
    after: Literal["met", "abandoned", "closed"] = "closed"
    """How the first need ended."""
    delay: Duration
    """From that end to the onset."""
    relapse: YesNo = False
    """It is the same trouble again; and not if a need like the first is served meanwhile."""


class Clients(Spec):
    """Standing clients: each resident of a group has the need every so often."""

    group: Name
    every: Interval
    share: Share = 1.0
    """Share of the group who are clients."""


class Deprivation(Spec):
    """What waiting for it costs the resident: ``cost`` × (2^(wait ÷ doubles) − 1), from onset to start."""

    cost: NonNegative
    """In the currency of the scenario: what a wait of one doubling time costs."""
    doubles: PositiveHours
    by_group: FrozenMap[NonNegative] = FrozenMap()
    """Factors on what waiting costs residents in a vulnerability group; of several groups they multiply."""

    @model_validator(mode="after")
    def _groups(self) -> Deprivation:
        known_groups("by_group", self.by_group)
        return self


class Rate(Spec):
    """The part of a need that an inject may change: how often it arises."""

    per_1000_day: NonNegative | None = None
    """Rate a day per 1,000 residents, of a resident in none of the groups of ``rate_by_group``."""
    per_hour: NonNegative | None = None
    """Rate an hour of the whole community."""
    clients: Clients | None = None
    """In place of a rate: appointments of standing clients."""
    rate_by_group: FrozenMap[NonNegative] = FrozenMap()
    """Factors on the rate of residents in a vulnerability group; of several groups they multiply."""
    by_phase: FrozenMap[NonNegative] = FrozenMap()
    """Factors on the rate by phase of the life cycle; 1 where not named."""

    @model_validator(mode="after")
    def _rate(self) -> Rate:
        stated = [key for key in ("per_1000_day", "per_hour", "clients") if getattr(self, key) is not None]
        if len(stated) != 1:
            raise refuse(
                "one of per_1000_day, per_hour and clients is wanted; found " + (" and ".join(stated) or "none")
            )
        if self.clients is not None and self.clients.group not in GROUPS:
            raise refuse(
                f"clients: {self.clients.group!r} is no vulnerability group{nearest(self.clients.group, GROUPS)}"
            )
        for group in self.rate_by_group:
            if group not in GROUPS:
                raise refuse(f"rate_by_group: {group!r} is no vulnerability group{nearest(group, GROUPS)}")
        for phase in self.by_phase:
            if phase not in PHASES:
                raise refuse(f"by_phase: {phase!r} is no phase{nearest(phase, PHASES)}")
        return self


class Need(Rate):
    """One need type."""

    urgency: Urgency
    """1 (most) to 4."""
    skill: Name | None = None
    """What a responder must be able to do; without it anyone can help."""
    certified: YesNo = False
    """Only somebody whose skill is certified is sent."""
    without_skill: Unskilled | None = None
    """Without it, who lacks the skill finds out at the door and leaves."""
    asks_elsewhere_after: PositiveHours | None = None
    """Who has waited so long asks at another desk too, where one takes such requests (``also``)."""
    service: Duration
    """Length of one visit from its start."""
    deprivation: Deprivation | None = None
    reporting_delay: Duration | None = None
    """From onset to request; without it residents ask at once."""
    reported: Share = 1.0
    """Share of needs that are ever asked for; the others stay open, known to nobody."""
    patience: Duration | None = None
    """From request until the resident gives up, if no visit has started."""
    target: PositiveHours | None = None
    """The wait that is promised."""
    items: FrozenMap[Count] = FrozenMap()
    """What one visit consumes."""
    sessions: Sessions | None = None
    again: Annotated[Share, between(0, 0.99, "a share of at most 0.99")] = 0.0
    """Share of visits after which the need is not met and asks again at once, at the end of the queue."""
    escalate_after: PositiveHours | None = None
    """A request that waits this long is escalated: after a decision its urgency is one higher."""
    referral: Referral | None = None
    if_unaware: Name | None = None
    """It arises only for residents who have not heard of this topic."""
    if_rumour: YesNo = False
    """It arises only for residents who have heard a rumour and no official word since."""
    asked_at_door: tuple[Name, ...] = ()
    """Residents in these vulnerability groups cannot ask by themselves: somebody has to come to the door."""
    layer: Layer | None = None
    """Its layer of the pyramid of psychosocial needs: outcomes are shown by layer, and nothing else follows from it."""
    dispute_with: Literal["neighbours", "household", "nobody"] | None = None
    """It is a dispute with somebody next door, or at home: a visit mediates and takes the time of both, and how it ends
    moves the trust of both (``settled``, ``unsettled``) and their tie. ``nobody``: there is no other."""
    by_phone: YesNo = False
    """It is met on the telephone: nobody travels."""
    self_help: SelfHelp | None = None
    more_with: FrozenMap[NonNegative] = FrozenMap()
    """Its rate rises with a resident's state: it is multiplied by 1 + this × the state, such as {anxiety: 2}."""
    stigma: Stigma | None = None
    leads_to: FrozenMap[LeadsTo] = FrozenMap()
    """Need types that it leads to."""
    calms: Share = 0.0
    """Share of a resident's anxiety that it takes away when it is met by a responder."""
    weight: NonNegative | None = None
    """Weight of an hour's wait under the triage rule weighted_wait; without it 5 − urgency."""

    @model_validator(mode="after")
    def _one_kind(self) -> Need:
        for state in self.more_with:
            if state not in STATES:
                raise refuse(f"more_with: {state!r} is no state of residents{nearest(state, STATES)}")
        for group in self.asked_at_door:
            if group not in GROUPS:
                raise refuse(f"asked_at_door: {group!r} is no vulnerability group{nearest(group, GROUPS)}")
        more = [key for key in ("sessions", "again", "referral", "items") if getattr(self, key)]
        if self.asks_elsewhere_after is not None and more:
            raise refuse(f"'asks_elsewhere_after' is for needs that one visit meets, without goods; found {more[0]!r}")
        rates = [key for key in ("rate_by_group", "by_phase", "more_with") if getattr(self, key)]
        if self.clients is not None and rates:
            raise refuse(f"clients have appointments, which {rates[0]!r} cannot change")
        if self.dispute_with is not None and (self.sessions is not None or self.asks_elsewhere_after is not None):
            raise refuse("'dispute_with' is for needs of one desk, without 'sessions' and 'asks_elsewhere_after'")
        if self.certified and self.skill is None:
            raise refuse("'certified' needs a 'skill'")
        if self.without_skill is not None and self.skill is None:
            raise refuse("'without_skill' needs a 'skill'")
        if self.sessions is not None and self.again > 0:
            raise refuse("either 'sessions' or 'again' is wanted; found both")
        return self
