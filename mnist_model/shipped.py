"""The files that come with the package: what was trained, and what is made of it to be served."""

from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
# Checkpoints, as training left them: to measure, to export, to learn from.
SHIPPED_WEIGHTS = WEIGHTS / "cnn.pt"
SHIPPED_MLP_WEIGHTS = WEIGHTS / "mlp.pt"  # of the network that is kept to compare
# Their ONNX files in 8 bits, which servers and browsers run: of `mnist export`, and with `--arch mlp`.
SHIPPED_MODEL = WEIGHTS / "cnn.onnx"
SHIPPED_MLP_MODEL = WEIGHTS / "mlp.onnx"
