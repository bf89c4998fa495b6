"""Independent checks of the theoretical oracle: textbook values, limits, brute force.

Brute force means a truncated Markov chain solved by linear algebra, a phase-type law by matrix
exponential, or a sample path; none of them shares code or derivations with ``formulas``.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import formulas as f
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad, solve_ivp
from scipy.linalg import expm
from scipy.stats import poisson

Vector = NDArray[np.float64]
Rates = dict[tuple[int, int], float]


def _generator(size: int, rates: Rates) -> Vector:
    """Build a generator matrix from transition rates; leaks to absorption are added apart."""
    matrix = np.zeros((size, size))
    for (source, target), rate in rates.items():
        if source != target:
            matrix[source, target] += rate
            matrix[source, source] -= rate
    return matrix


def _stationary(matrix: Vector) -> Vector:
    """Solve pi Q = 0, sum pi = 1."""
    system = matrix.T.copy()
    system[-1] = 1.0
    right = np.zeros(len(matrix))
    right[-1] = 1.0
    return np.asarray(np.linalg.solve(system, right), dtype=np.float64)


def _birth_death(births: Callable[[int], float], deaths: Callable[[int], float], top: int) -> Vector:
    """Solve the stationary law of a birth-death chain on 0..top by linear algebra."""
    rates: Rates = {}
    for n in range(top):
        rates[n, n + 1] = births(n)
        rates[n + 1, n] = deaths(n + 1)
    return _stationary(_generator(top + 1, rates))


# --------------------------------------------------------------------------- M/M/c


@pytest.mark.parametrize(
    ("servers", "load", "expected"),
    [(0, 3.0, 1.0), (1, 1.0, 1 / 2), (2, 1.0, 1 / 5), (3, 2.0, 4 / 19), (10, 5.0, 0.018385)],
)
def test_erlang_b_known_values(servers: int, load: float, expected: float) -> None:
    """Erlang B must match hand-computed fractions and the printed table value B(10, 5)."""
    assert f.erlang_b(servers, load) == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.3), (4, 2.5), (5, 9.0), (30, 25.0)])
def test_erlang_b_is_the_top_state_of_the_loss_chain(servers: int, load: float) -> None:
    """Blocking must equal the mass of state c of M/M/c/c, as Poisson arrivals see the law."""
    law = _birth_death(lambda _: load, float, servers)
    assert f.erlang_b(servers, load) == pytest.approx(law[-1], rel=1e-10)


def test_mmc_textbook_eye_clinic() -> None:
    """The eye clinic of Gross & Harris (6 per hour, 20 minutes, 3 doctors) has Lq = 8/9."""
    assert f.erlang_c(3, 2.0) == pytest.approx(4 / 9)
    assert f.mmc_queue_mean(6.0, 3.0, 3) == pytest.approx(8 / 9)
    assert f.mmc_wait_mean(6.0, 3.0, 3) == pytest.approx(8 / 54)


def test_erlang_c_known_value() -> None:
    """C(2, 1) must be 1/3 and C(5, 4) the tabulated 0.5541."""
    assert f.erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert f.erlang_c(5, 4.0) == pytest.approx(0.5541, abs=5e-5)


@settings(deadline=None)
@given(rho=st.floats(0.01, 0.99), mu=st.floats(0.1, 50.0))
def test_one_server_is_mm1(rho: float, mu: float) -> None:
    """With one server every M/M/c result must reduce to the elementary M/M/1 formulas."""
    lam = rho * mu
    assert f.erlang_c(1, rho) == pytest.approx(rho)
    assert f.mmc_wait_mean(lam, mu, 1) == pytest.approx(rho / (mu - lam), rel=1e-9)
    assert f.mmc_queue_mean(lam, mu, 1) == pytest.approx(rho**2 / (1 - rho), rel=1e-9)
    expected = 1 - rho * math.exp(-(mu - lam) * 0.4)
    assert f.mmc_wait_cdf(0.4, lam, mu, 1) == pytest.approx(expected, rel=1e-9)


def test_mmc_agrees_with_the_solved_chain() -> None:
    """Lq, P(wait) and the wait law must follow from the chain: Erlang stages by PASTA."""
    lam, mu, c, top = 3.1, 1.0, 4, 180
    law = _birth_death(lambda _: lam, lambda n: mu * min(n, c), top)
    queue = sum((n - c) * law[n] for n in range(c, top + 1))
    assert f.mmc_queue_mean(lam, mu, c) == pytest.approx(queue, rel=1e-9)
    assert f.erlang_c(c, lam / mu) == pytest.approx(law[c:].sum(), rel=1e-9)
    for t in (0.0, 0.3, 2.0):
        # Started by t iff the Poisson number of completions at rate c mu exceeds those ahead.
        late = sum(law[n] * poisson.cdf(n - c, c * mu * t) for n in range(c, top + 1))
        assert f.mmc_wait_cdf(t, lam, mu, c) == pytest.approx(1 - late, rel=1e-9)


def test_mmc_wait_mean_is_the_integral_of_the_tail() -> None:
    """The mean must equal the integral of 1 - cdf, whatever their separate formulas."""
    area = quad(lambda t: 1 - f.mmc_wait_cdf(t, 6.0, 3.0, 3), 0, 40)[0]
    assert f.mmc_wait_mean(6.0, 3.0, 3) == pytest.approx(area, rel=1e-8)


@settings(deadline=None)
@given(p=st.floats(0.0, 0.999999))
def test_mmc_quantile_inverts_the_cdf(p: float) -> None:
    """The quantile must be the smallest t reaching p: 0 up to the atom, exact beyond it."""
    t = f.mmc_wait_quantile(p, 6.0, 3.0, 3)
    if p <= 5 / 9:
        assert t == pytest.approx(0.0, abs=1e-12)
    else:
        assert f.mmc_wait_cdf(t, 6.0, 3.0, 3) == pytest.approx(p, abs=1e-12)
    assert f.mmc_wait_cdf(-1e-9, 6.0, 3.0, 3) == 0.0


# --------------------------------------------------------------------------- Erlang A


def test_erlang_a_published_call_centre() -> None:
    """50 agents, 48 calls a minute, 1 minute, patience 2 minutes: the published comparison.

    Garnett, Mandelbaum & Reiman print for Erlang A: 3.1% abandon, wait 3.7 s, queue 3,
    utilisation 93%; for Erlang C: wait 20.8 s, 90th percentile 58.1 s, queue 17.
    """
    a = f.erlang_a(48 * 60.0, 60.0, 30.0, 50)
    assert a.abandon_share == pytest.approx(0.031, abs=5e-4)
    assert a.wait_mean * 3600 == pytest.approx(3.7, abs=0.05)
    assert a.queue_mean == pytest.approx(3, abs=0.5)
    assert a.utilisation == pytest.approx(0.93, abs=5e-3)
    assert f.mmc_wait_mean(48 * 60.0, 60.0, 50) * 3600 == pytest.approx(20.8, abs=0.05)
    assert f.mmc_wait_quantile(0.9, 48 * 60.0, 60.0, 50) * 3600 == pytest.approx(58.1, abs=0.05)
    assert f.mmc_queue_mean(48 * 60.0, 60.0, 50) == pytest.approx(17, abs=0.5)


@pytest.mark.parametrize(("load", "servers"), [(0.5, 1), (4.0, 3), (20.0, 12)])
def test_erlang_a_with_patience_like_service_is_poisson(load: float, servers: int) -> None:
    """If theta = mu everyone leaves at rate mu, so the number in system is Poisson(load)."""
    a = f.erlang_a(load * 2.0, 2.0, 2.0, servers)
    n = np.arange(servers, servers + 200)
    assert a.queue_mean == pytest.approx(float((n - servers) @ poisson.pmf(n, load)), rel=1e-10)
    assert a.wait_probability == pytest.approx(float(poisson.sf(servers - 1, load)), rel=1e-10)
    busy = float(np.minimum(np.arange(300), servers) @ poisson.pmf(np.arange(300), load))
    assert a.utilisation == pytest.approx(busy / servers, rel=1e-10)


def test_erlang_a_tends_to_erlang_c() -> None:
    """As patience grows without bound nobody abandons and every measure must be Erlang C's."""
    a = f.erlang_a(6.0, 3.0, 1e-8, 3)
    assert a.abandon_share < 1e-8
    assert a.queue_mean == pytest.approx(8 / 9, rel=1e-6)
    assert a.wait_mean == pytest.approx(8 / 54, rel=1e-6)
    assert a.wait_mean_served == pytest.approx(8 / 54, rel=1e-6)
    assert a.wait_probability == pytest.approx(4 / 9, rel=1e-6)
    assert a.utilisation == pytest.approx(2 / 3, rel=1e-6)
    for t in (0.0, 0.05, 0.5, 2.0):
        assert a.started_by(t) == pytest.approx(f.mmc_wait_cdf(t, 6.0, 3.0, 3), rel=1e-6)
    assert a.wait_mean_restricted(50.0) == pytest.approx(8 / 54, rel=1e-5)


