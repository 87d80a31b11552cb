"""The numbers of an evaluation."""

import json

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mnist_model.dataset import Split
from mnist_model.errors import MnistError
from mnist_model.evaluation import Evaluation, Families, Rejection, evaluate, evaluate_non_digits
from mnist_model.metrics import Share
from mnist_model.predictor import Predictor
from mnist_model.scores import Scores


def scores(digits: list[int], confidences: list[float], log_odds: list[float]) -> Scores:
    """Probabilities of which the likeliest is given, the others alike."""
    rows = [[(1 - confidence) / 9] * 10 for confidence in confidences]
    for row, digit, confidence in zip(rows, digits, confidences, strict=True):
        row[digit] = confidence
    return Scores(np.array(rows, np.float32), np.array(log_odds, np.float32))


def inked(count: int) -> NDArray[np.uint8]:
    return np.full((count, 28, 28), 9, np.uint8)


SMALL = Evaluation(
    images=inked(5),
    scores=scores([0, 6, 1, 1, 9], [0.9, 0.6, 0.8, 0.95, 0.7], [3, 2, -1, 4, 0]),
    min_log_odds=1.0,
    labels=np.array([0, 0, 1, 7, 7]),
)
NON_DIGITS = Rejection(
    images=inked(4),
    scores=scores([8, 0, 3, 3], [0.95, 0.5, 0.92, 0.3], [2.5, -2, 1, 0.5]),
    min_log_odds=1.0,
    kinds=("cat", "dog", "cat", "ant"),
)


def test_accuracy_recall_and_confusion_are_counted() -> None:
    """Checked by hand on five images."""
    assert SMALL.accuracy == pytest.approx(2 / 5)
    assert SMALL.confusion[0].tolist() == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert SMALL.confusion[7, [1, 9]].tolist() == [1, 1]
    assert SMALL.confusion.sum() == 5
    assert [SMALL.recall[digit] for digit in (0, 1, 7)] == [Share(1, 2), Share(1, 1), Share(0, 2)]
    assert {SMALL.recall[digit] for digit in (2, 3, 4, 5, 6, 8, 9)} == {Share(0, 0)}


def test_refusals_count_as_mistakes_where_asked() -> None:
    """Of the two that are read right one is refused, and of the wrong ones another."""
    assert SMALL.refused.tolist() == [False, False, True, False, True]
    assert SMALL.accepted_and_right.tolist() == [True, False, False, False, False]


def test_an_image_without_ink_is_refused() -> None:
    """As the server refuses it, whatever the network says."""
    images = inked(5)
    images[0] = 0
    blank = Evaluation(images, SMALL.scores, SMALL.min_log_odds, SMALL.labels)
    assert blank.refused.tolist() == [True, False, True, False, True]


def test_the_calibration_error_is_that_of_the_confidences() -> None:
    """Five images in five bins: each is off by its confidence, or by what it lacks to 1."""
    assert SMALL.calibration_error == pytest.approx((0.1 + 0.6 + 0.2 + 0.95 + 0.7) / 5)
    assert SMALL.reliability.counts.sum() == 5


def test_the_worst_mistakes_come_first() -> None:
    """By confidence in the wrong digit; right answers are not among them."""
    assert SMALL.worst_mistakes(10).tolist() == [3, 4, 1]
    assert SMALL.worst_mistakes(2).tolist() == [3, 4]


def test_non_digits_are_refused_by_kind() -> None:
    """The least refused kind first; what is taken for a digit comes by its log-odds."""
    assert NON_DIGITS.refused.tolist() == [False, True, False, True]
    assert NON_DIGITS.confident.tolist() == [True, False, True, False]
    assert list(NON_DIGITS.refused_by_kind.items()) == [
        ("cat", Share(0, 2)),
        ("ant", Share(1, 1)),
        ("dog", Share(1, 1)),
    ]
    assert NON_DIGITS.worst_mistakes(10).tolist() == [0, 2]


def test_both_scores_are_compared_against_all_digits_and_mnist_alone() -> None:
    """Areas counted by hand, pair by pair."""
    sure = Evaluation(inked(1), scores([4], [0.99], [9]), 1.0, np.array([4]))
    families = Families({"MNIST": sure}, {})
    families.add("mine", SMALL)
    families.add("sketches", NON_DIGITS)
    against_all, against_mnist = families.separations("sketches")
    assert against_mnist == (1, 1)
    # log-odds 9 3 2 -1 4 0 are above 4, 4, 3, 1, 4 and 1 of 2.5 -2 1 0.5; confidences in the same way
    assert against_all.log_odds == pytest.approx((4 + 4 + 3 + 1 + 4 + 1) / 24)
    assert against_all.confidence == pytest.approx((4 + 2 + 2 + 2 + 3.5 + 2) / 24)


def test_two_families_of_one_name_are_refused() -> None:
    """Digits and non-digits of one file share theirs."""
    families = Families({"MNIST": SMALL}, {})
    families.add("MNIST", NON_DIGITS)
    with pytest.raises(MnistError, match="'MNIST' twice; rename a file"):
        families.add("MNIST", SMALL)
    with pytest.raises(MnistError, match="'MNIST' twice; rename a file"):
        families.add("MNIST", NON_DIGITS)


def test_the_numbers_are_json() -> None:
    """Strict JSON, in which what there is none of is null; every share has its count and its interval."""
    text = json.dumps(Families({"MNIST": SMALL}, {"sketches": NON_DIGITS}).numbers(), allow_nan=False)
    numbers = json.loads(text)
    mnist, sketches = numbers["digits"]["MNIST"], numbers["non_digits"]["sketches"]
    assert mnist["accuracy"] == pytest.approx(
        {"count": 2, "total": 5, "share": 0.4, "low": 0.1176, "high": 0.7693}, abs=5e-5
    )
    assert mnist["accuracy_refusals_wrong"]["count"] == 1
    assert mnist["refused"]["count"] == 2
    assert mnist["recall"][2]["share"] is None
    assert mnist["calibration_error"] == pytest.approx(0.51)
    assert sketches["refused"]["share"] == 0.5
    assert sketches["confident"]["share"] == 0.5
    assert sketches["refused_by_kind"]["cat"]["total"] == 2
    assert set(sketches["auroc_all_digits"]) == set(sketches["auroc_mnist"]) == {"log_odds", "confidence"}


def test_the_text_names_what_matters() -> None:
    """A row a digit, and the accuracy with its counts."""
    text = str(SMALL)
    assert "accuracy 40.00% (2 of 5)" in text
    assert len(text.splitlines()) == 12


def test_a_real_network_is_evaluated(digits: Split) -> None:
    """It reads digits; noise is answered too, and what is refused is what the server would refuse."""
    predictor = Predictor.load()
    evaluation = evaluate(predictor, digits)
    assert evaluation.accuracy >= 0.993
    noise = torch.randint(0, 256, (50, 28, 28), generator=torch.Generator().manual_seed(0)).byte().numpy()
    rejection = evaluate_non_digits(predictor, noise)
    assert rejection.refused_by_kind == {}
    for answers in (evaluation, rejection):
        predictions = predictor.predict(answers.images)
        assert answers.refused.tolist() == [not prediction.is_digit for prediction in predictions]
        assert answers.digits.tolist() == [prediction.digit for prediction in predictions]
