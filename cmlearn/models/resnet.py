"""ResNet-18: a picture becomes vectors, after learning to name what is in it.

He, Zhang, Ren & Sun 2016, "Deep residual learning for image recognition" (CVPR). The names of the
weights are torchvision's, so that weights trained on ImageNet load strictly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cmlearn.data.images import IMAGENET_MEAN, IMAGENET_STD, normalise, to_tensor
from cmlearn.models.device import device_of


@dataclass(frozen=True)
class ResNetConfig:
    """The sizes of a ResNet-18; the defaults, with 1,000 labels, are the published network.

    Attributes:
        num_labels: how many words it can say of a picture.
        width: channels of the first stage; each of the next three doubles them.
        stem_stride: step of the first convolution; 1 keeps every grid twice as fine.
        last_stride: step into the last stage; 1 keeps the map of where it looks twice as fine.
    """

    num_labels: int = 24
    width: int = 64
    stem_stride: int = 2
    last_stride: int = 2


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions whose result is added to what came in (He et al. 2016, figure 2).

    Args:
        in_channels: channels that come in.
        channels: channels that go out.
        stride: step of the first convolution.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != channels:
            # The sum needs equal shapes: a 1 x 1 convolution brings the shortcut to them.
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return F(x) + x: (B, in_channels, H, W) -> (B, channels, H / stride, W / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(x)) + shortcut)


class ResNet18(nn.Module):
    """Eighteen layers with weights: a stem, four stages of two blocks, one linear layer.

    Args:
        config: the sizes.
    """

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.conv1 = nn.Conv2d(3, width, 7, config.stem_stride, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(width, width, stride=1)
        self.layer2 = _stage(width, 2 * width, stride=2)
        self.layer3 = _stage(2 * width, 4 * width, stride=2)
        self.layer4 = _stage(4 * width, 8 * width, stride=config.last_stride)
        self.fc = nn.Linear(8 * width, config.num_labels)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # He et al. 2015, so that signals keep their size through ReLUs.
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Return one logit for each label: prepared images (B, 3, H, W) -> (B, num_labels)."""
        return self.fc(self.features(images)[1])

    def features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the network sees before it decides on labels.

        Args:
            images: (B, 3, H, W) float from `prepare`.

        Returns:
            grid: (B, 4 width, H / 16, W / 16), the third stage: what is where. Of the default
                config (B, 256, 4, 4) for 64 x 64 pictures.
            pooled: (B, 8 width), the last stage averaged over places: what, but not where.
                Of the default config (B, 512).
        """
        grid, last = self._grids(images)
        return grid, last.mean(dim=(2, 3))

    def _grids(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs of the third and of the last stage."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(images))))  # (B, width, H / 4, W / 4)
        grid = self.layer3(self.layer2(self.layer1(x)))  # (B, 4 width, H / 16, W / 16)
        return grid, self.layer4(grid)  # (B, 8 width, H / 32, W / 32)


def _stage(in_channels: int, channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(BasicBlock(in_channels, channels, stride), BasicBlock(channels, channels))


def prepare(images: Tensor) -> Tensor:
    """Return pictures as the network takes them: uint8 (B, H, W, 3) -> float32 (B, 3, H, W).

    Normalised by ImageNet's mean and deviation, once, and laid out channels_last in memory, in
    which convolutions on a CPU are faster.
    """
    tensor = normalise(to_tensor(images), IMAGENET_MEAN, IMAGENET_STD)
    return tensor.contiguous(memory_format=torch.channels_last)


def label_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return how wrong a network is about which labels are true of its pictures.

    Args:
        model: images -> logits (B, num_labels).
        batch: "images" uint8 (B, H, W, 3), "labels" (B, num_labels) of 0 and 1.

    Returns:
        loss: binary cross-entropy in nats, the mean over labels and pictures.
        exact: share of pictures with every label right, 0 to 1.
    """
    logits = model(prepare(batch["images"]))
    labels = batch["labels"].to(logits.dtype)
    right = (logits > 0) == (labels > 0.5)
    return {
        "loss": F.binary_cross_entropy_with_logits(logits, labels),
        "exact": right.all(dim=1).float().mean(),
    }


@torch.no_grad()
def class_activation_map(model: ResNet18, images: Tensor, label: int) -> Tensor:
    """Return what each place adds to the logit of a label (Zhou et al. 2016, equation 2).

    The mean of the map over its places, with the bias of the label, is the logit.

    Args:
        model: in eval mode.
        images: (B, 3, H, W) float from `prepare`.
        label: which logit, 0 to num_labels - 1.

    Returns:
        (B, h, w) float, as coarse as the last stage: h = H / 32 by default.
    """
    if not 0 <= label < model.config.num_labels:
        raise ValueError(f"label must be 0 to {model.config.num_labels - 1}, got {label}")
    last = model._grids(images.to(device_of(model)))[1]  # (B, D, h, w)
    return torch.einsum("bdhw,d->bhw", last, model.fc.weight[label])
