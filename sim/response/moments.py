"""What happens to needs and people, told to whoever wants to know, in the order in which they asked to be told.

A moment that nobody listens to costs a look at an empty list. Listeners are set when the model is built.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sim.response.labour import Job
    from sim.response.responders import Responder


class Moments:
    """Hold the listeners of each moment."""

    def __init__(self) -> None:
        self.visit_ended: list[Callable[[Responder, int, int], None]] = []
        """(responder, need, outcome), before the person is free for the next."""
        self.closed: list[Callable[[int], None]] = []
        """(need), when it has ended."""
        self.shift_begun: list[Callable[[Responder], None]] = []
        self.shift_followed: list[Callable[[Responder], None]] = []
        """(responder), when somebody still at work at the end of a shift is rostered for the next."""
        self.shift_ended: list[Callable[[Responder], None]] = []
        """(responder), when somebody has left."""
        self.left: list[Callable[[Responder], None]] = []
        """(responder), when somebody gives up for good."""
        self.assigned: list[Callable[[Responder, Job], None]] = []
        self.activated: list[Callable[[], None]] = []
        self.topic_posted: list[Callable[[str, int, npt.NDArray[np.float64]], None]] = []
        """(topic, number of the notice, when each resident takes notice; infinite for never)."""
        self.topic_told: list[Callable[[str, list[int]], None]] = []
        """(topic, residents), when somebody tells them at their door."""
        self.phase_entered: list[Callable[[str], None]] = []
