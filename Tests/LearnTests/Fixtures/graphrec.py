"""Writes graphrec.json: GraphRec, forward and backward, as PyTorch computes it in double precision.

    python graphrec.py > graphrec.json

Graphs, features and parameters are random; everything the Swift test needs stands in the file, parameters by name. The
model is written after docs/ARCHITECTURE.md, one edge at a time and with nothing computed ahead.
"""

import json
import textwrap

import torch
from torch.nn.functional import layer_norm, softplus

torch.set_default_dtype(torch.float64)
PEOPLE, PLACES, WIDTH, HIDDEN, CHANNELS, TABLE = 7, 6, 8, 4, 3, 3


def flat(tensor):
    return [float(f"{value:.7g}") for value in tensor.flatten().tolist()]


def short(tensor):
    """What is drawn has few digits, so that the file says exactly what was computed with."""
    return (tensor * 1000).round() / 1000


class Parameters(dict):
    """Drawn at first use, so that names stand in the order of the model."""

    def draw(self, name, *shape):
        self[name] = short(torch.randn(shape) * 0.3).requires_grad_()
        return self[name]


def encoder(p, kind, quantities, tables):
    for index, (rows, width) in enumerate(tables):
        p.draw(f"{kind}.table{index}", rows, width)
        p.draw(f"{kind}.table{index}.weights", width, HIDDEN)
        p.draw(f"{kind}.table{index}.straight", width, WIDTH)
    p.draw(f"{kind}.straight", quantities, WIDTH)
    p.draw(f"{kind}.straightBias", WIDTH)
    p.draw(f"{kind}.features", quantities, HIDDEN)
    p.draw(f"{kind}.hiddenBias", HIDDEN)
    p.draw(f"{kind}.output", HIDDEN, WIDTH)
    p.draw(f"{kind}.outputBias", WIDTH)
    p.draw(f"{kind}.gain", WIDTH)
    p.draw(f"{kind}.shift", WIDTH)


def encode(p, kind, quantities, keys):
    straight = quantities @ p[f"{kind}.straight"] + p[f"{kind}.straightBias"]
    hidden = quantities @ p[f"{kind}.features"] + p[f"{kind}.hiddenBias"]
    for index, column in enumerate(keys):
        hidden = hidden + p[f"{kind}.table{index}"][column] @ p[f"{kind}.table{index}.weights"]
        straight = straight + p[f"{kind}.table{index}"][column] @ p[f"{kind}.table{index}.straight"]
    output = hidden.relu() @ p[f"{kind}.output"] + p[f"{kind}.outputBias"]
    return layer_norm(output, (WIDTH,), p[f"{kind}.gain"], p[f"{kind}.shift"], 1e-5) + straight


def hear(p, name, x, edges, features, targets, aggregation):
    rows = []
    for target in range(targets):
        heard, total = torch.zeros(WIDTH), 0.0
        for source, to, edge in edges:
            if to != target:
                continue
            weight = (features[edge] @ p[f"{name}.edges"] + p[f"{name}.edgeBias"]).relu().mean()
            if aggregation == "attention":
                weight = weight * (x[source] @ p[f"{name}.attention"]).exp().squeeze()
            heard, total = heard + weight * x[source], total + weight
        rows.append(heard if aggregation == "sum" else heard / (total + 0.001))
    return torch.stack(rows)


def finish(p, name, x, messages):
    total = x @ p[f"{name}.weights"] + p[f"{name}.bias"]
    for relation, message in messages:
        total = total + message @ p[f"{relation}.messages"]
    straight = sum(message @ p[f"{relation}.straight"] for relation, message in messages)
    return layer_norm(total.relu(), (WIDTH,), p[f"{name}.gain"], p[f"{name}.shift"], 1e-5) + x + straight


