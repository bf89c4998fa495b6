"""Firstline on the workload: a scenario in its own words, every table recorded and written."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.engines._cli import main_for
from benchmarks.workload import WORKLOAD
