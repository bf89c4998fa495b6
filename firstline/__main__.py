"""Start the command line: ``python -m firstline``."""

from __future__ import annotations

import sys
from io import TextIOWrapper


def main() -> None:
    """Run the command line and leave with its exit code: 0, 1 (ran, something failed) or 2 (bad input)."""
    from firstline.cli import app
    from sim.errors import FirstlineError, InputError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot write a dash shows a question mark
    try:
        app()
    except InputError as error:
        for problem in error.problems:
            print(f"error: {error.source}: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
    except FirstlineError as error:
        print(f"failed: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except OSError as error:  # a full disk, a folder that has gone
        print(f"failed: {error.strerror or error}{f': {error.filename}' if error.filename else ''}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
