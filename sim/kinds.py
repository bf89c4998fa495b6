"""The kinds of files beside scenarios: which are shipped, which one a name means, and what each must begin with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim import files
from sim.errors import InputError, Problem, nearest
from sim.spec.experiment import Lines
from sim.units import clip, found


@dataclass(frozen=True)
class Kind:
    """One kind of file: the key that tells it from others, its word, its folder, and what its files hold."""

    key: str
    word: str
    folder: str
    wanted: str

    @property
    def named(self) -> str:
        """The word with its article."""
        return f"a{'n' if self.word[0] in 'aeiou' else ''} {self.word}"

    def shipped(self) -> dict[str, Path]:
        """Return the shipped files of the kind by name."""
        return {path.stem: path for path in sorted((files.SHIPPED / self.folder).glob("*.yaml"))}

    def find(self, name: str | Path) -> Path:
        """Return the path of a file, or of a shipped one by name; raises InputError for neither."""
        known = self.shipped()
        if str(name) in known:
            return known[str(name)]
        if Path(name).suffix in (".yaml", ".yml"):
            return Path(name)
        said = f"no {self.word} file or shipped {self.word} has this name{nearest(clip(str(name)), known)}"
        raise InputError(clip(str(name)), [Problem("", said)])

    def holds(self, name: str | Path) -> bool:
        """Tell whether a name on the command line is of this kind; raises InputError for a file with no YAML."""
        if Path(name).suffix not in (".yaml", ".yml"):
            return str(name) in self.shipped() and str(name) not in files.shipped()
        data, _ = files.read_yaml(Path(name))
        return isinstance(data, dict) and self.key in data

    def read(self, name: str | Path) -> tuple[Path, dict[str, Any], Lines]:
        """Return the path of a file, what it holds, and its lines; raises InputError for a file of another kind."""
        path = self.find(name)
        data, lines = files.read_yaml(path)
        if isinstance(data, dict) and self.key in data:
            return path, data, lines
        looks = {kind.key: kind.named for kind in KINDS} | {"world": "a scenario"}
        other = next((named for key, named in looks.items() if isinstance(data, dict) and key in data), None)
        said = f"; this looks like {other}" if other else f"; found {found(data)}"
        raise InputError(str(path), [Problem("", f"a map with the keys {self.wanted} is wanted{said}")])


EXPERIMENT = Kind("experiment", "experiment", files.EXPERIMENTS, "experiment, base, variants and outcomes")
DESIGN = Kind("sensitivity", "design", files.DESIGNS, "sensitivity, base, method, factors and outcomes")
QUESTION = Kind("optimise", "question", files.QUESTIONS, "optimise, base, decide, subject_to and least (or best)")
CALIBRATION = Kind("calibrate", "calibration", files.CALIBRATIONS, "calibrate, base, parameters and observed (or log)")
BACKTEST = Kind("backtest", "back-test", files.BACKTESTS, "backtest, target, train, predict and crews")
KINDS = (EXPERIMENT, DESIGN, QUESTION, CALIBRATION, BACKTEST)