def test_erlang_a_tends_to_erlang_b() -> None:
    """With no patience at all a waiting arrival is lost, so abandonment is Erlang B blocking."""
    a = f.erlang_a(6.0, 3.0, 1e8, 3)
    assert a.abandon_share == pytest.approx(f.erlang_b(3, 2.0), rel=1e-6)
    assert a.utilisation == pytest.approx(2.0 * (1 - f.erlang_b(3, 2.0)) / 3, rel=1e-6)


ERLANG_A_CASES = [(0.8, 1.0, 0.3, 1), (2.5, 1.0, 0.7, 3), (9.0, 1.5, 2.0, 4), (6.0, 1.0, 0.2, 2)]


@pytest.mark.parametrize(("lam", "mu", "theta", "c"), ERLANG_A_CASES)
def test_erlang_a_agrees_with_brute_force(lam: float, mu: float, theta: float, c: int) -> None:
    """Stationary law by linear algebra and a tagged customer's chain by matrix exponential.

    The tagged customer moves through 'j ahead' states to absorption as started or abandoned.
    An extra pair of states integrates the started probability, which gives the restricted
    mean; the mean wait of the served comes from the fundamental matrix.
    """
    top = 130
    law = _birth_death(lambda _: lam, lambda n: min(n, c) * mu + max(n - c, 0) * theta, top)
    assert law[-1] < 1e-15
    a = f.erlang_a(lam, mu, theta, c)
    ahead = np.arange(top - c + 1)
    queue = float(ahead @ law[c:])
    assert a.queue_mean == pytest.approx(queue, rel=1e-9)
    assert a.abandon_share == pytest.approx(theta * queue / lam, rel=1e-9)
    assert a.wait_probability == pytest.approx(law[c:].sum(), rel=1e-9)
    busy = float(np.minimum(np.arange(top + 1), c) @ law)
    assert a.utilisation == pytest.approx(busy / c, rel=1e-9)

    size = len(ahead)
    started = size
    area = size + 1  # grows at rate P(started)
    chain = np.zeros((size + 2, size + 2))
    for j in ahead:
        chain[j, j] = -(c * mu + j * theta + theta)
        chain[j, j - 1 if j > 0 else started] += c * mu + j * theta
    chain[started, area] = 1.0
    start = np.concatenate((law[c:], [law[:c].sum(), 0.0]))
    for t in (0.0, 0.02, 0.3, 1.7, 6.0):
        now = start @ expm(chain * t)
        assert a.started_by(t) == pytest.approx(now[started], abs=1e-11)
        assert a.wait_mean_restricted(t) == pytest.approx(t - now[area], abs=1e-10)
    transient = chain[:size, :size]
    entry = chain[:size, started]
    occupancy = np.linalg.solve(-transient.T, law[c:])
    served_late = occupancy @ entry
    assert a.started_by(1e6) == pytest.approx(law[:c].sum() + served_late, rel=1e-9)
    wait_of_served = np.linalg.solve(-transient.T, occupancy) @ entry
    expected = wait_of_served / (law[:c].sum() + served_late)
    assert a.wait_mean_served == pytest.approx(expected, rel=1e-9)
    assert a.wait_mean == pytest.approx(occupancy.sum(), rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    load=st.floats(0.05, 2.0),
    mu=st.floats(0.2, 20.0),
    patience=st.floats(0.05, 20.0),
    c=st.integers(1, 25),
)
def test_erlang_a_identities(load: float, mu: float, patience: float, c: int) -> None:
    """Identities that bind separately computed measures must hold for any parameters.

    started_by tends to 1 - P(abandon); started_by(0) = 1 - P(wait); flow balance of served
    customers; 1 - F lies between P(abandon) and P(wait), hence so does its restricted mean.
    """
    lam = load * c * mu
    theta = mu / patience
    a = f.erlang_a(lam, mu, theta, c)
    assert a.truncation_error <= 1e-13
    assert a.started_by(1e5 / theta) == pytest.approx(1 - a.abandon_share, abs=1e-9)
    assert a.started_by(0.0) == pytest.approx(1 - a.wait_probability, abs=1e-12)
    assert a.started_by(-1.0) == 0.0
    assert a.utilisation * c * mu == pytest.approx(lam * (1 - a.abandon_share), rel=1e-9)
    assert a.utilisation <= 1 + 1e-12
    grid = [a.started_by(x / theta) for x in (0.0, 0.1, 0.5, 1.0, 3.0, 10.0)]
    assert all(low <= high + 1e-12 for low, high in pairwise(grid))
    tau = 2.0 / theta
    restricted = a.wait_mean_restricted(tau)
    assert tau * a.abandon_share - 1e-12 <= restricted <= tau * a.wait_probability + 1e-12


