"""Every exercise that can be checked, by its name."""

from __future__ import annotations

from cmlearn.exercises import flow, studio
from cmlearn.exercises.checking import Check

CHECKS: dict[str, Check] = {**flow.CHECKS, **studio.CHECKS}
