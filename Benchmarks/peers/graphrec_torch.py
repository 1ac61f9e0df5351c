"""GraphRec's training step in PyTorch with sparse CSR products: what a careful user gets on a CPU.

    OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 python graphrec_torch.py [--plan whole --batch 4096] [--friendships 60000]

The model of `muster-bench graphrec --specified`, on a made-up city of the same size: features, popularity and
friendships are random, which no time depends on. Careful means: sparse products in both directions instead of gathers
and scatters, the
channels of edge weights in blocks that stay in the cache and computed anew on the way back, no last-layer work for
vertices that the batch does not ask for, and no time counted for sampling: batches and their matrices, both ways, are
drawn ahead. Prints one JSON object in the language of muster-bench.
"""

import argparse
import json
import resource
import time
import warnings

import numpy as np
import scipy.sparse as sparse
import torch
from torch import nn
from torch.nn.functional import softplus

WIDTH, CHANNELS, BLOCK = 128, 128, 2048
FEATURES = {"social": 3, "interacts": 12, "rev": 12}


class EdgeWeights(torch.autograd.Function):
    """mean over channels of relu(features @ weights), never stored whole. The last feature is 1, for the bias."""

    @staticmethod
    def forward(context, features, weights):
        context.save_for_backward(features, weights)
        result, room = torch.empty(len(features)), torch.empty(BLOCK, CHANNELS)
        for start in range(0, len(features), BLOCK):
            block = features[start:start + BLOCK]
            hidden = torch.mm(block, weights, out=room[: len(block)]).relu_()
            torch.mean(hidden, 1, out=result[start:start + BLOCK])
        return result

    @staticmethod
    def backward(context, gradient):
        features, weights = context.saved_tensors
        total, room, gradient = torch.zeros_like(weights), torch.empty(BLOCK, CHANNELS), gradient / CHANNELS
        for start in range(0, len(features), BLOCK):
            block = features[start:start + BLOCK]
            hidden = torch.mm(block, weights, out=room[: len(block)])
            part = gradient[start:start + BLOCK, None].expand(-1, CHANNELS)
            total.addmm_(block.T, torch.ops.aten.threshold_backward(part, hidden, 0))
        return None, total


class Hear(torch.autograd.Function):
    """matrix(values) @ x; the way back is the transposed product, and a product sampled at the entries."""

    @staticmethod
    def forward(context, values, x, there, back):
        offsets, sources, shape = there
        matrix = torch.sparse_csr_tensor(offsets, sources, values, shape, check_invariants=False)
        context.save_for_backward(values, x)
        context.matrices = there, back
        return matrix @ x

    @staticmethod
    def backward(context, gradient):
        values, x = context.saved_tensors
        (offsets, sources, shape), (turned, targets, order) = context.matrices
        gradient = gradient.contiguous()
        across = torch.sparse_csr_tensor(turned, targets, values[order], shape[::-1], check_invariants=False)
        entries = torch.sparse_csr_tensor(offsets, sources, torch.zeros_like(values), shape, check_invariants=False)
        sampled = torch.sparse.sampled_addmm(entries, gradient, x.T, beta=0.0)
        return sampled.values(), across @ gradient, None, None


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleDict(
            {
                "person": nn.ModuleList([nn.Embedding(64, 16), nn.Embedding(64, 32)]),
                "place": nn.ModuleList(
                    [nn.Embedding(64, 16), nn.Embedding(64, 32), nn.Embedding(5, 8), nn.Embedding(6, 8)]),
            }
        )
        inputs = {"person": 146 + 48, "place": 110 + 64}
        self.encoders = nn.ModuleDict(
            {
                kind: nn.Sequential(
                    nn.Linear(size, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH), nn.LayerNorm(WIDTH))
                for kind, size in inputs.items()
            }
        )
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                {
                    **{f"{name}_edges": nn.Linear(size, CHANNELS) for name, size in FEATURES.items()},
                    **{name: nn.Linear(WIDTH, WIDTH, bias=False) for name in FEATURES},
                    **{kind: nn.Linear(WIDTH, WIDTH) for kind in ("person", "place")},
                    **{f"{kind}_norm": nn.LayerNorm(WIDTH) for kind in ("person", "place")},
                }
            )
            for _ in range(2)
        )
        self.head = nn.Sequential(
            nn.Linear(4 * WIDTH + 16, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 1))

    def encode(self, kind, features, keys):
        looked = [table(column) for table, column in zip(self.tables[kind], keys)]
        return self.encoders[kind](torch.cat([*looked, features], 1))

    def hear(self, layer, name, x, messages):
        there, back, features = messages[name]
        linear = layer[f"{name}_edges"]
        weights = EdgeWeights.apply(features, torch.cat([linear.weight.T, linear.bias[None]]))
        rows = torch.repeat_interleave(torch.arange(len(there[0]) - 1), there[0].diff())
        total = torch.zeros(len(there[0]) - 1).index_add(0, rows, weights) + 0.001
        return layer[name](Hear.apply(weights / total[rows], x, there, back))

    def forward(self, batch):
        person = self.encode("person", *batch["person"])
        place = self.encode("place", *batch["place"])
        for layer, messages in zip(self.layers, batch["layers"]):
            here, there = person[messages["people"]], place[messages["places"]]
            sums = {
                "person": layer["person"](here) + self.hear(layer, "social", person, messages)
                + self.hear(layer, "rev", place, messages),
                "place": layer["place"](there) + self.hear(layer, "interacts", person, messages),
            }
            person = layer["person_norm"](sums["person"].relu()) + here
            place = layer["place_norm"](sums["place"].relu()) + there
        u, p = person[batch["pairs"][0]], place[batch["pairs"][1]]
        features = torch.cat([u, p, u * p, (u - p).abs(), batch["context"]], 1)
        return self.head(features).squeeze(1) + (u * p).sum(1)


