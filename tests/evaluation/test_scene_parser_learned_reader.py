"""The learned judge as a reader of pictures, and the one that ships."""

import numpy as np
import pytest
import torch

from cmlearn.data.folders import checkpoint_folder
from cmlearn.data.images import blur
from cmlearn.data.storybook.dataset import load_storybook
from cmlearn.evaluation.claim_accuracy import SceneParser
from cmlearn.evaluation.scene_parser import classifier_parser
from cmlearn.models.scene_classifier import SceneClassifier, SceneClassifierConfig
from cmlearn.training.checkpoint import load_checkpoint


@pytest.fixture(scope="module")
def shipped() -> SceneParser:
    return classifier_parser(
        load_checkpoint(
            checkpoint_folder() / "scene_classifier", SceneClassifier, SceneClassifierConfig
        )[0]
    )


def share_exact(reader: SceneParser, pictures: np.ndarray, scenes) -> float:
    pairs = zip(reader(pictures), scenes, strict=True)
    return float(np.mean([read is not None and read.content == s.content for read, s in pairs]))


@pytest.mark.parametrize("split", ["test", "novel"])
def test_the_shipped_judge_reads_scenes_exactly(shipped, split):
    data = load_storybook(split)
    pictures, scenes = np.asarray(data.images[:300]), data.scenes[:300]
    assert share_exact(shipped, pictures, scenes) >= 0.98
    assert share_exact(shipped, blur(pictures[:100], 1.0), scenes[:100]) >= 0.95


def test_the_shipped_judge_refuses_what_is_no_scene(shipped):
    data = load_storybook("test")
    blended = data.images[:100] // 2 + data.images[100:200] // 2
    assert share_exact(shipped, blended, data.scenes[:100]) <= 0.05


def test_an_unsure_judge_reads_nothing():
    torch.manual_seed(0)
    untrained = SceneClassifier(SceneClassifierConfig(9, 6, 2, 3, 4, width=4, hidden_dim=8)).eval()
    pictures = np.zeros((3, 64, 64, 3), np.uint8)
    assert classifier_parser(untrained)(pictures) == [None] * 3
    assert classifier_parser(untrained)(pictures[:0]) == []


def test_how_sure_it_must_be_is_a_choice(shipped):
    data = load_storybook("test")
    model = load_checkpoint(
        checkpoint_folder() / "scene_classifier", SceneClassifier, SceneClassifierConfig
    )[0]
    mush = blur(np.asarray(data.images[:50]), 3.0)
    counts = [
        sum(r is None for r in classifier_parser(model, sure)(mush)) for sure in (0, 0.9, 1.01)
    ]
    assert counts[0] <= counts[1] <= counts[2] == 50
