"""Every exercise that can be checked, by its name."""

from __future__ import annotations

from cmlearn.exercises import (
    attention,
    bert,
    evaluation,
    flow,
    gan,
    lstm,
    photographs,
    preprocessing,
    resnet,
    start,
    studio,
    vae,
    vqa,
    vr,
    word2vec,
)
from cmlearn.exercises.checking import Check

CHECKS: dict[str, Check] = {
    **start.CHECKS,
    **preprocessing.CHECKS,
    **word2vec.CHECKS,
    **vae.CHECKS,
    **resnet.CHECKS,
    **lstm.CHECKS,
    **evaluation.CHECKS,
    **bert.CHECKS,
    **gan.CHECKS,
    **attention.CHECKS,
    **photographs.CHECKS,
    **flow.CHECKS,
    **vqa.CHECKS,
    **studio.CHECKS,
    **vr.CHECKS,
}