class City:
    def __init__(self, people, places, visits, friendships, seed):
        self.random = np.random.default_rng(seed)
        self.people, self.places = people, places
        popularity = self.random.lognormal(0, 1, places)
        self.visitors = np.repeat(np.arange(people), visits // people)
        self.visited = self.random.choice(places, len(self.visitors), p=popularity / popularity.sum())
        ends = self.random.integers(0, people, (2, friendships))
        edges = {
            "rev": (self.visitors, self.visited, people, places),
            "interacts": (self.visited, self.visitors, places, people),
            "social": (np.concatenate([ends[0], ends[1]]), np.concatenate([ends[1], ends[0]]), people, people),
        }
        self.relations = {}
        for name, (targets, sources, rows, columns) in edges.items():
            order = np.argsort(targets, kind="stable")
            offsets = np.concatenate([[0], np.cumsum(np.bincount(targets, minlength=rows))])
            features = torch.cat([torch.rand(len(targets), FEATURES[name]), torch.ones(len(targets), 1)], 1)
            self.relations[name] = (offsets, sources[order], features, columns)
        self.features = {"person": torch.rand(people, 146), "place": torch.rand(places, 110)}
        self.keys = {
            "person": [torch.randint(0, 64, (people,)) for _ in range(2)],
            "place": [torch.randint(0, rows, (places,)) for rows in (64, 64, 5, 6)],
        }

    def rows(self, name, targets, fanout):
        """Edges of some targets, all or `fanout` drawn without replacement, with the offsets of each."""
        offsets = self.relations[name][0]
        counts = offsets[targets + 1] - offsets[targets]
        starts = np.concatenate([[0], np.cumsum(counts)])
        edges = np.repeat(offsets[targets] - starts[:-1], counts) + np.arange(starts[-1])
        if fanout is None:
            return starts, edges
        owners = np.repeat(np.arange(len(targets)), counts)
        order = np.lexsort((self.random.random(len(edges)), owners))
        kept = np.sort(order[np.arange(len(edges)) - starts[owners] < fanout])
        return np.concatenate([[0], np.cumsum(np.minimum(counts, fanout))]), edges[kept]

    def matrix(self, name, targets, fanout, number):
        """CSR both ways over the rows that `number` gives to sources; new sources are numbered as they come."""
        starts, edges = self.rows(name, targets, fanout)
        _, sources, features, _ = self.relations[name]
        return starts, number(sources[edges]), features[edges]

    def batch(self, size, fanouts):
        asked = {
            "person": np.unique(self.random.integers(0, self.people, size)),
            "place": np.unique(self.random.integers(0, self.places, 2 * size)),
        }
        known = {kind: list(values) for kind, values in asked.items()}
        counts = {"person": self.people, "place": self.places}
        index = {kind: np.full(count, -1) for kind, count in counts.items()}
        for kind, values in asked.items():
            index[kind][values] = np.arange(len(values))
        if fanouts is None:
            known = {kind: list(range(count)) for kind, count in counts.items()}
            index = {kind: np.arange(count) for kind, count in counts.items()}

        def numberer(kind):
            def number(vertices):
                new = np.unique(vertices[index[kind][vertices] < 0])
                index[kind][new] = len(known[kind]) + np.arange(len(new))
                known[kind].extend(new)
                return index[kind][vertices]

            return number

        layers = []
        for depth in range(2):
            targets = {kind: np.array(values) for kind, values in known.items()}
            if fanouts is None and depth == 0:
                targets = asked
            fanout = None if fanouts is None else fanouts[depth]
            drawn = {
                "social": ("person", "person"), "rev": ("person", "place"), "interacts": ("place", "person")}
            made = {
                name: (*self.matrix(name, targets[target], fanout, numberer(source)), source)
                for name, (target, source) in drawn.items()
            }
            layers.insert(0, {"made": made, "targets": {kind: index[kind][rows] for kind, rows in targets.items()}})
        sizes = [{kind: len(values) for kind, values in known.items()}]
        sizes.append({kind: len(rows) for kind, rows in layers[0]["targets"].items()})
        done = []
        for layer, size_of in zip(layers, sizes):
            messages = {"people": torch.as_tensor(layer["targets"]["person"]),
                        "places": torch.as_tensor(layer["targets"]["place"])}
            for name, (starts, sources, features, source) in layer["made"].items():
                shape = len(starts) - 1, size_of[source]
                numbered = sparse.csr_matrix((np.arange(1, len(sources) + 1), sources, starts), shape)
                turned = numbered.tocsc()
                there = torch.as_tensor(starts), torch.as_tensor(sources.astype(np.int64)), shape
                back = (torch.as_tensor(turned.indptr.astype(np.int64)),
                        torch.as_tensor(turned.indices.astype(np.int64)), torch.as_tensor(turned.data - 1))
                messages[name] = there, back, features
            done.append(messages)
        rows = {kind: torch.as_tensor(np.array(values)) for kind, values in known.items()}
        inputs = {
            kind: (self.features[kind][values], [column[values] for column in self.keys[kind]])
            for kind, values in rows.items()
        }
        pick = [self.random.integers(0, len(asked[kind]), size) for kind in ("person", "place", "place")]
        pairs = np.concatenate([pick[0], pick[0]]), np.concatenate([pick[1], pick[2]])
        return {
            **inputs, "layers": done, "pairs": [torch.as_tensor(x) for x in pairs],
            "context": torch.zeros(2 * size, 16), "vertices": sum(sizes[0].values()),
        }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--places", type=int, default=10_000)
    parser.add_argument("--visits", type=int, default=1_250_000)
    parser.add_argument("--friendships", type=int, default=50_000)
    parser.add_argument("--plan", choices=["sampled", "whole"], default="sampled")
    parser.add_argument("--fanout", default="15,10")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "Sparse CSR")
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    begun = time.perf_counter()
    city = City(options.people, options.places, options.visits, options.friendships, 1)
    model = Model()
    adam = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-5)
    fanouts = None if options.plan == "whole" else [int(word) for word in options.fanout.split(",")]
    loaded = time.perf_counter() - begun
    wall = cpu = 0.0
    for step in range(options.steps + 1):
        batch = city.batch(options.batch, fanouts)
        start = time.perf_counter(), time.process_time()
        scores = model(batch)
        loss = softplus(scores[options.batch:] - scores[: options.batch]).mean()
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        adam.step()
        if step > 0:  # warm
            wall += time.perf_counter() - start[0]
            cpu += time.process_time() - start[1]
    print(
        json.dumps(
            {
                "name": "graphrec/torch",
                "data": f"random {options.people} people, {options.places} places, {options.visits} visits",
                "threads": options.threads,
                "seed": 1,
                "cpu_seconds": round(cpu, 3),
                "wall_seconds": round(wall, 3),
                "load_seconds": round(loaded, 2),
                "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
                "metrics": {
                    "triplets_per_second": round(options.steps * options.batch / cpu, 1),
                    "milliseconds_per_step": round(1000 * cpu / options.steps, 1),
                    "parameters": sum(p.numel() for p in model.parameters()),
                    "vertices": batch["vertices"],
                    "messages": sum(len(layer[name][0][1]) for layer in batch["layers"] for name in FEATURES),
                    "plan": options.plan,
                },
            }
        )
    )


if __name__ == "__main__":
    main()
