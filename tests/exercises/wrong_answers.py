"""Typical wrong answers to the exercises, from one file a topic in `wrong/`."""

from __future__ import annotations

from typing import Any

from tests.exercises.wrong import (
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

TOPICS = (
    start,
    preprocessing,
    word2vec,
    vae,
    resnet,
    lstm,
    evaluation,
    bert,
    gan,
    attention,
    photographs,
    flow,
    vqa,
    studio,
    vr,
)

# Exercise → pairs of a wrong answer and a part of what `check` has to say about it.
WRONG: dict[str, list[tuple[Any, str]]] = {
    name: pairs for topic in TOPICS for name, pairs in topic.WRONG.items()
}