def test_erlang_a_served_wait_is_the_integral_of_its_law() -> None:
    """E[W; served] must equal the area between started_by and its limit."""
    a = f.erlang_a(9.0, 1.5, 2.0, 4)
    served = 1 - a.abandon_share
    area = quad(lambda t: served - a.started_by(t), 0, 30, epsabs=1e-12)[0]
    assert a.wait_mean_served == pytest.approx(area / served, rel=1e-8)


def test_erlang_a_restricted_mean_over_a_long_horizon() -> None:
    """Over a long horizon it is tau P(abandon) + E[W; served]: no scale may be missed."""
    a = f.erlang_a(2880.0, 60.0, 30.0, 50)
    tau = 1e4
    expected = tau * a.abandon_share + (1 - a.abandon_share) * a.wait_mean_served
    assert a.wait_mean_restricted(tau) == pytest.approx(expected, rel=1e-11)
    assert a.wait_mean_restricted(0.0) == 0.0


# --------------------------------------------------------------------------- M/G/1


@settings(deadline=None)
@given(rho=st.floats(0.01, 0.98), mean=st.floats(0.01, 10.0))
def test_mg1_special_cases(rho: float, mean: float) -> None:
    """Exponential service (scv 1) must give M/M/1, and constant service half of it."""
    lam = rho / mean
    mm1 = f.mmc_wait_mean(lam, 1 / mean, 1)
    assert f.mg1_wait_mean(lam, mean, 1.0) == pytest.approx(mm1, rel=1e-9)
    assert f.md1_wait_mean(lam, mean) == pytest.approx(mm1 / 2, rel=1e-9)


