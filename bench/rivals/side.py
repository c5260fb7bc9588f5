"""What the Python sides of the benchmark share: the data of bench/models.ts, and the lines that bench/side.ts speaks.

`ready VERSION` first; then `MODEL BATCH MILLISECONDS` is answered with the samples per second of training that long, and
`peak` with the process's peak memory in bytes.
"""
import os
import resource
import sys
import time

import numpy as np

# Batches that are taken in turn, as bench/models.ts has it.
DIFFERENT = 64


def mnist(batch, number):
    """Images (batch × 784, 0 … 1) and labels of batch `number`."""
    folder = os.environ["POUWD_MNIST"]
    x = np.fromfile(f"{folder}/train-images-idx3-ubyte", np.uint8, batch * 784, offset=16 + number * batch * 784)
    y = np.fromfile(f"{folder}/train-labels-idx1-ubyte", np.uint8, batch, offset=8 + number * batch)
    return x.astype(np.float32).reshape(batch, 784) / 255, y


def serve(version, trainer):
    """`trainer(model, batch)` makes a function that trains on every batch once and returns when that is done."""
    made = {}
    print(f"ready {version}", flush=True)
    for line in sys.stdin:
        words = line.split()
        if words == ["peak"]:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
            continue
        name, batch, milliseconds = words[0], int(words[1]), float(words[2])
        if (name, batch) not in made:
            made[name, batch] = trainer(name, batch)
        start = time.perf_counter()
        steps = 0
        passed = 0.0
        while passed * 1000 < milliseconds:
            made[name, batch]()
            steps += DIFFERENT
            passed = time.perf_counter() - start
        print(batch * steps / passed, flush=True)
