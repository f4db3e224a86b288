"""Tests of cmlearn.evaluation.retrieval."""

import pytest
import torch

from cmlearn.evaluation.retrieval import label_precision, nearest_neighbours, recall_at_k

GALLERY = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-1.0, 0.0], [5.0, 0.0]])


def test_neighbours_by_direction_not_length() -> None:
    found = nearest_neighbours(torch.tensor([[0.1, 0.2], [-3.0, 0.1]]), GALLERY, 2)
    assert found.tolist() == [[2, 1], [3, 1]]


def test_ties_come_in_the_order_of_the_gallery() -> None:
    assert nearest_neighbours(torch.tensor([[2.0, 0.0]]), GALLERY, 3).tolist() == [[0, 4, 2]]


def test_the_query_itself_is_no_answer() -> None:
    found = nearest_neighbours(GALLERY, GALLERY, 4, exclude=torch.arange(5))
    assert all(row not in answers for row, answers in enumerate(found.tolist()))
    assert found[0].tolist() == [4, 2, 1, 3]


def test_a_zero_vector_is_near_nobody_but_does_no_harm() -> None:
    assert nearest_neighbours(torch.zeros(1, 2), GALLERY, 2).tolist() == [[0, 1]]


def test_label_precision_counts_what_is_shared() -> None:
    gallery = torch.tensor([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]])
    query = torch.tensor([[1, 0, 0, 1], [0, 1, 0, 0], [1, 1, 1, 1]])
    neighbours = torch.tensor([[0, 1], [0, 1], [2, 2]])
    assert label_precision(query, gallery, neighbours).tolist() == [0.25, 0.5, 0.0]


def test_label_precision_of_oneself_is_one() -> None:
    labels = torch.eye(4)
    assert label_precision(labels, labels, torch.arange(4).unsqueeze(1)).tolist() == [1] * 4


def test_recall_at_k() -> None:
    neighbours = torch.tensor([[3, 1, 2], [0, 4, 5], [7, 8, 9], [6, 2, 1]])
    answers = torch.tensor([3, 5, 0, 2])
    assert [recall_at_k(neighbours, answers, k) for k in (1, 2, 3)] == [0.25, 0.5, 0.75]


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got \(5, 2\) and \(5, 3\)"):
        nearest_neighbours(GALLERY, torch.ones(5, 3), 1)
    with pytest.raises(ValueError, match="count must be 1 to 4"):
        nearest_neighbours(GALLERY, GALLERY, 5, exclude=torch.arange(5))
    with pytest.raises(ValueError, match="finite"):
        nearest_neighbours(GALLERY / 0, GALLERY, 1)
    with pytest.raises(ValueError, match="k must be 1 to 2"):
        recall_at_k(torch.zeros(3, 2), torch.zeros(3), 3)
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(2,\)"):
        recall_at_k(torch.zeros(3, 2), torch.zeros(2), 1)
