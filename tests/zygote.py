"""A process that has imported everything, and forks for each command: no command takes two seconds for that.

It reads one JSON object a line (``arguments``, ``cwd``, ``stdout``, ``stderr``: the two are files) and writes the exit
code. The forked process is as one of its own: its folder, its streams, its arguments; what it loads goes with it.
That importing is light where it must be is ``test_architecture``'s to say. ``tests.command`` starts it.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import sys


def preload() -> None:
    """Import what commands import."""
    import jinja2
    import matplotlib.figure
    import optuna
    import pyarrow.parquet
    import SALib.analyze.morris
    import scipy.stats

    import analysis.calibrate
    import analysis.comparison_figures
    import analysis.experiment_report
    import analysis.optimise
    import analysis.report
    import analysis.sensitivity
    import firstline.cli
    import sim.model

    del jinja2, matplotlib, optuna, pyarrow, SALib, scipy, analysis, firstline, sim


def become(asked: dict[str, object]) -> None:
    """Carry out a command in this process, as ``python -m firstline`` does."""
    os.chdir(str(asked["cwd"]))
    streams = (os.devnull, os.O_RDONLY), (asked["stdout"], os.O_WRONLY), (asked["stderr"], os.O_WRONLY)
    for number, (name, mode) in enumerate(streams):
        os.dup2(os.open(str(name), mode), number)
    sys.path[0] = str(asked["cwd"])
    sys.argv = ["firstline", *map(str, asked["arguments"])]  # type: ignore[call-overload]
    runpy.run_module("firstline", run_name="__main__", alter_sys=True)


def main() -> None:
    """Serve until nobody asks any more."""
    preload()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            become(json.loads(line))
            return
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
