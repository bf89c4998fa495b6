"""Start the command line: ``python -m firstline``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code: 0, 1 (ran, something failed) or 2 (bad input)."""
    from firstline.cli import app
    from sim.errors import FirstlineError, InputError

    try:
        app()
    except InputError as error:
        for problem in error.problems:
            print(f"error: {error.source}: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
    except FirstlineError as error:
        print(f"failed: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