@pytest.mark.parametrize("phases", [1, 2, 3])
def test_mg1_agrees_with_the_erlang_service_chain(phases: int) -> None:
    """Service of k exponential phases has scv 1/k; the chain of phases left gives the wait.

    By PASTA an arrival waits for all phases left in the system, each of mean E[S] / k.
    """
    lam, mean = 0.6, 1.0
    size = 90 * phases
    rates: Rates = {}
    for n in range(size):
        if n + phases < size:
            rates[n, n + phases] = lam
        if n > 0:
            rates[n, n - 1] = phases / mean
    law = _stationary(_generator(size, rates))
    wait = float(np.arange(size) @ law) * mean / phases
    assert f.mg1_wait_mean(lam, mean, 1 / phases) == pytest.approx(wait, rel=1e-8)


def test_mg1_agrees_with_the_hyperexponential_service_chain() -> None:
    """A mixture of two exponentials (scv above 1), solved as a chain of (number, type)."""
    lam, share, rates_of_type, top = 0.5, (0.3, 0.7), (0.5, 2.0), 180
    mean = sum(p / m for p, m in zip(share, rates_of_type, strict=True))
    second = sum(2 * p / m**2 for p, m in zip(share, rates_of_type, strict=True))
    rates: Rates = {}
    for i in (0, 1):
        rates[0, 1 + i] = lam * share[i]
        rates[1 + i, 0] = rates_of_type[i]
        for n in range(1, top):
            rates[2 * n - 1 + i, 2 * n + 1 + i] = lam
            for j in (0, 1):
                rates[2 * n + 1 + i, 2 * n - 1 + j] = rates_of_type[i] * share[j]
    law = _stationary(_generator(2 * top + 1, rates))
    queue = sum((n - 1) * (law[2 * n - 1] + law[2 * n]) for n in range(1, top + 1))
    assert f.mg1_wait_mean(lam, mean, second / mean**2 - 1) == pytest.approx(queue / lam, rel=1e-8)


