"""Every exercise that can be checked, by its name."""

from __future__ import annotations

from cmlearn.exercises import attention, bert, evaluation, flow, photographs
from cmlearn.exercises.checking import Check

CHECKS: dict[str, Check] = {
    **evaluation.CHECKS,
    **bert.CHECKS,
    **attention.CHECKS,
    **photographs.CHECKS,
    **flow.CHECKS,
}