def case(seed, aggregation):
    torch.manual_seed(seed)
    p = Parameters()
    encoder(p, "people", 146, [(TABLE, 16), (TABLE, 32)])
    encoder(p, "places", 110, [(TABLE, 16), (TABLE, 32), (5, 8), (6, 8)])
    for layer in "01":
        for relation, columns in (("social", 3), ("interacts", 12), ("revInteracts", 12)):
            p.draw(f"{layer}.{relation}.edges", columns, CHANNELS)
            p.draw(f"{layer}.{relation}.edgeBias", CHANNELS)
            p.draw(f"{layer}.{relation}.messages", WIDTH, WIDTH)
            p.draw(f"{layer}.{relation}.straight", WIDTH, WIDTH)
            if aggregation == "attention":
                p.draw(f"{layer}.{relation}.attention", WIDTH, 1)
        for kind in ("people", "places"):
            p.draw(f"{layer}.{kind}.weights", WIDTH, WIDTH)
            p.draw(f"{layer}.{kind}.bias", WIDTH)
            p.draw(f"{layer}.{kind}.gain", WIDTH)
            p.draw(f"{layer}.{kind}.shift", WIDTH)
    p.draw("own.places", PLACES, WIDTH)
    features = {"people": short(torch.rand(PEOPLE, 146)), "places": short(torch.rand(PLACES, 110))}
    keys = {
        "people": [torch.randint(0, TABLE, (PEOPLE,)) for _ in range(2)],
        "places": [torch.randint(0, rows, (PLACES,)) for rows in (TABLE, TABLE, 5, 6)],
    }
    visits = (torch.rand(PEOPLE, PLACES) < 0.4).nonzero().tolist()
    visits += visits[:3]  # who goes twice
    friends = [pair for pair in torch.triu(torch.rand(PEOPLE, PEOPLE) < 0.4, 1).nonzero().tolist()]
    kinds = {"visits": short(torch.rand(4, 12)), "friends": short(torch.rand(3, 3))}
    kind_of_visit = torch.randint(0, 4, (len(visits),)).tolist()
    kind_of_friendship = torch.randint(0, 3, (len(friends),)).tolist()

    relations = {
        "social": ("people", "people", kinds["friends"],
                   [edge for (a, b), kind in zip(friends, kind_of_friendship)
                    for edge in ((a, b, kind), (b, a, kind))]),
        "interacts": ("people", "places", kinds["visits"],
                      [(person, place, kind) for (person, place), kind in zip(visits, kind_of_visit)]),
        "revInteracts": ("places", "people", kinds["visits"],
                         [(place, person, kind) for (person, place), kind in zip(visits, kind_of_visit)]),
    }
    x = {kind: encode(p, kind, features[kind], keys[kind]) for kind in features}
    x["places"] = x["places"] + p["own.places"]
    for layer in "01":
        heard = {"people": [], "places": []}
        for relation, (source, target, table, edges) in relations.items():
            name = f"{layer}.{relation}"
            heard[target].append(
                (name, hear(p, name, x[source], edges, table, len(x[target]), aggregation)))
        x = {kind: finish(p, f"{layer}.{kind}", x[kind], heard[kind]) for kind in x}
    # Any numbers that depend on all rows: a ranking loss over random pairs.
    people, places = torch.randint(0, PEOPLE, (10,)), torch.randint(0, PLACES, (10,))
    good, bad = (x["people"][people] * x["places"][places]).sum(1).split(5)
    loss = softplus(bad - good).mean()
    loss.backward()
    return {
        "aggregation": aggregation,
        "parameters": [
            {"name": name, "values": flat(value), "gradient": flat(value.grad)} for name, value in p.items()],
        "features": {kind: flat(value) for kind, value in features.items()},
        "keys": {kind: [column.tolist() for column in columns] for kind, columns in keys.items()},
        "visits": visits, "friends": friends,
        "kindOfVisit": kind_of_visit, "kindOfFriendship": kind_of_friendship,
        "visitKinds": flat(kinds["visits"]), "friendshipKinds": flat(kinds["friends"]),
        "people": people.tolist(), "places": places.tolist(),
        "results": {kind: flat(value) for kind, value in x.items()},
        "loss": loss.item(),
    }


text = json.dumps([case(2, "mean"), case(1, "attention")])
print(textwrap.fill(text, 118, break_long_words=False))
