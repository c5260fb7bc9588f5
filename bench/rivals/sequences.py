"""The sequence models of the benchmark, as engine/testing/models.ts has them."""
import torch
from torch import nn
from torch.nn import functional as F


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(64, 32)
        self.gru = nn.GRU(32, 128, batch_first=True)
        self.out = nn.Linear(128, 64)

    def forward(self, x):
        return self.out(self.gru(self.embed(x))[0][:, -1])


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.feed = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.project(self.first(x)).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, length, width)
        x = x + self.out(mixed)
        return x + self.feed(F.gelu(self.wide(self.second(x))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(64, 64)
        self.positions = nn.Parameter(torch.rand(32, 64) * 0.1)
        self.blocks = nn.Sequential(Block(64, 4), Block(64, 4))
        self.norm = nn.LayerNorm(64)
        self.out = nn.Linear(64, 64)

    def forward(self, x):
        return self.out(self.norm(self.blocks(self.tokens(x) + self.positions)).mean(1))
