"""A captioner small enough to learn three captions in a second, shared by its tests."""

import torch

from cmlearn.models.captioner import BOS, EOS, PAD, Captioner, CaptionerConfig

CONFIG = CaptionerConfig(
    vocab_size=11, channels=5, num_cells=6, cell_dim=9, embed_dim=7, hidden_dim=32
)
TOKENS = torch.tensor([[BOS, 4, 5, 6, EOS], [BOS, 7, EOS, PAD, PAD], [BOS, 8, 9, EOS, PAD]])
FEATURES = torch.randn(3, 5, 2, 3, generator=torch.Generator().manual_seed(1))


def new_captioner(config: CaptionerConfig = CONFIG) -> Captioner:
    torch.manual_seed(0)
    return Captioner(config).eval()
