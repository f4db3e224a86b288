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
