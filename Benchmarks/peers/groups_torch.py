"""A set transformer for groups in PyTorch, the twin of muster-bench groups: two to five members and a venue, 64
dimensions, 4 heads, 2 set attention blocks, pooling by one seed. Prints the same objects.

    groups_torch.py [--groups 50000] [--batch 1024] [--seed 1]

One thread unless OMP_NUM_THREADS says otherwise. Sets are padded to six rows, as batched attention wants them."""

import argparse
import json
import resource
import time

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, width, heads, parts):
        super().__init__()
        self.width, self.heads, self.parts = width, heads, parts
        self.project = nn.Linear(width, parts * width)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.forward_part = nn.Linear(width, width)

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, self.width // self.heads).transpose(1, 2)

    def forward(self, x, mask, seed=None):
        parts = self.project(x).split(self.width, dim=-1)
        query = parts[0] if seed is None else seed.expand(x.shape[0], 1, self.width)
        keys, values = parts[-2], parts[-1]
        heard = nn.functional.scaled_dot_product_attention(
            self.split(query), self.split(keys), self.split(values), attn_mask=mask)
        y = self.first(query + heard.transpose(1, 2).reshape(query.shape))
        return y + self.second(torch.relu(self.forward_part(y)))


class GroupScorer(nn.Module):
    def __init__(self, width=64, heads=4, blocks=2):
        super().__init__()
        self.input = nn.Linear(width, width)
        self.roles = nn.Embedding(2, width)
        self.blocks = nn.ModuleList(Attention(width, heads, 3) for _ in range(blocks))
        self.seed = nn.Parameter(0.1 * torch.randn(1, 1, width))
        self.pooling = Attention(width, heads, 2)
        self.head = nn.Linear(width, 1)

    def forward(self, table, rows, mask):
        roles = torch.ones(rows.shape[1], dtype=torch.long)
        roles[0] = 0
        x = self.input(table[rows]) + self.roles(roles)
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.pooling(x, mask, self.seed))[:, 0, 0]


def report(name, groups, cpu, wall, arguments):
    print(json.dumps({
        "name": f"groups/{name}/torch-{torch.__version__}", "data": "synthetic", "threads": torch.get_num_threads(),
        "seed": arguments.seed, "cpu_seconds": cpu, "wall_seconds": wall, "load_seconds": 0.0,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "metrics": {"groups_per_second": groups / cpu}}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(int(__import__("os").environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(arguments.seed)
    table = torch.randn(20_000, 64)
    sizes = torch.randint(3, 7, (arguments.groups,))
    rows = torch.randint(0, 20_000, (arguments.groups, 6))
    there = torch.arange(6)[None, :] < sizes[:, None]
    mask = there[:, None, None, :]
    scorer = GroupScorer()
    batches = range(0, arguments.groups, arguments.batch)
    with torch.no_grad():
        scorer(table, rows[:1024], mask[:1024])
        start, wall = time.process_time(), time.monotonic()
        for first in batches:
            part = slice(first, first + arguments.batch)
            scorer(table, rows[part], mask[part])
        report("forward", arguments.groups, time.process_time() - start, time.monotonic() - wall, arguments)
    optimizer = torch.optim.Adam(scorer.parameters(), lr=1e-3)
    labels = (torch.arange(arguments.groups) % 2).float()
    start, wall = time.process_time(), time.monotonic()
    for first in batches:
        part = slice(first, first + arguments.batch)
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(scorer(table, rows[part], mask[part]), labels[part])
        loss.backward()
        optimizer.step()
    report("training", arguments.groups, time.process_time() - start, time.monotonic() - wall, arguments)


if __name__ == "__main__":
    main()