# --------------------------------------------------------------------------- priorities


@settings(deadline=None)
@given(
    rates=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5),
    rho=st.floats(0.05, 0.95),
    servers=st.integers(1, 12),
)
def test_priority_conservation_law(rates: list[float], rho: float, servers: int) -> None:
    """With equal service laws priorities only redistribute waits: sum rho_i W_i is that of FCFS.

    Moreover a lower class never waits less than a higher one.
    """
    rates = [rate + 1e-3 for rate in rates]
    mu = sum(rates) / (servers * rho)
    waits = f.mmc_priority_waits(rates, mu, servers)
    total = sum(rate * wait for rate, wait in zip(rates, waits, strict=True))
    assert total == pytest.approx(f.mmc_queue_mean(sum(rates), mu, servers), rel=1e-8)
    assert list(waits) == sorted(waits)


def test_priority_one_class_is_fcfs_and_one_server_is_cobham() -> None:
    """One class must be plain M/M/c; for c = 1, W_1 = rho E[S] / (1 - rho_1) (Cobham)."""
    assert f.mmc_priority_waits([6.0], 3.0, 3)[0] == pytest.approx(8 / 54)
    first, second = f.mmc_priority_waits([0.2, 0.5], 1.0, 1)
    assert first == pytest.approx(0.7 / 0.8)
    assert second == pytest.approx(0.7 / (0.8 * 0.3))


@pytest.mark.parametrize("servers", [1, 2])
def test_priority_agrees_with_the_solved_chain(servers: int) -> None:
    """Two classes: the chain of both queue lengths gives each wait by Little's law."""
    shares, mu, top = (0.22, 0.26), 1.0, 36
    lam = [share * servers for share in shares]
    width = top + 1
    offset = servers - 1  # states below: number busy; then (q1, q2) with every server busy

    def full(q1: int, q2: int) -> int:
        return offset + 1 + q1 * width + q2

    rates: Rates = {}
    for n in range(offset + 1):
        rates[n, n + 1 if n < offset else full(0, 0)] = sum(lam)
        if n > 0:
            rates[n, n - 1] = n * mu
    for q1 in range(width):
        for q2 in range(width):
            here = full(q1, q2)
            if q1 < top:
                rates[here, full(q1 + 1, q2)] = lam[0]
            if q2 < top:
                rates[here, full(q1, q2 + 1)] = lam[1]
            after = full(q1 - 1, q2) if q1 else full(0, q2 - 1) if q2 else offset
            rates[here, after] = servers * mu
    law = _stationary(_generator(full(top, top) + 1, rates))
    grid = law[offset + 1 :].reshape(width, width)
    counts = np.arange(width)
    expected = (counts @ grid.sum(axis=1) / lam[0], counts @ grid.sum(axis=0) / lam[1])
    assert f.mmc_priority_waits(lam, mu, servers) == pytest.approx(expected, rel=1e-7)


# --------------------------------------------------------------------------- feedback


