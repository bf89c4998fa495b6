"""What test files share asserts as they do: a failure shows both sides."""

import pytest

pytest.register_assert_rewrite("tests.laws.checks", "tests.laws.strain_checks", "tests.mechanisms.pairs")
