"""ONNX Runtime by itself, called in a loop: what a server of the same network can at most reach.

    python -m benchmarks.bare_runtime --network model.onnx --threads 1 --seconds 5

It predicts LARGE digits over and over, prints images a second as JSON, and is a process of its own, as a worker is.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime

from .bodies import digits

LARGE = 4096  # images, as in a large body
CHUNK = 64  # images a call: of 16, 64, 256, 512 and all 4096 at once the fastest here, as it stays within the cache


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bare_runtime", description="ONNX Runtime in a loop.")
    parser.add_argument("--network", type=Path, required=True, help="an ONNX file that `mnist export` wrote")
    parser.add_argument("--threads", type=int, default=1, help="of the runtime (1)")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long (5)")
    parser.add_argument("--chunk", type=int, default=CHUNK, help=f"images a call ({CHUNK})")
    args = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    session = onnxruntime.InferenceSession(args.network, options, providers=["CPUExecutionProvider"])
    images = np.resize(digits(), (LARGE, 28, 28))
    chunks = [images[start : start + args.chunk] for start in range(0, LARGE, args.chunk)]

    def predict_all() -> None:
        for chunk in chunks:
            session.run(None, {"images": chunk})

    predict_all()
    count, started = 0, time.perf_counter()
    while (seconds := time.perf_counter() - started) < args.seconds:
        predict_all()
        count += LARGE
    print(json.dumps({"images_per_second": count / seconds, "threads": args.threads, "chunk": args.chunk}))


if __name__ == "__main__":
    main()
