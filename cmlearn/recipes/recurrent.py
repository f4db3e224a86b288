"""The recipe of notebook 09's captioners, which differ in what they remember with."""

from __future__ import annotations

from cmlearn.data.grammar import CAPTIONS_PER_SCENE
from cmlearn.data.storybook import load_storybook
from cmlearn.models.captioner import caption_loss
from cmlearn.models.recurrent_captioner import NETWORKS, RecurrentCaptioner, RecurrentConfig
from cmlearn.recipes.captioner import BATCH_SIZE, LEARNING_RATE, scores
from cmlearn.recipes.eyes import grid_features
from cmlearn.text.vocabulary import Vocabulary
from cmlearn.training.batches import one_caption_each, shuffled_batches
from cmlearn.training.loop import fit
from cmlearn.training.runtime import generator, seed_all

NOTEBOOK_STEPS = 300  # what notebook 09 has time for, four times
HIDDEN_DIM = 128


def notebook_scores(seed: int) -> dict[str, float]:
    """What the captioners of notebook 09 reach from another seed, without looks and with two."""
    found: dict[str, float] = {}
    for recurrent, num_looks in [*((name, 0) for name in NETWORKS), ("lstm", 2)]:
        model, vocabulary = fitted(recurrent, NOTEBOOK_STEPS, seed, num_looks=num_looks)
        reached = scores(model, vocabulary)
        found |= {f"{recurrent}_{num_looks}_{score}": rate for score, rate in reached.items()}
    return found


def fitted(
    recurrent: str, steps: int, seed: int, *, num_looks: int = 0
) -> tuple[RecurrentCaptioner, Vocabulary]:
    """Return a captioner trained for so many steps, with its vocabulary.

    Args:
        recurrent: one of `NETWORKS`.
        steps: of `BATCH_SIZE` pictures each.
        seed: of the first weights and of the order of the pictures.
        num_looks: how often each word looks at the places.
    """
    data = load_storybook("train")
    told = [caption for captions in data.captions for caption in captions]
    vocabulary = Vocabulary.from_captions(told)
    arrays = {
        "features": grid_features("train"),
        "tokens": vocabulary.encode_batch(told).view(len(data), CAPTIONS_PER_SCENE, -1),
    }
    seed_all(seed)
    sizes = {"hidden_dim": HIDDEN_DIM, "num_looks": num_looks}
    model = RecurrentCaptioner(RecurrentConfig(len(vocabulary), recurrent=recurrent, **sizes))
    batches = shuffled_batches(arrays, BATCH_SIZE, generator(seed))
    fit(
        model,
        caption_loss,
        one_caption_each(batches, generator(seed + 1)),
        steps=steps,
        learning_rate=LEARNING_RATE,
        description=f"{recurrent}, {num_looks} looks",
    )
    return model, vocabulary
