"""Trains the benchmark's models in PyTorch with one thread, on request.

Reads lines `model batch milliseconds`, trains for that long and answers the samples per second.
A line `peak` answers the process's peak memory in bytes. Plain SGD, mean cross-entropy: what one iteration of ours
computes before its map is made.
"""
import os
import resource
import sys
import time

import numpy as np
import torch
from torch import nn

from sequences import Gru, Transformer

torch.set_num_threads(1)
torch.manual_seed(1)


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


MODELS = {"mlp": mlp, "lenet": lenet, "gru": Gru, "transformer": Transformer}
made = {}


def mnist(batch, number):
    """The same images and labels as bench/models.ts takes."""
    folder = os.environ["POUWD_MNIST"]
    x = np.fromfile(f"{folder}/train-images-idx3-ubyte", np.uint8, batch * 784, offset=16 + number * batch * 784)
    y = np.fromfile(f"{folder}/train-labels-idx1-ubyte", np.uint8, batch, offset=8 + number * batch)
    return x.astype(np.float32).reshape(batch, 1, 28, 28) / 255, y.astype(np.int64)


def batch_of(name, batch, number):
    if name in ("mlp", "lenet"):
        return tuple(torch.from_numpy(a) for a in mnist(batch, number))
    if name == "mlp-noise":
        return torch.rand(batch, 1, 28, 28) * 2 - 1, torch.randint(0, 10, (batch,))
    return torch.randint(0, 64, (batch, 32)), torch.randint(0, 64, (batch,))


def trainer(name, batch):
    if (name, batch) not in made:
        model = MODELS[name.split("-")[0]]()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        data = [batch_of(name, batch, i) for i in range(64)]
        made[name, batch] = (model, optimizer, data)
    return made[name, batch]


def rate(name, batch, milliseconds):
    model, optimizer, data = trainer(name, batch)
    loss_of = nn.CrossEntropyLoss()
    start = time.perf_counter()
    steps = 0
    while True:
        for x, y in data:
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(x), y).backward()
            optimizer.step()
        steps += len(data)
        passed = time.perf_counter() - start
        if passed * 1000 >= milliseconds:
            return batch * steps / passed


print(f"ready {torch.__version__}", flush=True)
for line in sys.stdin:
    words = line.split()
    if words == ["peak"]:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
    else:
        print(rate(words[0], int(words[1]), float(words[2])), flush=True)
