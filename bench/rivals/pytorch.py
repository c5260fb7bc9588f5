"""The benchmark's models in PyTorch with one thread. Plain SGD, mean cross-entropy: what one iteration of ours computes
before its map is made."""
import torch
from torch import nn

from sequences import Gru, Transformer
from side import DIFFERENT, mnist, serve

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


def batch_of(name, batch, number):
    if name in ("mlp", "lenet"):
        x, y = mnist(batch, number)
        return torch.from_numpy(x).reshape(batch, 1, 28, 28), torch.from_numpy(y).long()
    if name == "mlp-noise":
        return torch.rand(batch, 1, 28, 28) * 2 - 1, torch.randint(0, 10, (batch,))
    return torch.randint(0, 64, (batch, 32)), torch.randint(0, 64, (batch,))


def trainer(name, batch):
    model = MODELS[name.split("-")[0]]()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loss_of = nn.CrossEntropyLoss()
    data = [batch_of(name, batch, i) for i in range(DIFFERENT)]

    def train():
        for x, y in data:
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(x), y).backward()
            optimizer.step()

    return train


serve(torch.__version__, trainer)