@pytest.mark.parametrize(("servers", "p"), [(1, 0.4), (2, 0.3), (3, 0.5)])
def test_feedback_agrees_with_a_tagged_customer(servers: int, p: float) -> None:
    """Follow one customer through all visits, with those ahead of and behind it, to its exit.

    The expected times solve linear equations; averaged over what an arrival from outside sees
    (PASTA) they must give the sojourn, the total wait = visits x wait per visit, and the law
    of the first wait.
    """
    c, mu, room = servers, 1.0, 38
    lam = 0.45 * c * mu * (1 - p)
    law = _birth_death(lambda _: lam, lambda n: min(n, c) * mu * (1 - p), c + room)
    index: dict[tuple[str, int, int], int] = {}
    for ahead in range(room):
        for behind in range(room - ahead):
            index["wait", ahead, behind] = len(index)
    waiting_states = len(index)
    for others in range(c + room):
        index["serve", others, 0] = len(index)
    rates: Rates = {}

    def add(source: int, target: tuple[str, int, int], rate: float) -> None:
        if target in index:  # arrivals beyond the room are lost: truncation
            key = (source, index[target])
            rates[key] = rates.get(key, 0.0) + rate

    for (kind, x, y), here in index.items():
        if kind == "wait":
            add(here, ("wait", x, y + 1), lam)
            for chance, back in ((1 - p, 0), (p, 1)):
                done = c * mu * chance
                if x:
                    add(here, ("wait", x - 1, y + back), done)
                else:
                    add(here, ("serve", c - 1 + y + back, 0), done)
        else:
            add(here, ("serve", x + 1, 0), lam)
            if x:
                add(here, ("serve", x - 1, 0), min(x, c - 1) * mu * (1 - p))
            queue = x - (c - 1)
            if queue > 0:
                add(here, ("wait", queue - 1, 0), mu * p)
                # another served customer rejoins the tail: the number of others is unchanged
    chain = _generator(len(index), rates)
    for (kind, _, _), here in index.items():
        if kind == "serve":
            chain[here, here] -= mu * (1 - p)
    start = np.zeros(len(index))
    for n in range(c + room):
        start[index["serve", n, 0] if n < c else index["wait", n - c, 0]] += law[n]
    occupancy = np.linalg.solve(-chain.T, start)
    result = f.mmc_feedback(lam, mu, c, p)
    assert result.sojourn_mean == pytest.approx(occupancy.sum(), rel=1e-7)
    total_wait = occupancy[:waiting_states].sum()
    assert result.visits_mean * result.wait_per_visit_mean == pytest.approx(total_wait, rel=1e-7)
    assert result.visits_mean == pytest.approx(occupancy[waiting_states:].sum() * mu, rel=1e-7)
    # First wait: stop at the first start of service; only those ahead matter, not those behind.
    stages = np.diag(np.full(room, -c * mu)) + np.diag(np.full(room - 1, c * mu), -1)
    at_arrival = law[c : c + room]
    first = np.linalg.solve(-stages.T, at_arrival).sum()
    assert result.first_wait_mean == pytest.approx(first, rel=1e-7)
    for t in (0.0, 0.4, 2.5):
        late = (at_arrival @ expm(stages * t)).sum()
        assert result.first_wait_cdf(t) == pytest.approx(1 - late, rel=1e-7)


@settings(deadline=None)
@given(p=st.floats(0.0, 0.9), rho=st.floats(0.05, 0.95), servers=st.integers(1, 10))
def test_feedback_identities(p: float, rho: float, servers: int) -> None:
    """Sojourn = visits x (wait per visit + service); the mean first wait is the visit mean.

    At p = 0 this is plain M/M/c, because nobody returns.
    """
    mu = 3.0
    lam = rho * servers * mu * (1 - p)
    q = f.mmc_feedback(lam, mu, servers, p)
    assert q.utilisation == pytest.approx(rho)
    assert q.sojourn_mean == pytest.approx(q.visits_mean * (q.wait_per_visit_mean + 1 / mu))
    assert q.first_wait_mean == pytest.approx(q.wait_per_visit_mean)
    assert q.first_wait_cdf(-1.0) == 0.0
    plain = f.mmc_feedback(lam, mu, servers, 0.0)
    assert plain.wait_per_visit_mean == pytest.approx(f.mmc_wait_mean(lam, mu, servers))
    assert plain.first_wait_cdf(0.2) == pytest.approx(f.mmc_wait_cdf(0.2, lam, mu, servers))


# --------------------------------------------------------------------------- Mt/G/infinity


@pytest.mark.parametrize("t", [0.01, 1.0, 7.3, 300.0, 2e4])
def test_infinite_servers_constant_rate(t: float) -> None:
    """At a constant rate m(t) = lambda E[min(S, t)], exponential or constant service alike."""
    exponential = f.mt_g_inf_mean_busy(t, lambda _: 5.0, lambda u: math.exp(-2.0 * u))
    assert exponential == pytest.approx(2.5 * -math.expm1(-2.0 * t), rel=1e-9)
    constant = f.mt_g_inf_mean_busy(t, lambda _: 5.0, lambda u: float(u < 0.75), survival_breaks=[0.75])
    assert constant == pytest.approx(5.0 * min(t, 0.75), rel=1e-9)
    assert f.mt_g_inf_mean_busy(0.0, lambda _: 5.0, lambda _: 1.0) == 0.0


