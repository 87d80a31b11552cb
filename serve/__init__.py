"""Runs TorchServe with the recogniser and serves the page: `mnist serve`, or `python -m serve`."""
