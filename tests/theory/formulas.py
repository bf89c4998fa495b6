"""Closed-form results of queueing and inventory theory, the oracle of the simulation tests.

Conventions: rates are per hour, times are in hours, loads are in erlangs (arrival rate times
mean service time).  Every result is for the steady state unless the docstring says otherwise.
Invalid or unstable parameters raise ``ValueError``; nothing is silently clipped.

Sources, by the short names used in the docstrings.  Sections are cited, and the formula is
written out, where equation numbers differ between editions.

- Shortle: J. Shortle, J. Thompson, D. Gross, C. Harris, *Fundamentals of Queueing Theory*,
  5th ed., Wiley 2018 (earlier editions: Gross & Harris).
- Cobham: A. Cobham, "Priority assignment in waiting line problems", Oper. Res. 2 (1954).
- Kella & Yechiali: O. Kella, U. Yechiali, "Waiting times in the non-preemptive priority M/M/c
  queue", Stochastic Models 1 (1985).
- Garnett: O. Garnett, A. Mandelbaum, M. Reiman, "Designing a call center with impatient
  customers", M&SOM 4 (2002).
- Eick: S. Eick, W. Massey, W. Whitt, "The physics of the Mt/G/infinity queue", Oper. Res. 41
  (1993).
- Zipkin: P. Zipkin, *Foundations of Inventory Management*, McGraw-Hill 2000.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import betainc
from scipy.stats import poisson

# Erlang A: bound on the stationary mass, and on the mean queue, beyond the truncated state space.
_TRUNCATION_ERROR = 1e-13
_MAX_STATES = 1 << 22
# Quadrature panels shrink by halves towards one end; 48 halvings resolve any realistic scale.
_PANEL_HALVINGS = 48


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be positive and finite, got {value}")


def _require_non_negative(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be non-negative and finite, got {value}")


def _require_stable(utilisation: float) -> None:
    if utilisation >= 1:
        raise ValueError(f"unstable queue: utilisation {utilisation} is not below 1")


def _integrate(function: Callable[[float], float], end: float, breaks: Iterable[float]) -> float:
    """Integrate over [0, end] by panels that shrink towards 0 and never straddle a break."""
    edges = {0.0, end}
    edges.update(end * 0.5**k for k in range(1, _PANEL_HALVINGS))
    edges.update(b for b in breaks if 0.0 < b < end)
    ordered = sorted(edges)
    return math.fsum(
        float(quad(function, low, high, epsabs=1e-13 * end, epsrel=1e-11, limit=200)[0])
        for low, high in pairwise(ordered)
    )


# --------------------------------------------------------------------------- M/M/c


def erlang_b(servers: int, load: float) -> float:
    """Return the blocking probability of the loss system M/M/c/c (Erlang B).

    Args:
        servers: number of servers c, at least 0.
        load: offered load a in erlangs (arrival rate times mean service time).

    Source: Shortle, section 3.6; recursion B(c) = a B(c-1) / (c + a B(c-1)), B(0) = 1.
    """
    _require_non_negative(servers=servers, load=load)
    blocking = 1.0
    for c in range(1, servers + 1):
        blocking = load * blocking / (c + load * blocking)
    return blocking


def erlang_c(servers: int, load: float) -> float:
    """Return the probability that an arrival has to wait in M/M/c (Erlang C).

    Args:
        servers: number of servers c, at least 1.
        load: offered load a in erlangs, below ``servers``.

    Source: Shortle, sections 3.3 and 3.6; C = c B / (c - a (1 - B)) with B of Erlang B.
    """
    _require_positive(servers=servers)
    _require_non_negative(load=load)
    _require_stable(load / servers)
    blocking = erlang_b(servers, load)
    return servers * blocking / (servers - load * (1.0 - blocking))


def mmc_wait_mean(arrival_rate: float, service_rate: float, servers: int) -> float:
    """Return the mean time in queue of all customers of M/M/c, in hours.

    Args:
        arrival_rate: arrivals per hour.
        service_rate: services per hour of one busy server.
        servers: number of servers.

    Source: Shortle, section 3.3; Wq = C(c, a) / (c mu - lambda).  The mean does not depend on
    the order of service as long as it ignores service times.
    """
    _require_positive(arrival_rate=arrival_rate, service_rate=service_rate)
    waiting = erlang_c(servers, arrival_rate / service_rate)
    return waiting / (servers * service_rate - arrival_rate)


def mmc_wait_cdf(t: float, arrival_rate: float, service_rate: float, servers: int) -> float:
    """Return the probability that the time in queue of M/M/c (FCFS) is at most t.

    Args:
        t: time in hours; the probability is 0 for t < 0 and has an atom at 0.
        arrival_rate: arrivals per hour.
        service_rate: services per hour of one busy server.
        servers: number of servers.

    Source: Shortle, section 3.3; Wq(t) = 1 - C(c, a) exp(-(c mu - lambda) t).
    """
    _require_positive(arrival_rate=arrival_rate, service_rate=service_rate)
    waiting = erlang_c(servers, arrival_rate / service_rate)
    if t < 0:
        return 0.0
    return 1.0 - waiting * math.exp(-(servers * service_rate - arrival_rate) * t)


def mmc_wait_quantile(p: float, arrival_rate: float, service_rate: float, servers: int) -> float:
    """Return the smallest t with P(time in queue of M/M/c, FCFS, <= t) >= p, in hours.

    Args:
        p: probability, 0 <= p < 1.
        arrival_rate: arrivals per hour.
        service_rate: services per hour of one busy server.
        servers: number of servers.

    Source: Shortle, section 3.3, inverting Wq(t) of ``mmc_wait_cdf``.
    """
    _require_positive(arrival_rate=arrival_rate, service_rate=service_rate)
    if not 0 <= p < 1:
        raise ValueError(f"p must be in [0, 1), got {p}")
    waiting = erlang_c(servers, arrival_rate / service_rate)
    if 1.0 - p >= waiting:
        return 0.0
    return math.log(waiting / (1.0 - p)) / (servers * service_rate - arrival_rate)


def mmc_queue_mean(arrival_rate: float, service_rate: float, servers: int) -> float:
    """Return the time-average number of waiting customers of M/M/c.

    Args:
        arrival_rate: arrivals per hour.
        service_rate: services per hour of one busy server.
        servers: number of servers.

    Source: Shortle, section 3.3; Lq = lambda Wq (Little).
    """
    return arrival_rate * mmc_wait_mean(arrival_rate, service_rate, servers)


# --------------------------------------------------------------------------- M/M/c+M


@dataclass(frozen=True)
class ErlangA:
    """Hold the steady state of M/M/c+M, as computed by ``erlang_a``.

    Attributes:
        arrival_rate: arrivals per hour.
        service_rate: services per hour of one busy server.
        patience_rate: abandonments per hour of one waiting customer.
        servers: number of servers.
        abandon_share: share of arrivals that abandon.
        wait_probability: P(wait), the share of arrivals that find all servers busy.
        queue_mean: time-average number of waiting customers.
        wait_mean: mean time in queue over all arrivals, however it ended, in hours.
        wait_mean_served: mean time in queue of those who are served, in hours.
        utilisation: share of server time that is busy.
        truncation_error: upper bound on the stationary mass, and on the part of ``queue_mean``,
            in the states left out.
    """

    arrival_rate: float
    service_rate: float
    patience_rate: float
    servers: int
    abandon_share: float
    wait_probability: float
    queue_mean: float
    wait_mean: float
    wait_mean_served: float
    utilisation: float
    truncation_error: float
    _waiting_law: NDArray[np.float64] = field(repr=False, compare=False)

    def started_by(self, t: float) -> float:
        """Return the cumulative incidence of service start, abandonment being a competing risk.

        Args:
            t: hours since arrival; 0 for t < 0; tends to 1 - ``abandon_share``.

        An arrival with j waiting ahead of it starts after the sum V of independent exponential
        times with rates c mu + i theta, i = 0..j, unless its own exponential patience (rate
        theta) ends first.  With b = c mu / theta, exp(-theta V) is a product of independent
        U_i^(1/(b+i)), hence Beta(b, j+1), so that P(V <= t, V < patience)
        = E[exp(-theta V); V <= t] = b/(b+j+1) P(Beta(b+1, j+1) >= exp(-theta t)) exactly.
        The only error is the truncation of j: at most ``truncation_error``.

        Source: Garnett, section 3 (birth-death law, PASTA); derivation above.
        """
        if t < 0:
            return 0.0
        b = self.servers * self.service_rate / self.patience_rate
        k = np.arange(1, len(self._waiting_law) + 1, dtype=np.float64)
        by_t = b / (b + k) * betainc(k, b + 1.0, -math.expm1(-self.patience_rate * t))
        return 1.0 - self.wait_probability + float(self._waiting_law @ by_t)

    def wait_mean_restricted(self, tau: float) -> float:
        """Return the integral of 1 - F over [0, tau], F being ``started_by``, in hours.

        Args:
            tau: horizon in hours, at least 0.

        This is the restricted mean time to start in which those who abandon count as not
        started up to tau.  Computed by adaptive quadrature of the exact F.

        Source: restricted mean of a cumulative incidence, e.g. P. K. Andersen, "Decomposition of
        number of life years lost according to causes of death", Stat. Med. 32 (2013).
        """
        _require_non_negative(tau=tau)
        if tau == 0:
            return 0.0
        return _integrate(lambda t: 1.0 - self.started_by(t), tau, ())


def _erlang_a_law(
    arrival_rate: float, service_rate: float, patience_rate: float, servers: int
) -> tuple[NDArray[np.float64], float]:
    """Return the birth-death law on 0..N and a bound on mass and queue mean beyond N."""
    full_rate = servers * service_rate
    states = 2 * servers + 64
    while states <= _MAX_STATES:
        n = np.arange(1, states + 1, dtype=np.float64)
        waiting = np.maximum(n - servers, 0.0)
        deaths = np.minimum(n, servers) * service_rate + waiting * patience_rate
        logs = np.concatenate(([0.0], np.cumsum(np.log(arrival_rate / deaths))))
        law = np.exp(logs - logs.max())
        law /= law.sum()
        # Beyond N the ratio of successive probabilities is below r, so a geometric tail bounds
        # the mass by pi_N r/(1-r) and the queue mean by pi_N ((N-c) r/(1-r) + r/(1-r)^2).
        ratio = arrival_rate / (full_rate + (states + 1 - servers) * patience_rate)
        if ratio < 1:
            mass = float(law[-1]) * ratio / (1.0 - ratio)
            bound = mass * max(1.0, states - servers + 1.0 / (1.0 - ratio))
            if bound <= _TRUNCATION_ERROR:
                return law, bound
        states *= 2
    raise ValueError("Erlang A needs too many states; patience_rate is too small for this load")


def erlang_a(arrival_rate: float, service_rate: float, patience_rate: float, servers: int) -> ErlangA:
    """Return the steady state of M/M/c+M (Erlang A, FCFS), exact up to a bounded truncation.

    Args:
        arrival_rate: arrivals per hour.
        service_rate: services per hour of one busy server.
        patience_rate: abandonments per hour of one waiting customer (1 / mean patience).
        servers: number of servers; the load may exceed it.

    P(abandon) = theta Lq / lambda and E[W] = Lq / lambda.  An arrival with j waiting ahead is
    served with probability c mu / (c mu + (j+1) theta), and then its mean wait is the sum of
    1 / (c mu + i theta), i = 1..j+1, as each stage lasts as long whatever ends it.

    Source: Garnett, section 3; Shortle, section 3.10 (reneging).
    """
    _require_positive(
        arrival_rate=arrival_rate,
        service_rate=service_rate,
        patience_rate=patience_rate,
        servers=servers,
    )
    law, error = _erlang_a_law(arrival_rate, service_rate, patience_rate, servers)
    waiting_law = law[servers:]
    ahead = np.arange(len(waiting_law), dtype=np.float64)
    queue_mean = float(ahead @ waiting_law)
    abandon_share = patience_rate * queue_mean / arrival_rate
    full_rate = servers * service_rate
    stage_rates = full_rate + (ahead + 1.0) * patience_rate
    wait_of_served = waiting_law @ (full_rate / stage_rates * np.cumsum(1.0 / stage_rates))
    served_share = float(law[:servers].sum() + waiting_law @ (full_rate / stage_rates))
    return ErlangA(
        arrival_rate=arrival_rate,
        service_rate=service_rate,
        patience_rate=patience_rate,
        servers=servers,
        abandon_share=abandon_share,
        wait_probability=float(waiting_law.sum()),
        queue_mean=queue_mean,
        wait_mean=queue_mean / arrival_rate,
        wait_mean_served=float(wait_of_served) / served_share,
        utilisation=arrival_rate * served_share / full_rate,
        truncation_error=error,
        _waiting_law=waiting_law,
    )


# --------------------------------------------------------------------------- M/G/1


def mg1_wait_mean(arrival_rate: float, service_mean: float, service_scv: float) -> float:
    """Return the mean time in queue of M/G/1, in hours (Pollaczek-Khinchine).

    Args:
        arrival_rate: arrivals per hour.
        service_mean: mean service time in hours.
        service_scv: squared coefficient of variation of the service time (variance / mean^2).

    Source: Shortle, section 6.1; Wq = rho/(1-rho) (1 + scv)/2 E[S].
    """
    _require_positive(arrival_rate=arrival_rate, service_mean=service_mean)
    _require_non_negative(service_scv=service_scv)
    rho = arrival_rate * service_mean
    _require_stable(rho)
    return rho / (1.0 - rho) * (1.0 + service_scv) / 2.0 * service_mean


def md1_wait_mean(arrival_rate: float, service_time: float) -> float:
    """Return the mean time in queue of M/D/1, in hours.

    Args:
        arrival_rate: arrivals per hour.
        service_time: constant service time in hours.

    Source: Shortle, section 6.1, Pollaczek-Khinchine with scv = 0.
    """
    return mg1_wait_mean(arrival_rate, service_time, 0.0)


# --------------------------------------------------------------------------- priorities


def mmc_priority_waits(arrival_rates: Sequence[float], service_rate: float, servers: int) -> tuple[float, ...]:
    """Return the mean time in queue per class of non-preemptive priority M/M/c, in hours.

    Args:
        arrival_rates: arrivals per hour by class, highest priority first; FCFS within a class.
        service_rate: services per hour of one busy server, the same for every class.
        servers: number of servers.

    Source: Cobham; Kella & Yechiali; Shortle, section 4.4;
    W_k = C(c, a) / (c mu (1 - s_{k-1}) (1 - s_k)), s_k = sum_{i<=k} lambda_i / (c mu).
    A class with rate 0 gets the wait of a rare customer of that class.
    """
    _require_positive(service_rate=service_rate, servers=servers)
    for index, rate in enumerate(arrival_rates):
        _require_non_negative(**{f"arrival_rates[{index}]": rate})
    full_rate = servers * service_rate
    waiting = erlang_c(servers, math.fsum(arrival_rates) / service_rate)
    waits: list[float] = []
    above = 0.0
    for rate in arrival_rates:
        upto = above + rate / full_rate
        waits.append(waiting / (full_rate * (1.0 - above) * (1.0 - upto)))
        above = upto
    return tuple(waits)


# --------------------------------------------------------------------------- feedback


@dataclass(frozen=True)
class FeedbackQueue:
    """Hold the steady state of M/M/c with Bernoulli feedback, as computed by ``mmc_feedback``.

    Attributes:
        visits_mean: mean number of services per customer, 1 / (1 - p).
        utilisation: share of server time that is busy.
        queue_mean: time-average number of waiting customers, whatever their visit.
        sojourn_mean: mean time from arrival to final departure, in hours.
        wait_per_visit_mean: mean time in queue per visit, averaged over visits, in hours.
        wait_probability: share of arrivals from outside that find all servers busy.
        first_wait_rate: rate per hour of the exponential wait of those who wait at first.
    """

    visits_mean: float
    utilisation: float
    queue_mean: float
    sojourn_mean: float
    wait_per_visit_mean: float
    wait_probability: float
    first_wait_rate: float

    @property
    def first_wait_mean(self) -> float:
        """Return the mean time from arrival to the first start of service, in hours.

        An arrival that finds c + k customers starts after k + 1 completions at rate c mu, as
        those who return join behind it; k is geometric with the utilisation rho by PASTA.  So
        the first wait is 0 or exponential with rate c mu (1 - rho), and its mean equals the
        mean wait per visit.

        Source: derivation above; Shortle, section 3.3.
        """
        return self.wait_probability / self.first_wait_rate

    def first_wait_cdf(self, t: float) -> float:
        """Return the probability that the first start of service is within t of arrival.

        Args:
            t: time in hours; the probability is 0 for t < 0.

        Source: see ``first_wait_mean``; 1 - C exp(-c mu (1 - rho) t).
        """
        if t < 0:
            return 0.0
        return 1.0 - self.wait_probability * math.exp(-self.first_wait_rate * t)


def mmc_feedback(arrival_rate: float, service_rate: float, servers: int, feedback: float) -> FeedbackQueue:
    """Return the steady state of M/M/c (FCFS) with immediate Bernoulli feedback to the tail.

    Args:
        arrival_rate: arrivals from outside per hour.
        service_rate: services per hour of one busy server (each visit draws afresh).
        servers: number of servers.
        feedback: probability p, 0 <= p < 1, that a served customer rejoins the tail at once.

    The number in system is that of M/M/c with service rate mu (1 - p); the sojourn follows by
    Little, and the wait per visit is Lq / (lambda / (1 - p)).  Waits of one customer's visits
    are dependent, so only means are given, besides the law of the first wait.

    Source: Shortle, section 5.2 (open Jackson networks with immediate feedback).
    """
    _require_positive(arrival_rate=arrival_rate, service_rate=service_rate, servers=servers)
    if not 0 <= feedback < 1:
        raise ValueError(f"feedback must be in [0, 1), got {feedback}")
    exit_rate = service_rate * (1.0 - feedback)
    load = arrival_rate / exit_rate
    waiting = erlang_c(servers, load)
    queue_mean = mmc_queue_mean(arrival_rate, exit_rate, servers)
    return FeedbackQueue(
        visits_mean=1.0 / (1.0 - feedback),
        utilisation=load / servers,
        queue_mean=queue_mean,
        sojourn_mean=(queue_mean + load) / arrival_rate,
        wait_per_visit_mean=queue_mean * (1.0 - feedback) / arrival_rate,
        wait_probability=waiting,
        first_wait_rate=servers * service_rate - arrival_rate / (1.0 - feedback),
    )


# --------------------------------------------------------------------------- Mt/G/infinity


def mt_g_inf_mean_busy(
    t: float,
    rate: Callable[[float], float],
    survival: Callable[[float], float],
    *,
    rate_breaks: Iterable[float] = (),
    survival_breaks: Iterable[float] = (),
) -> float:
    """Return the mean number of busy servers of Mt/G/infinity at time t, empty at time 0.

    Args:
        t: time in hours; 0 for t <= 0.
        rate: arrivals per hour as a function of the time in hours.
        survival: P(service time > u) as a function of u in hours.
        rate_breaks: times in hours at which ``rate`` jumps or bends.
        survival_breaks: durations in hours at which ``survival`` jumps or bends.

    The number busy is Poisson with this mean; it is transient, not stationary.

    Source: Eick, Theorem 1; m(t) = integral over [0, t] of lambda(t - u) P(S > u) du.
    """
    if t <= 0:
        return 0.0
    breaks = [t - b for b in rate_breaks]
    breaks.extend(survival_breaks)
    return _integrate(lambda u: rate(t - u) * survival(u), t, breaks)


# --------------------------------------------------------------------------- inventory


@dataclass(frozen=True)
class StockLevels:
    """Hold the long-run performance of a back-ordering stock with unit Poisson demand.

    Attributes:
        fill_rate: share of demands met at once from stock.
        on_hand_mean: time-average stock on hand, in units.
        back_orders_mean: time-average number of units back-ordered.
        stock_out_share: share of time with no stock on hand (equals 1 - ``fill_rate``, PASTA).
        wait_mean: mean delay of a demand over all demands, in hours (Little on back-orders).
        order_rate: replenishment orders per hour.
    """

    fill_rate: float
    on_hand_mean: float
    back_orders_mean: float
    stock_out_share: float
    wait_mean: float
    order_rate: float


def base_stock_poisson(rate: float, lead_time: float, base_stock: int) -> StockLevels:
    """Return the performance of a continuous-review base-stock policy (one-for-one orders).

    Args:
        rate: unit demands per hour (Poisson).
        lead_time: constant lead time in hours; 0 is allowed.
        base_stock: order-up-to level S of the inventory position (may be negative).

    With D Poisson of mean m = rate x lead_time: fill rate P(D < S), back-orders E[(D - S)+]
    = (m - S) P(D > S) + m P(D = S), on hand E[(S - D)+] = (S - m) P(D < S) + m P(D = S - 1).
    For independent random lead times of that mean the result is the same (Palm's theorem).

    Source: Zipkin, section 6.2 (Poisson demand, constant lead time) and chapter 7 (random).
    """
    return rq_poisson(rate, lead_time, base_stock - 1, 1)


def rq_poisson(rate: float, lead_time: float, r: int, q: int) -> StockLevels:
    """Return the performance of a continuous-review (r, Q) policy with Poisson unit demand.

    Args:
        rate: unit demands per hour (Poisson).
        lead_time: constant lead time in hours; 0 is allowed.
        r: reorder point: an order is placed when the inventory position falls to r.
        q: order quantity Q, at least 1.

    The inventory position is uniform on r+1..r+Q and independent of the demand D over the
    following lead time, so every measure is the average over base stocks r+1..r+Q of P(D < S),
    E[(D - S)+] and E[(S - D)+].

    Source: Zipkin, section 6.2 (Poisson demand, (r, q) policies, constant lead time).
    """
    _require_positive(rate=rate, q=q)
    _require_non_negative(lead_time=lead_time)
    mean = rate * lead_time
    positions = np.arange(r + 1, r + q + 1)
    above = poisson.sf(positions, mean)
    equal = poisson.pmf(positions, mean)
    below = poisson.cdf(positions - 1, mean)
    back_orders = float(np.mean((mean - positions) * above + mean * equal))
    on_hand = float(np.mean((positions - mean) * below + mean * poisson.pmf(positions - 1, mean)))
    return StockLevels(
        fill_rate=float(np.mean(below)),
        on_hand_mean=on_hand,
        back_orders_mean=back_orders,
        stock_out_share=float(np.mean(above + equal)),
        wait_mean=back_orders / rate,
        order_rate=rate / q,
    )


def ss_policy(rate: float, lead_time: float, s: int, order_up_to: int) -> StockLevels:
    """Return the performance of a continuous-review (s, S) policy with Poisson unit demand.

    Args:
        rate: unit demands per hour (Poisson).
        lead_time: constant lead time in hours; 0 is allowed.
        s: reorder point: an order is placed when the inventory position falls to s.
        order_up_to: level S > s to which the inventory position is raised.

    Unit demands never overshoot s, so the policy equals (r, Q) with r = s and Q = S - s.

    Source: Zipkin, section 6.2.
    """
    if order_up_to <= s:
        raise ValueError(f"order_up_to must exceed s, got {order_up_to} <= {s}")
    return rq_poisson(rate, lead_time, s, order_up_to - s)
