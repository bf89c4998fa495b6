"""What test files share asserts as they do: a failure shows both sides. Random examples are the same in every run."""

from collections.abc import Iterator

import pytest
from hypothesis.internal.conjecture import providers

pytest.register_assert_rewrite("tests.laws.checks", "tests.laws.strain_checks", "tests.mechanisms.pairs")


@pytest.fixture(scope="session", autouse=True)
def same_draws() -> Iterator[None]:
    """Keep Hypothesis from constants of other modules.

    Now and then it draws a number that it has read in some loaded module, so that derandomised examples depend on which
    tests ran before, and a failure of the whole suite cannot be seen again in one file. It remembers what it read: that
    is forgotten first. Where a later Hypothesis has no such function, the tests hold as well.
    """
    with pytest.MonkeyPatch.context() as patch:
        none = type(providers.GLOBAL_CONSTANTS)() if hasattr(providers, "GLOBAL_CONSTANTS") else None
        if none is not None and hasattr(providers, "CONSTANTS_CACHE"):
            patch.setattr(providers, "_get_local_constants", lambda: none, raising=False)
            providers.CONSTANTS_CACHE.cache.clear()
        yield