@pytest.mark.parametrize("t", [0.5, 6.0, 23.0, 200.0])
def test_infinite_servers_sinusoidal_rate(t: float) -> None:
    """Exponential service solves m' = lambda(t) - mu m, m(0) = 0: known for a sinusoid."""
    base, amplitude, gamma, mu = 10.0, 6.0, 2 * math.pi / 24, 0.8
    wave = mu * math.sin(gamma * t) - gamma * (math.cos(gamma * t) - math.exp(-mu * t))
    expected = base / mu * -math.expm1(-mu * t) + amplitude * wave / (mu**2 + gamma**2)
    value = f.mt_g_inf_mean_busy(t, lambda s: base + amplitude * math.sin(gamma * s), lambda u: math.exp(-mu * u))
    assert value == pytest.approx(expected, rel=1e-9)


def test_infinite_servers_piecewise_rate_and_mixed_service() -> None:
    """A shift schedule with hyperexponential service must agree with its differential equation."""

    def rate(s: float) -> float:
        return 12.0 if 2.0 <= s < 5.0 else 3.0

    edges = [0.0, 2.0, 5.0, 9.0]
    weights, mus = np.array([0.4, 0.6]), np.array([0.5, 4.0])
    state = np.zeros(2)
    for low, high in pairwise(edges):
        level = rate(low)

        def slope(_: float, m: Vector, level: float = level) -> Vector:
            return level * weights - mus * m

        flow = solve_ivp(
            slope,
            (low, high),
            state,
            rtol=1e-11,
            atol=1e-13,
        )
        state = flow.y[:, -1]
        value = f.mt_g_inf_mean_busy(high, rate, lambda u: float(weights @ np.exp(-mus * u)), rate_breaks=[2.0, 5.0])
        assert value == pytest.approx(state.sum(), rel=1e-8)


# --------------------------------------------------------------------------- inventory


def test_base_stock_hand_computed() -> None:
    """Demand 2 over the lead time and S = 2: elementary Poisson terms e^-2 (1 + 2)."""
    levels = f.base_stock_poisson(4.0, 0.5, 2)
    e = math.exp(-2)
    assert levels.fill_rate == pytest.approx(3 * e)
    assert levels.stock_out_share == pytest.approx(1 - 3 * e)
    assert levels.on_hand_mean == pytest.approx(2 * e + 2 * e)
    assert levels.back_orders_mean == pytest.approx(4 * e)
    assert levels.wait_mean == pytest.approx(e)
    assert levels.order_rate == pytest.approx(4.0)


@pytest.mark.parametrize("base_stock", [-2, 0, 1, 3, 7])
def test_base_stock_agrees_with_the_chain_of_outstanding_orders(base_stock: int) -> None:
    """Palm's theorem: exponential lead times give the same law, and that is a Markov chain."""
    rate, lead = 1.7, 1.5
    law = _birth_death(lambda _: rate, lambda n: n / lead, 60)
    level = base_stock - np.arange(61)
    result = f.base_stock_poisson(rate, lead, base_stock)
    assert result.fill_rate == pytest.approx(law[level > 0].sum(), abs=1e-12)
    assert result.on_hand_mean == pytest.approx(np.maximum(level, 0) @ law, abs=1e-11)
    assert result.back_orders_mean == pytest.approx(np.maximum(-level, 0) @ law, abs=1e-11)


def test_base_stock_without_lead_time() -> None:
    """Orders that arrive at once keep the stock at S, so nothing is ever back-ordered."""
    levels = f.base_stock_poisson(3.0, 0.0, 2)
    assert levels == f.StockLevels(1.0, 2.0, 0.0, 0.0, 0.0, 3.0)


inventory = given(
    rate=st.floats(0.01, 30.0),
    lead=st.floats(0.0, 5.0),
    r=st.integers(-5, 60),
    q=st.integers(1, 40),
)


@settings(deadline=None)
@inventory
def test_inventory_identities(rate: float, lead: float, r: int, q: int) -> None:
    """Identities for any (r, Q): mean net stock is r + (Q+1)/2 - rate x lead; PASTA; averages.

    (r, 1) is the base stock r + 1, (r, r + Q) as (s, S) is (r, Q), and (r, Q) is the average
    over the base stocks r+1..r+Q.
    """
    levels = f.rq_poisson(rate, lead, r, q)
    net = r + (q + 1) / 2 - rate * lead
    assert levels.on_hand_mean - levels.back_orders_mean == pytest.approx(net, abs=1e-8)
    assert levels.stock_out_share + levels.fill_rate == pytest.approx(1.0)
    assert 0 <= levels.fill_rate <= 1 + 1e-12
    assert min(levels.on_hand_mean, levels.back_orders_mean) >= -1e-9
    assert f.ss_policy(rate, lead, r, r + q) == levels
    assert f.rq_poisson(rate, lead, r, 1) == f.base_stock_poisson(rate, lead, r + 1)
    mixed = [f.base_stock_poisson(rate, lead, s) for s in range(r + 1, r + q + 1)]
    assert levels.fill_rate == pytest.approx(np.mean([m.fill_rate for m in mixed]), abs=1e-12)
    back_orders = np.mean([m.back_orders_mean for m in mixed])
    assert levels.back_orders_mean == pytest.approx(back_orders, abs=1e-9)
    assert levels.order_rate * q == pytest.approx(rate)


