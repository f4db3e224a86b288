"""Pairs the words of two sentences, each at most once, so that they fall into few chunks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

BEAM = 500  # unfinished alignments that are followed; captions rarely need a tenth of it

Pairs = tuple[tuple[int, int], ...]  # (place on the left, place on the right)
State = tuple[int, int | None]  # used words of the right as bits, place there of the last pair
Cost = tuple[int, int, int]  # -pairs, -pairs of equal words, chunks: the least is the best


def align_words(
    left: Sequence[str], right: Sequence[str], left_stems: Sequence[str], right_stems: Sequence[str]
) -> Pairs:
    """Pair words of equal stem, in as few chunks as can be.

    The most pairs come first, then the most pairs of equal words, then the fewest chunks: runs of
    pairs that stand side by side in both sentences. The left sentence is read word by word; of
    the unfinished alignments that have used the same words of the right one only the best is kept.
    The answer is exact as long as there are no more than `BEAM` of them.

    Args:
        left: T words.
        right: U words.
        left_stems: their T stems.
        right_stems: their U stems.

    Returns:
        (place in `left`, place in `right`) of each pair, in the order of `left`.
    """
    spare = Counter(left_stems) - Counter(right_stems)  # words that will find no partner
    paths: dict[State, tuple[Cost, Pairs]] = {(0, None): ((0, 0, 0), ())}
    for i, stem in enumerate(left_stems):
        partners = [j for j, other in enumerate(right_stems) if other == stem]
        following: dict[State, tuple[Cost, Pairs]] = {}
        for (used, last), (cost, pairs) in paths.items():
            if not partners or spare[stem]:
                _keep_best(following, (used, None), cost, pairs)
            for j in partners:
                if not used >> j & 1:
                    equal, new_chunk = left[i] == right[j], last is None or j != last + 1
                    costs = (cost[0] - 1, cost[1] - equal, cost[2] + new_chunk)
                    _keep_best(following, (used | 1 << j, j), costs, (*pairs, (i, j)))
        paths = dict(sorted(following.items(), key=lambda path: path[1][0])[:BEAM])
    return min(paths.values())[1]


def _keep_best(
    paths: dict[State, tuple[Cost, Pairs]], state: State, cost: Cost, pairs: Pairs
) -> None:
    if state not in paths or cost < paths[state][0]:
        paths[state] = (cost, pairs)


def count_chunks(pairs: Pairs) -> int:
    """Return in how many runs the pairs fall that stand side by side in both sentences."""
    continued = {(i + 1, j + 1) for i, j in pairs}
    return sum(pair not in continued for pair in pairs)
