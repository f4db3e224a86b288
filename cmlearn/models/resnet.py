"""ResNet-18, an image encoder trained by multi-label classification.

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
        num_labels: number of labels, and of logits.
        width: channels of the first stage; each of the next three doubles them.
        stem_stride: stride of the first convolution; 1 doubles the resolution of every grid.
        last_stride: stride of the last stage; 1 doubles the resolution of class activation maps.
    """

    num_labels: int = 24
    width: int = 64
    stem_stride: int = 2
    last_stride: int = 2


class BasicBlock(nn.Module):
    """A residual block: two 3 × 3 convolutions and a shortcut (He et al. 2016, figure 2).

    Args:
        in_channels: channels of the input.
        channels: channels of the output.
        stride: of the first convolution.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != channels:
            # The sum needs equal shapes, which a 1 × 1 convolution gives the shortcut.
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
                # He et al. 2015: keeps the variance of the activations constant through ReLUs.
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Classify images from `prepare`: (B, 3, H, W) -> logits (B, num_labels)."""
        return self.fc(self.features(images)[1])

    def features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the features of images, one grid and one vector each.

        Args:
            images: (B, 3, H, W) float from `prepare`.

        Returns:
            grid: (B, 4 width, H / 16, W / 16), the output of the third stage; by default
                (B, 256, 4, 4) for 64 × 64 images.
            pooled: (B, 8 width), the output of the last stage after global average pooling; by
                default (B, 512).
        """
        grid, last = self._grids(images)
        return grid, last.mean(dim=(2, 3))

    def _grids(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The outputs of the third and of the last stage."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(images))))  # (B, width, H / 4, W / 4)
        grid = self.layer3(self.layer2(self.layer1(x)))  # (B, 4 width, H / 16, W / 16)
        return grid, self.layer4(grid)  # (B, 8 width, H / 32, W / 32)


class LastStage(nn.Module):
    """A ResNet-18 whose feature grid is the output of the last stage, not of the third.

    Args:
        network: the ResNet-18, in eval mode.
    """

    def __init__(self, network: ResNet18) -> None:
        super().__init__()
        self.network = network
        self.train(network.training)

    def features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the features of images.

        Args:
            images: (B, 3, H, W) float from `prepare`.

        Returns:
            grid: (B, 8 width, H / 32, W / 32), by default (B, 512, 7, 7) for 224 × 224 images.
            pooled: (B, 8 width), the mean of the grid's cells.
        """
        _, last = self.network._grids(images)
        return last, last.mean(dim=(2, 3))


def _stage(in_channels: int, channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(BasicBlock(in_channels, channels, stride), BasicBlock(channels, channels))


def prepare(images: Tensor) -> Tensor:
    """Prepare images for the network: uint8 (B, H, W, 3) -> float32 (B, 3, H, W).

    The values are normalised by ImageNet's mean and standard deviation. The memory format is
    channels_last, in which convolutions on a CPU are faster.
    """
    tensor = normalise(to_tensor(images), IMAGENET_MEAN, IMAGENET_STD)
    return tensor.contiguous(memory_format=torch.channels_last)


def label_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Binary cross-entropy of multi-label classification.

    Args:
        model: images -> logits (B, num_labels).
        batch: "images" uint8 (B, H, W, 3), "labels" (B, num_labels) of 0 and 1.

    Returns:
        loss: binary cross-entropy in nats, the mean over labels and images.
        exact: share of images with every label right, 0 to 1.
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
    """Compute each grid cell's contribution to the logit of a label.

    Zhou et al. 2016, "Learning deep features for discriminative localization" (CVPR), equation 2.
    The mean of the map, plus the bias of the label, is the logit.

    Args:
        model: in eval mode.
        images: (B, 3, H, W) float from `prepare`.
        label: the label's index, 0 to num_labels - 1.

    Returns:
        (B, h, w) float, in the resolution of the last stage: h = H / 32 by default.

    Raises:
        ValueError: there is no such label.
    """
    if not 0 <= label < model.config.num_labels:
        raise ValueError(f"label must be 0 to {model.config.num_labels - 1}, got {label}")
    last = model._grids(images.to(device_of(model)))[1]  # (B, D, h, w)
    return torch.einsum("bdhw,d->bhw", last, model.fc.weight[label])
