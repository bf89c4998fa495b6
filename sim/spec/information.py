"""What residents are told: channels with reach and delay, one voice or several, and rumours where nobody speaks."""

from __future__ import annotations

from typing import Annotated

from pydantic import model_validator

from sim.errors import nearest
from sim.spec.base import (
    FrozenMap,
    Integer,
    Interval,
    Name,
    Share,
    Spec,
    YesNo,
    between,
    non_empty,
    refuse,
)
from sim.spec.community import GROUPS
from sim.spec.distributions import Duration


class Channel(Spec):
    """A way to reach residents: a poster, a group chat, a loudspeaker, a call."""

    reach: Share
    """Share of residents who ever take notice of one message here."""
    reach_by_group: FrozenMap[Share] = FrozenMap()
    """The share of a vulnerability group, where it differs; of several groups the lowest."""
    delay: Duration | None = None
    """From posting until somebody takes notice."""
    depends_on: Name | None = None
    """An outage during which it is silent, such as power or communications."""

    @model_validator(mode="after")
    def _groups(self) -> Channel:
        for group in self.reach_by_group:
            if group not in GROUPS:
                raise refuse(f"reach_by_group: {group!r} is no vulnerability group{nearest(group, GROUPS)}")
        return self


class Rumours(Spec):
    """What is said while nobody speaks: it reaches residents, and who has no official word since believes it."""

    after: Interval
    """So long after the last official word (or the activation) a rumour begins."""
    reach: Share
    delay: Duration
    """From its beginning until somebody hears it."""


class Information(Spec):
    """The channels, and who may speak."""

    channels: FrozenMap[Channel]
    one_voice: YesNo = False
    """Every notice is approved by the commander first, which takes a decision."""
    contradicts: Share = 0.0
    """Without one voice, the share of notices which contradict another and begin a rumour."""
    rumours: Rumours | None = None


class Online(Spec):
    """A service platform: residents with a device order there, and couriers bring it, past the desk."""

    needs: Annotated[tuple[Name, ...], non_empty("need type")]
    share: Share
    """Share of requests by residents who are not offline that are made here."""
    couriers: Annotated[Integer, between(1, 100_000, "at least one courier")]
    takes: Duration
    """A courier's time for one order."""
    depends_on: Name | None = None
    """An outage during which nobody can order here."""
