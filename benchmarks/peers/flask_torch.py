"""Flask and PyTorch on gunicorn: gunicorn 'benchmarks.peers.flask_torch:create_app()'."""

import torch
from flask import Flask, Response, request

from mnist_model import checkpoint

from .digits import parse_pixels, to_json


def create_app() -> Flask:
    """The application."""
    torch.set_num_threads(1)
    shipped = checkpoint.load()
    recogniser = shipped.build().eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with torch.no_grad():  # frozen: batch normalisation goes into the weights
        recogniser = torch.jit.freeze(torch.jit.trace(recogniser, torch.zeros(1, 28, 28, dtype=torch.uint8)))
    app = Flask(__name__)

    @app.post("/predictions/mnist")  # type: ignore[untyped-decorator]
    def predict() -> Response:
        try:
            pixels = parse_pixels(request.get_data(), request.mimetype)
        except ValueError as error:
            return Response(str(error), 400)
        with torch.inference_mode():
            probabilities, log_odds = recogniser(torch.tensor(pixels).view(1, 28, 28))
        is_digit = log_odds.numpy() >= shipped.min_log_odds
        return Response(to_json(probabilities.numpy(), is_digit)[0], mimetype="application/json")

    return app