@pytest.mark.parametrize(("r", "q"), [(2, 1), (1, 4), (5, 10), (-2, 3)])
def test_rq_agrees_with_sample_paths(r: int, q: int) -> None:
    """Long sample paths of the policy itself must agree within 4.5 standard errors.

    From position r + Q every Q-th demand triggers an order, so the net stock is
    r + Q - N(t) + Q floor(N(t - L) / Q); forty independent paths give the standard errors.
    """
    rate, lead, demands, warm_up = 2.0, 1.5, 8000, 50.0
    rng = np.random.default_rng(20240611)
    samples = []
    for _ in range(40):
        times = np.cumsum(rng.exponential(1 / rate, demands))
        end = float(times[-1])
        arrivals = times[q - 1 :: q] + lead
        counted = times > warm_up
        received = np.searchsorted(arrivals, times) * q
        filled = r + q - np.arange(demands) + received > 0
        moments = np.concatenate(([warm_up], times, arrivals))
        steps = np.concatenate(([0], np.full(demands, -1), np.full(len(arrivals), q)))
        order = np.argsort(moments)
        level = (r + q + np.cumsum(steps[order]))[:-1]
        clipped = np.clip(moments[order], warm_up, end)
        weights = np.diff(clipped) / (end - warm_up)
        samples.append(
            (
                filled[counted].mean(),
                np.maximum(level, 0) @ weights,
                np.maximum(-level, 0) @ weights,
                (level <= 0) @ weights,
            )
        )
    table = np.array(samples)
    error = table.std(axis=0, ddof=1) / math.sqrt(len(table))
    levels = f.rq_poisson(rate, lead, r, q)
    expected = np.array(
        [
            levels.fill_rate,
            levels.on_hand_mean,
            levels.back_orders_mean,
            levels.stock_out_share,
        ]
    )
    assert np.all(np.abs(table.mean(axis=0) - expected) <= 4.5 * error + 1e-9)


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "call",
    [
        lambda: f.erlang_b(-1, 1.0),
        lambda: f.erlang_c(2, 2.0),
        lambda: f.erlang_c(0, 0.5),
        lambda: f.mmc_wait_mean(6.0, 3.0, 2),
        lambda: f.mmc_wait_cdf(1.0, -1.0, 3.0, 2),
        lambda: f.mmc_wait_quantile(1.0, 1.0, 3.0, 2),
        lambda: f.erlang_a(6.0, 3.0, 0.0, 2),
        lambda: f.erlang_a(6.0, 3.0, math.inf, 2),
        lambda: f.erlang_a(60.0, 3.0, 1e-9, 2),
        lambda: f.erlang_a(6.0, 3.0, 1.0, 2).wait_mean_restricted(-1.0),
        lambda: f.mg1_wait_mean(1.0, 1.0, 1.0),
        lambda: f.mg1_wait_mean(0.5, 1.0, -0.1),
        lambda: f.mmc_priority_waits([1.0, 1.0], 1.0, 2),
        lambda: f.mmc_priority_waits([-1.0, 1.0], 1.0, 2),
        lambda: f.mmc_feedback(1.0, 2.0, 1, 0.5),
        lambda: f.mmc_feedback(1.0, 2.0, 1, 1.0),
        lambda: f.rq_poisson(1.0, 1.0, 2, 0),
        lambda: f.base_stock_poisson(1.0, -1.0, 2),
        lambda: f.ss_policy(1.0, 1.0, 2, 2),
    ],
)
def test_invalid_or_unstable_parameters_are_refused(call: Callable[[], object]) -> None:
    """An oracle must refuse what has no steady state or no meaning, not return a number."""
    with pytest.raises(ValueError, match=r"must|unstable|too many"):
        call()
