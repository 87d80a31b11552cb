"""The numbers and pictures of an evaluation."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_model.dataset import Split
from mnist_model.evaluation import Evaluation, evaluate
from mnist_model.predictor import Predictor
from mnist_model.report import write_report

SMALL = Evaluation(
    labels=np.array([0, 0, 1, 7, 7]),
    digits=np.array([0, 6, 1, 1, 9]),
    confidences=np.array([0.9, 0.6, 0.8, 0.95, 0.7], np.float32),
)


def test_accuracy_recall_and_confusion_are_counted() -> None:
    """Checked by hand on five images."""
    assert SMALL.accuracy == pytest.approx(2 / 5)
    assert SMALL.confusion[0].tolist() == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert SMALL.confusion[7, [1, 9]].tolist() == [1, 1]
    assert SMALL.confusion.sum() == 5
    assert SMALL.recall[[0, 1, 7]].tolist() == [0.5, 1.0, 0.0]
    assert np.isnan(SMALL.recall[[2, 3, 4, 5, 6, 8, 9]]).all()


def test_the_worst_mistakes_come_first() -> None:
    """By confidence in the wrong digit; right answers are not among them."""
    assert SMALL.worst_mistakes(10).tolist() == [3, 4, 1]
    assert SMALL.worst_mistakes(2).tolist() == [3, 4]


def test_the_text_names_what_matters() -> None:
    """A row a digit, and the accuracy with its counts."""
    text = str(SMALL)
    assert "accuracy 40.00% (2 of 5)" in text
    assert len(text.splitlines()) == 12


def test_a_real_network_is_evaluated_and_its_pictures_written(digits: Split, tmp_path: Path) -> None:
    """confusion.png and mistakes.png, of a size that can be read."""
    evaluation = evaluate(Predictor.load(), digits)
    assert evaluation.accuracy >= 0.993
    paths = write_report(evaluation, digits.images.numpy(), tmp_path / "report")
    assert [path.name for path in paths] == ["confusion.png", "mistakes.png"]
    for path in paths:
        with Image.open(path) as picture:
            assert min(picture.size) > 200


def test_no_mistakes_are_a_picture_too(digits: Split, tmp_path: Path) -> None:
    """A perfect network must not break its report."""
    labels = digits.labels[:5].numpy()
    perfect = Evaluation(labels, labels, np.ones(5, np.float32))
    assert len(write_report(perfect, digits.images[:5].numpy(), tmp_path)) == 2
