"""Plain LightGCN (He et al., SIGIR 2020) in PyTorch with sparse CSR products: what a careful user gets on a CPU.

    OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 python lightgcn_torch.py --data FOLDER [--steps 40] [--layers 3]

Triples are drawn ahead, so that no Python loop is timed. `--steps` measures that many steps and scales to an epoch.
Prints one JSON object in the language of muster-bench.
"""

import argparse
import json
import resource
import time

import numpy as np
import scipy.sparse as sparse
import torch
from torch.nn.functional import softplus


def read(path):
    users, items = [], []
    with open(path) as file:
        for line in file:
            numbers = [int(word) for word in line.split()]
            users += numbers[:1] * (len(numbers) - 1)
            items += numbers[1:]
    return np.array(users), np.array(items)


class Product(torch.autograd.Function):
    """matrix @ x for a symmetric matrix: the way back is the same product."""

    @staticmethod
    def forward(context, matrix, x):
        context.matrix = matrix
        return matrix @ x

    @staticmethod
    def backward(context, gradient):
        return None, context.matrix @ gradient.contiguous()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    begun = time.perf_counter()
    users, items = read(options.data + "/train.txt")
    people, places = users.max() + 1, items.max() + 1
    total = people + places
    rows, columns = np.concatenate([users, items + people]), np.concatenate([items + people, users])
    roots = 1 / np.sqrt(np.maximum(np.bincount(rows, minlength=total), 1))
    links = sparse.csr_matrix(((roots[rows] * roots[columns]).astype(np.float32), (rows, columns)), (total, total))
    matrix = torch.sparse_csr_tensor(
        torch.as_tensor(links.indptr.astype(np.int64)), torch.as_tensor(links.indices.astype(np.int64)),
        torch.as_tensor(links.data), links.shape, check_invariants=False)
    torch.manual_seed(1)
    table = (torch.randn(total, 64) * 0.1).requires_grad_()
    adam = torch.optim.Adam([table], lr=1e-3)
    random = np.random.default_rng(1)
    picks = random.integers(0, len(users), (options.steps + 2, options.batch))
    others = random.integers(0, places, picks.shape)
    loaded = time.perf_counter() - begun

    wall = cpu = 0.0
    for step in range(options.steps + 2):
        if step == 2:  # warm
            wall, cpu = time.perf_counter(), time.process_time()
        layer, layers = table, [table]
        for _ in range(options.layers):
            layer = Product.apply(matrix, layer)
            layers.append(layer)
        result = torch.stack(layers, 1).mean(1)
        named = [torch.as_tensor(x) for x in (users[picks[step]], items[picks[step]] + people, others[step] + people)]
        user, wanted, other = (result[index] for index in named)
        loss = softplus((user * other).sum(1) - (user * wanted).sum(1)).mean()
        squares = sum(table[index].pow(2).sum() for index in named)
        loss = loss + 1e-4 * squares / 2 / options.batch
        adam.zero_grad()
        loss.backward()
        adam.step()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    steps = -(-len(users) // options.batch)
    epoch = cpu / options.steps * steps
    print(
        json.dumps(
            {
                "name": "lightgcn/torch",
                "data": options.data.rstrip("/").split("/")[-1],
                "threads": options.threads,
                "seed": 1,
                "cpu_seconds": round(cpu, 2),
                "wall_seconds": round(wall, 2),
                "load_seconds": round(loaded, 2),
                "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
                "metrics": {
                    "seconds_per_epoch": round(epoch, 2),
                    "edge_messages_per_second": round(2 * options.layers * links.nnz * steps / epoch),
                },
            }
        )
    )


if __name__ == "__main__":
    main()
