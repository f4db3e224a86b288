"""A Fréchet distance between two sets of pictures, by the course's own features.

Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter 2017, "GANs Trained by a Two Time-Scale Update
Rule Converge to a Local Nash Equilibrium", equation 6, after Dowson and Landau 1982. Their "FID"
takes the features of one certain Inception network that was trained on ImageNet. These numbers come
from another network and other pictures: they can be compared with one another, and never with a
published FID.
"""

from __future__ import annotations

import numpy as np


def course_frechet_distance(features: np.ndarray, true_features: np.ndarray) -> float:
    """Return how far apart two clouds of features are, if each were a Gaussian.

    |m - m'|² + Tr(C + C' - 2 (C C')^½), with means m, m' and covariances C, C'. It is 0 for equal
    clouds. Few pictures make it too large, the more so the more features there are: compare only
    distances from equally many pictures, and hold them against the distance between two sets of
    true ones.

    Args:
        features: (N, D), such as of generated pictures.
        true_features: (M, D), of the same network.

    Raises:
        ValueError: shapes do not fit, there are fewer than two pictures, or a value is not finite.
    """
    ours, theirs = _checked(features, "features"), _checked(true_features, "true_features")
    if ours.shape[1] != theirs.shape[1]:
        raise ValueError(
            f"features and true_features must be of one network, got {ours.shape[1]} and "
            f"{theirs.shape[1]} numbers a picture"
        )
    apart = np.square(ours.mean(axis=0) - theirs.mean(axis=0)).sum()
    ours_centred, theirs_centred = _centred(ours), _centred(theirs)
    spread = np.square(ours_centred).sum() + np.square(theirs_centred).sum()  # Tr(C + C')
    return max(0.0, float(apart + spread - 2 * _shared_spread(ours_centred, theirs_centred)))


def _checked(features: np.ndarray, name: str) -> np.ndarray:
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"{name} must be (N, D) with N ≥ 2, got {features.shape}")
    if not np.isfinite(features).all():
        raise ValueError(f"{name} must be finite; one holds NaN or infinity")
    return features.astype(np.float64)


def _centred(features: np.ndarray) -> np.ndarray:
    """Return A, (N, D), whose AᵀA is the covariance."""
    return (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)


def _shared_spread(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return Tr((C C')^½), the sum of the singular values of A A'ᵀ.

    C C' = AᵀA A'ᵀA' has the eigenvalues of (A A'ᵀ)(A A'ᵀ)ᵀ, whose roots these are. Unlike a matrix
    square root this cannot turn complex where a covariance is singular.
    """
    # The R of A = QR has the same RᵀR, and no more rows than there are features.
    ours, theirs = np.linalg.qr(ours)[1], np.linalg.qr(theirs)[1]
    return float(np.linalg.norm(ours @ theirs.T, "nuc"))


def nearest_training_distance(
    pictures: np.ndarray, training: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far each picture is from the most similar one that a model was trained on.

    Args:
        pictures: (N, H, W, 3) uint8.
        training: (M, H, W, 3) uint8, of the same size.

    Returns:
        (N,) root mean squared differences, in grey levels 0 to 255; and (N,) the rows of those
        training pictures.

    Raises:
        ValueError: the sizes differ, or there are no training pictures.
    """
    if pictures.shape[1:] != training.shape[1:] or len(training) == 0:
        raise ValueError(f"training: {training.shape} does not fit pictures {pictures.shape}")
    ours = _as_rows(pictures)
    nearest = np.full(len(pictures), np.inf, np.float32)
    rows = np.zeros(len(pictures), np.int64)
    for start in range(0, len(training), 500):
        theirs = _as_rows(training[start : start + 500])
        # |a - b|² = |a|² - 2 a·b + |b|², and |a|² is the same for all b.
        distance = (theirs**2).sum(1) - 2 * ours @ theirs.T
        best = distance.argmin(1)
        closer = distance.min(1) < nearest
        nearest[closer], rows[closer] = distance.min(1)[closer], start + best[closer]
    difference = ours - _as_rows(training[rows])
    return np.sqrt((difference**2).mean(1)), rows


def _as_rows(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(len(pictures), -1).astype(np.float32) - 128


def edge_energy(pictures: np.ndarray) -> np.ndarray:
    """The mean squared step to the next pixel, to the right and down.

    A blurred edge spreads its step over several pixels, and the square of a sum is more than the
    sum of the squares. (Noise has steps, too: sharp is not the same as good.)

    Args:
        pictures: (N, H, W, 3) uint8.

    Returns:
        (N,) squared grey levels.

    Raises:
        ValueError: not pictures of at least 2 × 2 pixels.
    """
    if pictures.ndim != 4 or min(pictures.shape[1:3]) < 2:
        raise ValueError(f"pictures: (N, H, W, 3) is needed, got {pictures.shape}")
    values = pictures.astype(np.float32)
    right, down = np.diff(values, axis=2), np.diff(values, axis=1)
    return (right**2).mean(axis=(1, 2, 3)) + (down**2).mean(axis=(1, 2, 3))


def covered_modes(
    points: np.ndarray, centres: np.ndarray, radius: float, least: float = 0.2
) -> tuple[int, float]:
    """Count the modes that have their share of the points, and the points that are at a mode.

    Args:
        points: (N, D), drawn by a model.
        centres: (K, D), where the K modes are; all are equally probable.
        radius: a point that near to a centre is good.
        least: a mode counts as covered with this share of the N / K points that are due to it.

    Returns:
        0 to K, how many modes are covered; 0 to 1, the share of good points.

    Raises:
        ValueError: there are no points, or centres of another dimension.
    """
    if not len(points) or points.shape[1:] != centres.shape[1:]:
        raise ValueError(f"points {points.shape} do not fit centres {centres.shape}")
    distance = np.linalg.norm(points[:, None] - centres, axis=2)  # (N, K)
    good = distance.min(axis=1) < radius
    found = np.bincount(distance.argmin(axis=1)[good], minlength=len(centres))
    return int((found >= least * len(points) / len(centres)).sum()), float(good.mean())
