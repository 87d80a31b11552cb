"""What POST /explanations/<model> adds to an answer: which ink decided. Pure, like payload.py.

TorchServe hands requests for predictions and for explanations to the handler in one batch; a header tells them apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from handlers.errors import PayloadError
from handlers.payload import Payload
from mnist_model.explanation import occluded, relevance
from mnist_model.predictor import Prediction, Predictor
from mnist_model.scores import CLASSES

HEADER, VALUE = "explain", "True"  # what TorchServe's frontend sets on a request for /explanations
MAX_EXPLAINED = 8  # images of a request: each costs as much as about 100, and what shares its batch waits for them
RELEVANCE_DIGITS = 4  # decimal places in answers


def is_asked_for(headers: Mapping[str, object]) -> bool:
    """Whether a request with these headers is one for an explanation."""
    return headers.get(HEADER) == VALUE


def to_explain(payload: Payload) -> Payload:
    """The same request, to be explained.

    Raises:
        PayloadError: it asks for more than can be explained.
    """
    if payload.number is not None:
        raise PayloadError("UnknownForm", "expected images of one digit each to explain, got a number; send its digits")
    if len(payload.images) > MAX_EXPLAINED:
        message = f"expected at most {MAX_EXPLAINED} images to explain, got {len(payload.images)}; send them in parts"
        raise PayloadError("TooManyImages", message)
    return payload._replace(explain=True)


def explain(
    predictor: Predictor, payloads: Sequence[Payload], predictions: Sequence[Prediction]
) -> Iterator[list[float]]:
    """Explain a batch in one forward pass over all that is blanked in its images.

    Args:
        predictor: what predicted.
        payloads: of the batch's valid requests, those to be explained among them.
        predictions: for all their images, in order.

    Returns:
        784 numbers for each image that is to be explained, in order.
    """
    explained: list[tuple[NDArray[np.uint8], Prediction]] = []
    remaining = iter(predictions)
    for payload in payloads:
        own = islice(remaining, len(payload.images))
        explained += [pair for pair in zip(payload.images, own, strict=True) if payload.explain]
    blanked = [occluded(image) for image, _ in explained]
    said = predictor.predict(np.concatenate([images for _, images in blanked])) if blanked else []
    without = _probabilities(said)
    start = 0
    for (image, prediction), (windows, _) in zip(explained, blanked, strict=True):
        stop = start + len(windows)
        values = relevance(image, windows, _probabilities([prediction])[0], without[start:stop])
        # + 0.0 leaves no -0.0, which JSON would show
        yield (np.round(values.astype(np.float64), RELEVANCE_DIGITS) + 0.0).ravel().tolist()
        start = stop


def _probabilities(predictions: Sequence[Prediction]) -> NDArray[np.float64]:
    """(N, 10), as answers show them, so that who has the answers alone finds the same relevance."""
    return np.array([prediction.probabilities for prediction in predictions]).reshape(-1, CLASSES)
