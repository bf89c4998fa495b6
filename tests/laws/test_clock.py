"""Law 1, one clock: `sim.clock.Clock` does what `simpy.Environment` does, and its bare callbacks
and feeds fall exactly where SimPy's own events would.
"""

from __future__ import annotations

import math
import random
import re
from array import array
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy.core import EmptySchedule, StopSimulation
from simpy.events import NORMAL, URGENT, EventPriority

from sim.clock import Clock

pytestmark = pytest.mark.filterwarnings("error")
as_4_1_2 = pytest.mark.skipif(
    tuple(map(int, simpy.__version__.split(".")[:3])) < (4, 1, 2),
    reason="SimPy before 4.1.2 loses the callbacks that a stop cuts off; Clock keeps them",
)
many = settings(derandomize=True, max_examples=400, deadline=None)

Trace = list[tuple[Any, ...]]
GRID = (0.0, 0.0, 0.25, 0.5, 0.5, 1.0, 1.75)  # coarse and exact in binary: ties are the rule


def plain(value: Any) -> Any:
    """A value without addresses, so that two environments can be compared."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, simpy.events.ConditionValue):
        return [plain(v) for v in value.todict().values()]
    if isinstance(value, BaseException):
        text = [re.sub(r"0x[0-9a-f]+", "0x", str(a)) for a in value.args]
        return type(value).__name__, text, plain(value.__cause__)
    return re.sub(r"0x[0-9a-f]+", "0x", repr(value))


CRASHES = (
    *(RuntimeError, ArithmeticError, LookupError, ValueError, TypeError, AttributeError),
    *(EmptySchedule, StopSimulation),
)


class Town:
    """A random model: processes that follow scripts of (operation, time, number) and share a
    priority resource, a preemptive one, a container, a store and a few events.
    """

    def __init__(self, env: simpy.Environment, scripts: list[list[tuple[str, float, int]]]) -> None:
        self.env, self.trace = env, Trace()
        self.team = simpy.PriorityResource(env, capacity=2)
        self.bed = simpy.PreemptiveResource(env, capacity=1)
        self.stock = simpy.Container(env, capacity=5, init=2)
        self.mail = simpy.Store(env, capacity=2)
        self.flags = [env.event() for _ in range(4)]
        for i, flag in enumerate(self.flags):
            flag.callbacks.append(partial(self.processed, f"flag{i}"))
        self.people: list[simpy.Process] = []
        for script in scripts:
            self.start(script)

    def start(self, script: list[tuple[str, float, int]]) -> simpy.Process:
        person = self.env.process(self.live(f"p{len(self.people)}", script))
        self.people.append(person)
        return person

    def processed(self, who: str, event: simpy.Event) -> None:
        self.note(who, "processed", event.value)

    def note(self, who: str, what: str, value: Any = None) -> None:
        self.trace.append((self.env.now, who, what, plain(value)))

    def live(self, who: str, script: list[tuple[str, float, int]]) -> Generator[Any, Any, str]:
        for i, (operation, delay, n) in enumerate(script):
            try:
                value = yield from getattr(self, operation)(delay, n, script[i + 1 :])
                self.note(who, operation, value)
            except simpy.Interrupt as interrupt:
                self.note(who, f"{operation} interrupted", type(interrupt.cause).__name__)
            except ArithmeticError as error:  # a failed flag; a RuntimeError is let through
                self.note(who, f"{operation} failed", error)
        return who

    # the operations: each takes a time, a number and the rest of the script

    def wait(self, delay: float, n: int, _: Any) -> Generator[Any, Any, Any]:
        return (yield self.env.timeout(delay, n))

    def serve(self, delay: float, n: int, _: Any) -> Generator[Any, Any, None]:
        with self.team.request(priority=n) as request:
            yield request
            yield self.env.timeout(delay)

    def lose_patience(self, delay: float, n: int, _: Any) -> Generator[Any, Any, Any]:
        with self.team.request(priority=n) as request:
            return (yield request | self.env.timeout(delay, "late"))

    def lie(self, delay: float, n: int, _: Any) -> Generator[Any, Any, None]:
        with self.bed.request(priority=n, preempt=bool(n % 2)) as request:
            yield request
            yield self.env.timeout(delay)

    def give(self, delay: float, n: int, _: Any) -> Generator[Any, Any, Any]:
        return (yield self.stock.put(n + 1) | self.env.timeout(delay, "full"))

    def take(self, delay: float, n: int, _: Any) -> Generator[Any, Any, Any]:
        return (yield self.stock.get(n + 1) | self.env.timeout(delay, "empty"))

    def send(self, _: float, n: int, __: Any) -> Generator[Any, Any, Any]:
        return (yield self.mail.put(n))

    def read(self, delay: float, _: int, __: Any) -> Generator[Any, Any, Any]:
        return (yield self.mail.get() | self.env.timeout(delay))

    def all_of(self, delay: float, n: int, _: Any) -> Generator[Any, Any, Any]:
        parts = [self.env.timeout(delay, "a"), self.env.timeout(n / 2, "b"), self.flags[n]]
        return (yield self.env.all_of(parts[: 2 + n % 2]))

    def any_of(self, delay: float, n: int, _: Any) -> Generator[Any, Any, Any]:
        return (yield self.env.any_of([self.env.timeout(delay, "t"), self.flags[n]]))

    def await_flag(self, _: float, n: int, __: Any) -> Generator[Any, Any, Any]:
        return (yield self.flags[n])

    def succeed(self, delay: float, n: int, _: Any) -> Generator[Any, Any, None]:
        yield self.env.timeout(delay)
        if not self.flags[n].triggered:
            self.flags[n].succeed(n)

    def fail(self, delay: float, n: int, _: Any) -> Generator[Any, Any, None]:
        yield self.env.timeout(delay)
        if not self.flags[n].triggered:
            self.flags[n].fail(ArithmeticError(n))
            if n == 3:  # in silence; the others crash the run unless somebody awaits them
                self.flags[n].defused = True

    def chain(self, delay: float, n: int, _: Any) -> Generator[Any, Any, None]:
        follower = self.env.event()
        follower.callbacks.append(partial(self.processed, "follower"))
        (self.env.timeout(delay, n) & self.env.timeout(0)).callbacks.append(follower.trigger)
        yield follower

    def interrupt(self, delay: float, n: int, _: Any) -> Generator[Any, Any, None]:
        yield self.env.timeout(delay)
        person = self.people[n % len(self.people)]
        if person.is_alive and person is not self.env.active_process:
            person.interrupt(n)
            person.interrupt("twice")

    def spawn(self, _: float, n: int, rest: Any) -> Generator[Any, Any, Any]:
        child = self.start(rest[:2])
        return (yield child) if n else None

    def crash(self, delay: float, n: int, _: Any) -> Generator[Any, Any, None]:
        yield self.env.timeout(delay)
        raise (RuntimeError(n), ArithmeticError(n), StopSimulation(n), KeyError(n))[n]

    def nonsense(self, delay: float, _: int, __: Any) -> Generator[Any, Any, None]:
        yield self.env.timeout(delay)
        yield 7


WAITS = ["wait", "serve", "lose_patience", "lie", "give", "take", "send", "read"]
ACTS = [
    "succeed",
    "succeed",
    "fail",
    "chain",
    "interrupt",
    "interrupt",
    "spawn",
    "crash",
    "nonsense",
]
OPERATIONS = [*WAITS, *ACTS, *["all_of", "any_of", "await_flag"] * 2]
scripts = st.lists(
    st.lists(st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(GRID), st.integers(0, 3)), max_size=6),
    min_size=1,
    max_size=6,
)
drives = st.lists(
    st.tuples(st.sampled_from(["for", "to", "flag", "person", "step"]), st.integers(0, 4)),
    max_size=8,
)


def drive(town: Town, orders: list[tuple[str, int]]) -> Trace:
    """Run the town by these orders, then to the end; note what every run returned or raised."""
    env = town.env

    def obey(how: str, n: int) -> Any:
        if how == "for":
            return env.run(until=env.now + n * 0.5)  # 0: the present is no future, an error
        if how == "to":
            return env.run(until=n)
        if how == "flag":
            return env.run(until=town.flags[n % len(town.flags)])
        if how == "person":
            return env.run(until=town.people[n % len(town.people)])
        if how == "end":
            return env.run()
        for _ in range(n):
            env.step()
        return None

    for how, n in [*orders, *[("end", 0)] * 60]:
        try:
            town.note("run", how, obey(how, n))
        except CRASHES as error:
            town.note("run", f"{how} raised", error)
        town.note("run", "next", env.peek())
        town.note("run", "busy", env.active_process is None)
    assert env.peek() == math.inf, "sixty runs did not exhaust the model"
    return town.trace


@as_4_1_2
@many
@given(scripts, drives)
def test_same_trace_as_simpy(lives: list[list[tuple[str, float, int]]], orders: list[tuple[str, int]]) -> None:
    """Random models leave the same trace under Clock and under SimPy: times, order, values, and
    whatever a run returns or raises. Else what SimPy's documentation promises would not hold.
    """
    clock = drive(Town(Clock(), lives), orders)
    assert clock == drive(Town(simpy.Environment(), lives), orders)


@as_4_1_2
def test_the_random_models_reach_everything() -> None:
    """The comparison above must not be empty: over 300 seeded models, equal under both too, each
    operation completes, and interrupts, failures, preemption, crashes and stops all occur.
    """
    seen: set[str] = set()
    for seed in range(300):
        rng = random.Random(seed)
        lives = [[(rng.choice(OPERATIONS), rng.choice(GRID), rng.randrange(4)) for _ in range(6)] for _ in range(5)]
        trace = drive(Town(Clock(), lives), [("flag", 0), ("person", 1)])
        assert trace == drive(Town(simpy.Environment(), lives), [("flag", 0), ("person", 1)])
        for _, who, what, value in trace:
            seen |= {what, f"{who} {what} {value[0] if isinstance(value, tuple) else value}"}
    assert set(OPERATIONS) - {"crash", "nonsense"} <= seen
    assert {
        "wait interrupted",
        "await_flag failed",
        "lie interrupted",
        "flag3 processed ArithmeticError",
    } <= seen
    errors = {"RuntimeError", "ArithmeticError", "KeyError"}
    assert {f"run end raised {e}" for e in errors} <= seen
    assert {"run end 2", "run person 'p1'", "run flag raised RuntimeError"} <= seen


# ---- bare callbacks and feeds against the same thing said with events ----

# a node: (bare, delay, priority, indices of later nodes that it schedules when it happens)
nodes = st.lists(
    st.tuples(
        st.sampled_from(["at", "later", "event", "process"]),
        st.sampled_from(GRID),
        st.sampled_from([NORMAL, NORMAL, URGENT]),
        st.lists(st.integers(1, 9), max_size=3),
    ),
    min_size=1,
    max_size=25,
)
feeds = st.lists(
    st.tuples(
        st.integers(0, 24),  # the node that starts it, or before the start if there is none
        st.lists(st.sampled_from([*GRID, 2.5, 3.0]), max_size=6).map(sorted),
    ),
    max_size=4,
)
Node = tuple[str, float, int, list[int]]


def happen(env: simpy.Environment, value: Any, do: Callable[[Any], Any], h: float, p: int) -> None:
    """`do(value)` after `h`, said with a SimPy event."""
    event = env.event()
    event._ok, event._value = True, value
    event.callbacks.append(lambda event: do(event.value))
    env.schedule(event, EventPriority(p), h)


def grow(
    env: simpy.Environment,
    tree: list[Node],
    streams: Sequence[tuple[int, list[float]]],
    how_to_feed: str,
) -> Trace:
    """Play a tree of nodes. On a Clock "at" and "later" are bare, elsewhere every node is an
    event; the streams are fed, or each of their moments is scheduled at once.
    """
    trace = Trace()

    def node(i: int) -> None:
        trace.append((env.now, "node", i))
        for start, times in streams:
            if start == i:
                stream(start, times)
        for step in tree[i][3]:
            plant(i + step)

    def one(i: int) -> Generator[Any, Any, None]:
        yield env.timeout(tree[i][1])
        node(i)

    def plant(i: int) -> None:
        if i >= len(tree) or len(trace) > 400:
            return
        kind, delay, priority, _ = tree[i]
        if kind == "process":
            env.process(one(i))
        elif kind == "event" or not isinstance(env, Clock):
            happen(env, i, node, delay, priority)
        elif kind == "at":
            env.call_at(env.now + delay, node, i, priority)
        else:
            env.call_later(delay, node, i, priority)

    def stream(start: int, times: list[float]) -> None:
        def fed(k: int) -> None:
            trace.append((env.now, "fed", start, k))
            plant(start + k + 1)

        if how_to_feed == "feed":
            assert isinstance(env, Clock)
            env.feed(memoryview(array("d", (env.now + t for t in times))), fed)
        for k, t in enumerate(times):
            if how_to_feed == "call_at":
                assert isinstance(env, Clock)
                env.call_at(env.now + t, fed, k)
            elif how_to_feed == "event":
                happen(env, k, fed, t, NORMAL)

    for i in range(min(3, len(tree))):
        plant(i)
    for start, times in streams:
        if start >= len(tree):
            stream(start, times)
    env.run()
    return trace


@many
@given(nodes)
def test_bare_callbacks_fall_where_events_would(tree: list[Node]) -> None:
    """Bare callbacks mixed with events and processes come in the order of the same model in events
    alone, at ties too (priority, then order of scheduling): bare is faster and nothing else.
    """
    assert grow(Clock(), tree, (), "none") == grow(simpy.Environment(), tree, (), "none")


@many
@given(nodes, feeds)
def test_a_feed_is_the_same_as_scheduling_everything(tree: list[Node], streams: list[tuple[int, list[float]]]) -> None:
    """Feeds, started before or during the run, give the order that scheduling each moment at once
    would give, as bare calls or as SimPy events; so feeding is a matter of speed alone.
    """
    fed = grow(Clock(), tree, streams, "feed")
    assert fed == grow(Clock(), tree, streams, "call_at")
    assert fed == grow(simpy.Environment(), tree, streams, "event")


@many
@given(nodes, feeds, st.lists(st.floats(1e-9, 12), max_size=12), st.booleans())
def test_looking_changes_nothing(
    tree: list[Node], streams: list[tuple[int, list[float]]], looks: list[float], steps: bool
) -> None:
    """Stopping at arbitrary looks, or going step by step, leaves the trace of one run, and each
    look falls exactly on its time with everything before it done and nothing at it or after.
    """

    class Looked(Clock):
        def run(self, until: Any = None) -> Any:
            for look in sorted({*looks, 0.5, 1.0, 0.7}):
                super().run(until=look)
                assert self.now == look <= self.peek()
            while steps:
                try:
                    coming = self.peek()
                    self.step()
                    assert self.now == coming
                except EmptySchedule:
                    assert coming == math.inf
                    break
            return super().run()

    assert grow(Looked(), tree, streams, "feed") == grow(Clock(), tree, streams, "feed")


@pytest.mark.parametrize("decimals", [1, 2, 15])
def test_a_run_ends_at_the_very_time(decimals: int) -> None:
    """`run(until=t)` ends at t to the last bit and leaves what is due at t, where SimPy's
    now + (t - now) may pass it: a look must not depend on when the one before it was.
    """
    rng = random.Random(1)
    for _ in range(500):
        clock, done = Clock(round(10 * rng.random(), decimals)), Trace()
        look = round(clock.now + 100 * rng.random() + 1, decimals)
        clock.call_at(math.nextafter(look, 0), done.append, ("before",))
        clock.call_at(look, done.append, ("at",))
        clock.run(until=look)
        assert (clock.now, clock.peek(), done) == (look, look, [("before",)])


@pytest.mark.parametrize("past", [0.99, -1.0, -math.inf, math.nan])
def test_the_past_is_an_error(past: float) -> None:
    """Nothing can be put before now, nor at no time at all: the clock would run backwards. What
    was refused leaves no trace.
    """
    clock = Clock(1.0)
    with pytest.raises(ValueError, match="cannot call at"):
        clock.call_at(past, print)
    with pytest.raises(ValueError, match="cannot call after"):
        clock.call_later(past - 1, print)
    with pytest.raises(ValueError, match="cannot feed from"):
        clock.feed([past, 2.0], print)
    with pytest.raises(ValueError, match="must be greater"):
        clock.run(until=past)
    assert clock.peek() == math.inf


@pytest.mark.parametrize("times", [[2.0, 1.5], [1.0, math.nan], [1.0, math.nan, 2.0]])
def test_an_unsorted_feed_is_an_error(times: list[float]) -> None:
    """A feed is read one by one, so its order is checked when it is given, not hours later."""
    clock = Clock()
    with pytest.raises(ValueError, match="not sorted"):
        clock.feed(times, print)
    assert clock.peek() == math.inf


def test_the_present_is_no_error() -> None:
    """Now is allowed, and comes after what was scheduled for now before; the argument is None
    unless one is given, and an empty feed is nothing.
    """
    clock, seen = Clock(1), Trace()
    clock.call_at(1, lambda a: seen.append(("at", a)))
    clock.call_later(0, lambda a: seen.append(("later", a)), "x")
    clock.feed([1, 1], lambda k: seen.append(("fed", k)))
    clock.feed([], print)
    assert clock.run(until=clock.timeout(0, "done")) == "done"
    assert seen == [("at", None), ("later", "x"), ("fed", 0), ("fed", 1)]


def test_a_failing_call_stops_the_run_and_nothing_else() -> None:
    """An exception in a bare call or a feed leaves `run` as it is, from where it arose, and the
    clock can go on with the rest: an error must never be swallowed nor eat what follows.
    """
    clock, seen = Clock(), Trace()

    def call(k: int) -> None:
        seen.append((clock.now, k))
        if k < 2:
            raise IndexError(k)

    clock.feed([1.0, 2.0, 3.0], call)
    clock.call_at(1.5, call, 0)
    for _ in range(3):
        with pytest.raises(IndexError):
            clock.run()
    clock.run()
    assert seen == [(1.0, 0), (1.5, 0), (2.0, 1), (3.0, 2)]


def test_a_feed_holds_one_moment_at_a_time() -> None:
    """However long a feed, one of its moments waits at a time and the heap stays short: a heap of
    all arrivals costs six times as much.
    """
    clock, most = Clock(), 0

    def call(_: int) -> None:
        nonlocal most
        most = max(most, len(clock._queue) + len(clock._feeds))

    clock.feed(array("d", range(5_000)), call)
    clock.feed(range(5_000), call)
    clock.run()
    assert (clock.now, most) == (4_999, 3)  # the two feeds and the end mark


def test_runs_and_steps_may_nest() -> None:
    """A call may itself step or run the clock, as in SimPy: the loop keeps nothing to itself."""

    def play(env: simpy.Environment) -> Trace:
        trace = Trace()

        def note(event: simpy.Event) -> None:
            trace.append((env.now, event.value))
            if event.value == 1:
                env.step()
            if event.value == 3:
                env.run(until=env.now + 2)
                trace.append((env.now, "back"))

        for n in range(8):
            env.timeout(n, n).callbacks.append(note)
        env.run()
        return trace

    assert play(Clock()) == play(simpy.Environment())


def test_the_constructors_are_bound_early() -> None:
    """`timeout`, `event` and `process` stand on the instance, as on SimPy's own environment, whose
    early binding does not reach a subclass: each timeout would cost an eighth more.
    """
    assert {"timeout", "event", "process"} <= vars(Clock()).keys()
