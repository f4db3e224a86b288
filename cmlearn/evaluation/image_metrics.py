"""Image metrics: Fréchet distance, and distance to the nearest training picture."""

from __future__ import annotations

import numpy as np

TRAINING_CHUNK = 500  # training pictures compared at once; bounds the memory


def course_frechet_distance(features: np.ndarray, true_features: np.ndarray) -> float:
    """Return the Fréchet distance between two sets of features, each modelled as a Gaussian.

    |m - m'|² + Tr(C + C' - 2 (C C')^½), with means m, m' and covariances C, C' (Heusel, Ramsauer,
    Unterthiner, Nessler and Hochreiter 2017, "GANs Trained by a Two Time-Scale Update Rule Converge
    to a Local Nash Equilibrium", equation 6; Dowson and Landau 1982).

    This is not FID: FID uses the features of one Inception network trained on ImageNet. Never
    compare these values with a published FID. The estimate is biased upwards for small N, more so
    for large D, so compare only sets of equal size, and report the distance between two sets of
    real pictures as the reference.

    Args:
        features: (N, D) float, such as features of generated pictures.
        true_features: (M, D) float, features of real pictures from the same network.

    Returns:
        The distance, 0 for identical sets.

    Raises:
        ValueError: shapes do not fit, a set has fewer than two rows, or a value is not finite.
    """
    ours, theirs = _checked(features, "features"), _checked(true_features, "true_features")
    if ours.shape[1] != theirs.shape[1]:
        raise ValueError(
            f"features and true_features must be of one network, got {ours.shape[1]} and "
            f"{theirs.shape[1]} features a picture"
        )
    mean_distance = np.square(ours.mean(axis=0) - theirs.mean(axis=0)).sum()
    ours_centred, theirs_centred = _centred(ours), _centred(theirs)
    traces = np.square(ours_centred).sum() + np.square(theirs_centred).sum()  # Tr(C + C')
    return max(0.0, float(mean_distance + traces - 2 * _root_trace(ours_centred, theirs_centred)))


def nearest_training_distance(
    pictures: np.ndarray, training: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest training picture of each generated one, to detect memorisation.

    Args:
        pictures: (N, H, W, 3) uint8.
        training: (M, H, W, 3) uint8, of the same size.

    Returns:
        (N,) float32 root mean squared differences, in grey levels 0 to 255, and (N,) int64 row
        indices into `training`.

    Raises:
        ValueError: the sizes differ, or there are no training pictures.
    """
    if pictures.shape[1:] != training.shape[1:] or len(training) == 0:
        raise ValueError(f"training: {training.shape} does not fit pictures {pictures.shape}")
    ours = _as_rows(pictures)
    nearest = np.full(len(pictures), np.inf, np.float32)
    rows = np.zeros(len(pictures), np.int64)
    for start in range(0, len(training), TRAINING_CHUNK):
        theirs = _as_rows(training[start : start + TRAINING_CHUNK])
        # |a - b|² = |a|² - 2 a·b + |b|², and |a|² is the same for all b.
        distance = (theirs**2).sum(1) - 2 * ours @ theirs.T
        best = distance.argmin(1)
        closer = distance.min(1) < nearest
        nearest[closer], rows[closer] = distance.min(1)[closer], start + best[closer]
    difference = ours - _as_rows(training[rows])
    return np.sqrt((difference**2).mean(1)), rows


def _checked(features: np.ndarray, name: str) -> np.ndarray:
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"{name} must be (N, D) with N ≥ 2, got {features.shape}")
    if not np.isfinite(features).all():
        raise ValueError(f"{name} must be finite; it holds NaN or infinity")
    return features.astype(np.float64)


def _centred(features: np.ndarray) -> np.ndarray:
    """Return A, (N, D), such that AᵀA is the covariance."""
    return (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)


def _root_trace(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return Tr((C C')^½) as the sum of the singular values of A A'ᵀ.

    C C' = AᵀA A'ᵀA' has the same non-zero eigenvalues as (A A'ᵀ)(A A'ᵀ)ᵀ, and their square roots
    are these singular values. Unlike a matrix square root, the sum stays real where a covariance
    is singular.
    """
    # The R of A = QR has the same RᵀR, and at most D rows.
    ours, theirs = np.linalg.qr(ours)[1], np.linalg.qr(theirs)[1]
    return float(np.linalg.norm(ours @ theirs.T, "nuc"))


def _as_rows(pictures: np.ndarray) -> np.ndarray:
    """Flatten and centre around 0, which keeps the float32 products small."""
    return pictures.reshape(len(pictures), -1).astype(np.float32) - 128
