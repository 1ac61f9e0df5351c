"""Writes heads.json: GraphRec's heads and its joint loss, forward and backward, as PyTorch computes them in double
precision.

    python heads.py > heads.json

Embeddings, pairs, contexts, labels and parameters are random; everything the Swift test needs stands in the file,
parameters by name. A head concatenates what it reads and has one matrix for each layer, as it is specified; the
matrices of the first layer are written in the parts that Muster keeps them in.
"""

import json
import textwrap

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

torch.set_default_dtype(torch.float64)
WIDTH, CONTEXT, HIDDEN = 8, 16, (6, 5)
WEIGHTS = {"softmax": 1.0, "ranking": 1.0, "compatible": 0.5, "attends": 0.3}
PARTS = (("person", WIDTH), ("place", WIDTH), ("product", WIDTH), ("distance", WIDTH), ("context", CONTEXT))


def flat(tensor):
    return [float(f"{value:.7g}") for value in tensor.flatten().tolist()]


def short(tensor):
    """What is drawn has few digits, so that the file says exactly what was computed with."""
    return (tensor * 1000).round() / 1000


def drawn(*shape, scale=0.4):
    return short(torch.randn(shape) * scale).requires_grad_()


def head(p, name):
    for part, rows in PARTS:
        p[f"{name}.{part}"] = drawn(rows, HIDDEN[0])
    p[f"{name}.firstBias"] = drawn(HIDDEN[0])
    for layer, (inputs, outputs) in enumerate(zip(HIDDEN, HIDDEN[1:] + (1,))):
        p[f"{name}.{layer}.weights"] = drawn(inputs, outputs)
        p[f"{name}.{layer}.bias"] = drawn(outputs)


def judge(p, name, one, other, context):
    x = torch.cat([one, other, one * other, (one - other).abs(), context], 1)
    x = x @ torch.cat([p[f"{name}.{part}"] for part, _ in PARTS]) + p[f"{name}.firstBias"]
    for layer in range(len(HIDDEN)):
        x = x.relu() @ p[f"{name}.{layer}.weights"] + p[f"{name}.{layer}.bias"]
    return x.squeeze(1)


def softmax_loss(people, places, bias, wanted, masked, weights):
    """log of the sum of e^score over the places that compete - the mean score of those wanted, person by person."""
    loss = 0.0
    for row, part in enumerate(weights):
        scores = places @ people[row] + bias
        competes = torch.ones(len(places), dtype=torch.bool)
        competes[masked[row]] = False
        loss = loss + part * (torch.logsumexp(scores[competes], 0) - scores[wanted[row]].mean())
    return loss


def known(logits, labels):
    """Cross-entropy over those that have a label."""
    mask = torch.tensor([label >= 0 for label in labels])
    return binary_cross_entropy_with_logits(logits[mask], torch.tensor(labels, dtype=torch.float64)[mask])


def main():
    torch.manual_seed(5)
    people_count, places_count, positives, negatives = 7, 9, 5, 2
    p = {"people": drawn(people_count, WIDTH, scale=0.7), "places": drawn(places_count, WIDTH, scale=0.7),
         "bias": drawn(places_count)}
    for name in ("compatible", "attends", "place"):
        head(p, name)
    pairs = positives * (1 + negatives)
    positive_people = torch.randint(0, people_count, (positives,))
    pair_people = positive_people.repeat(1 + negatives)
    pair_places = torch.randint(0, places_count, (pairs,))
    context = short(torch.rand(pairs, CONTEXT) * (torch.rand(pairs, CONTEXT) < 0.4))
    first, second = torch.randint(0, people_count, (8,)), torch.randint(0, people_count, (8,))
    friend_context = short(torch.rand(8, CONTEXT) * (torch.rand(8, CONTEXT) < 0.4))
    compatible, attends = [1, 0, 1, 1, 0, 0, 1, 0], [1, 0, -1, 0, -1, 0, 1, 1]
    wanted, masked = [[0, 3], [2], [5, 7, 8]], [[1], [], [0, 2]]
    parts = [0.5, 0.2, 0.3]

    one, other = p["people"][pair_people], p["places"][pair_places]
    scores = (one * other).sum(1) + p["bias"][pair_places] + judge(p, "place", one, other, context)
    friends = (p["people"][first], p["people"][second], friend_context)
    logits = {name: judge(p, name, *friends) for name in ("compatible", "attends")}
    good = scores[:positives].repeat(negatives)
    losses = {
        "softmax": softmax_loss(p["people"], p["places"], p["bias"], wanted, masked, parts),
        "ranking": softplus(scores[positives:] - good).mean(),
        "compatible": known(logits["compatible"], compatible),
        "attends": known(logits["attends"], attends),
    }
    loss = sum(WEIGHTS[name] * value for name, value in losses.items())
    loss.backward()
    result = {
        "parameters": [
            {"name": name, "values": flat(value), "gradient": flat(value.grad)} for name, value in p.items()],
        "positives": positives, "pairPeople": pair_people.tolist(), "pairPlaces": pair_places.tolist(),
        "context": flat(context), "first": first.tolist(), "second": second.tolist(),
        "friendContext": flat(friend_context), "compatible": compatible, "attends": attends,
        "wanted": wanted, "masked": masked, "parts": parts,
        "scores": flat(scores), "logits": {name: flat(value) for name, value in logits.items()},
        "losses": {name: value.item() for name, value in losses.items()}, "loss": loss.item(),
    }
    print(textwrap.fill(json.dumps(result), 118, break_long_words=False))


main()
