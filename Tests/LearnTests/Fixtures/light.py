"""Writes light.json: LightGCN and SocialLGN, forward and backward, as PyTorch computes them in double precision.

    python light.py > light.json

The graph, embeddings and weights are random; everything the Swift test needs stands in the file. The models are written
after the papers, with dense matrices.
"""

import json
import textwrap

import torch
from torch.nn.functional import softplus

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)
USERS, ITEMS, WIDTH, LAYERS, DECAY = 9, 11, 16, 3, 0.01

has = torch.rand(USERS, ITEMS) < 0.35
has[torch.arange(USERS), torch.arange(USERS)] = True
has[:, 10] = False  # an item that nobody has
knows = torch.triu(torch.rand(USERS, USERS) < 0.3, 1)
knows = knows | knows.T
knows[3] = False  # a user without friends
knows[:, 3] = False


def normalized(links):
    degree = links.sum(1)
    root = torch.where(degree > 0, degree.clamp(min=1) ** -0.5, torch.zeros_like(degree))
    return root[:, None] * links * root[None]


zeros = torch.zeros(USERS, USERS), torch.zeros(ITEMS, ITEMS)
visits = normalized(torch.cat([torch.cat([zeros[0], has * 1.0], 1), torch.cat([has.T * 1.0, zeros[1]], 1)]))
friends = normalized(knows * 1.0)


def lightgcn(table, fusion):
    layers = [table]
    for _ in range(LAYERS):
        layers.append(visits @ layers[-1])
    return torch.stack(layers).mean(0)


def sociallgn(table, fusion):
    layers = [table]
    for _ in range(LAYERS):
        spread = visits @ layers[-1]
        said = torch.tanh(friends @ layers[-1][:USERS] @ fusion["friends"].T)
        had = torch.tanh(spread[:USERS] @ fusion["items"].T)
        joint = torch.cat([said, had], 1) @ fusion["joint"].T + fusion["bias"]
        layers.append(torch.cat([joint / joint.norm(), spread[USERS:]]))
    return torch.stack(layers).mean(0)


def case(model, fusion):
    table = (torch.randn(USERS + ITEMS, WIDTH) * 0.3).requires_grad_()
    for values in fusion.values():
        values.requires_grad_()
    users = torch.randint(0, USERS, (8,))
    wanted = torch.tensor([int(torch.multinomial(has[user] * 1.0, 1)) for user in users])
    others = torch.tensor([int(torch.multinomial((~has[user]) * 1.0, 1)) for user in users])
    result = model(table, fusion)
    rows = users, wanted + USERS, others + USERS
    user, one, other = (result[index] for index in rows)
    squares = sum(table[index].pow(2).sum() for index in rows)
    loss = softplus((user * (other - one)).sum(1)).mean() + DECAY * squares / 2 / len(users)
    loss.backward()

    def flat(tensor):
        return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]

    return {
        "embeddings": flat(table),
        "fusion": [value for values in fusion.values() for value in flat(values)],
        "users": users.tolist(),
        "wanted": wanted.tolist(),
        "others": others.tolist(),
        "results": flat(result),
        "loss": loss.item(),
        "gradient": flat(table.grad),
        "fusionGradient": [value for values in fusion.values() for value in flat(values.grad)],
    }


shapes = {"friends": (WIDTH, WIDTH), "items": (WIDTH, WIDTH), "joint": (WIDTH, 2 * WIDTH), "bias": (WIDTH,)}
text = json.dumps(
    {
        "users": USERS,
        "items": ITEMS,
        "width": WIDTH,
        "layers": LAYERS,
        "decay": DECAY,
        "interactions": has.nonzero().tolist(),
        "friends": knows.nonzero().tolist(),
        "lightgcn": case(lightgcn, {}),
        "sociallgn": case(sociallgn, {name: torch.randn(shape) * 0.3 for name, shape in shapes.items()}),
    }
)
print(textwrap.fill(text, 118, break_long_words=False))
