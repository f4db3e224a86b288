"""Typical wrong answers to the exercises of the topic studio."""

from __future__ import annotations

from typing import Any

import numpy as np

# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    "studio.changed_area": [
        (lambda a, b, least: ((a - b).max(axis=2) > least).mean(), "wraps round"),
        (lambda a, b, least: ((b.astype(int) - a).max(axis=2) > least).mean(), "darker"),
        (lambda a, b, least: (np.abs(b.astype(int) - a) > least).mean(), "darker"),
        (lambda a, b, least: (np.abs(b.astype(int) - a).max(axis=2) > least).sum(), "share"),
    ],
    "studio.kept_share": [
        (lambda a, b: np.mean([b[t] for t in a if t in b]), "did not hold before"),
        (lambda a, b: np.mean([b.get(t, False) for t in a if a[t]]), "both sentences"),
        (lambda a, b: np.mean([*b.values()]), "new claim"),
        (lambda a, b: sum(a[t] and b[t] for t in a if t in b), "share"),
    ],
    "studio.mix_predictions": [
        (lambda n, a, b, mix, w: (1 - mix) * a + mix * b, "Guidance is missing"),
        (lambda n, a, b, mix, w: n + w * (mix * a + (1 - mix) * b - n), "At mix 0"),
        (lambda n, a, b, mix, w: w * ((1 - mix) * a + mix * b), "unconditional"),
        (lambda n, a, b, mix, w: n + w * (a - n), "weighted mean"),
    ],
    "studio.chosen_score": [
        (lambda c, r: c[range(len(c)), c.argmax(1)].mean(), "its own choice"),
        (lambda c, r: r.any(axis=1).mean(), "reporter choose"),
        (lambda c, r: r.mean(), "all samples"),
        (lambda c, r: (r[range(len(c)), c.argmax(1)] & c.any(1)).mean(), "accepts none"),
    ],
    "studio.farthest_first": [
        (lambda d: np.argsort(-d[0]), "stays first"),
        (lambda d: [0, *(np.argsort(-d[0, 1:]) + 1)], "picture 0 only"),
        (lambda d: np.argsort(d[0]), "take the nearest"),
        (lambda d: [0, 3, 3, 4, 1], "once"),
    ],
}
