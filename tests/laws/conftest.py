"""What files of laws ask for whose random scenarios are all to be drawn anew."""

from collections.abc import Iterator

import pytest
from hypothesis.internal.conjecture.engine import ConjectureRunner


@pytest.fixture(scope="module")
def no_mutants() -> Iterator[None]:
    """Spare Hypothesis its mutants.

    After each example it tries up to five copies of it in which one piece stands in place of another. For a strategy of
    hundreds of draws these are near-duplicates that take as long as the example: 60 scenarios with residents had 22
    different sets of mechanisms in them, and 57 without mutants. Where a later Hypothesis has no such method, the
    laws hold as well, of less varied scenarios.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ConjectureRunner, "generate_mutations_from", lambda _runner, _data: None, raising=False)
        yield
