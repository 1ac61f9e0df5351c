"""GF-CF (Shen et al., CIKM 2021) on a LightGCN folder: no training, 256 singular vectors and the two-hop filter.

    python gfcf.py --data FOLDER [--k 256] [--share .3]

Prints one JSON object in the language of muster-bench: CPU seconds of the decomposition and of scoring all users.
"""

import argparse
import json
import resource
import time

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import svds


def read(path):
    users, items = [], []
    with open(path) as file:
        for line in file:
            numbers = [int(word) for word in line.split()]
            users += numbers[:1] * (len(numbers) - 1)
            items += numbers[1:]
    return np.array(users), np.array(items)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--k", type=int, default=256)
    parser.add_argument("--share", type=float, default=0.3, help="weight of the low-pass filter")
    options = parser.parse_args()
    begun = time.perf_counter()
    train, test = read(options.data + "/train.txt"), read(options.data + "/test.txt")
    users = max(train[0].max(), test[0].max()) + 1
    items = max(train[1].max(), test[1].max()) + 1
    known = sparse.csr_matrix((np.ones(len(train[0]), np.float32), train), shape=(users, items))
    wanted = sparse.csr_matrix((np.ones(len(test[0]), np.float32), test), shape=(users, items))
    loaded = time.perf_counter() - begun

    wall, cpu = time.perf_counter(), time.process_time()
    roots_users = 1 / np.sqrt(np.maximum(np.asarray(known.sum(1)).ravel(), 1e-9))
    roots_items = 1 / np.sqrt(np.maximum(np.asarray(known.sum(0)).ravel(), 1e-9))
    roots_users[roots_users > 1e3] = 0
    roots_items[roots_items > 1e3] = 0
    normal = (sparse.diags(roots_users) @ known @ sparse.diags(roots_items)).astype(np.float32).tocsr()
    vectors = svds(normal, options.k, random_state=1)[2].astype(np.float32)
    gram = (normal.T @ normal).tocsr()
    decomposed = time.process_time() - cpu

    discounts = 1 / np.log2(np.arange(2, 22))
    ideals = np.concatenate([[0], np.cumsum(discounts)])
    judged = np.flatnonzero(np.diff(wanted.indptr))
    left, right = vectors * roots_items, vectors * np.where(roots_items > 0, 1 / np.maximum(roots_items, 1e-9), 0)
    recall = ndcg = 0.0
    for start in range(0, len(judged), 1024):
        block = judged[start : start + 1024]
        rows = known[block]
        scores = (rows @ gram).toarray() + options.share * ((rows @ left.T) @ right)
        scores[np.repeat(np.arange(len(block)), np.diff(rows.indptr)), rows.indices] = -np.inf
        top = np.argpartition(-scores, 20, axis=1)[:, :20]
        order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1)
        top = np.take_along_axis(top, order, 1)
        hits = np.asarray(wanted[np.repeat(block, 20), top.ravel()]).reshape(len(block), 20)
        count = np.diff(wanted[block].indptr)
        recall += (hits.sum(1) / count).sum()
        ndcg += ((hits * discounts).sum(1) / ideals[np.minimum(count, 20)]).sum()
    print(
        json.dumps(
            {
                "name": "lightgcn/gf-cf",
                "data": options.data.rstrip("/").split("/")[-1],
                "threads": 1,
                "seed": 1,
                "cpu_seconds": round(time.process_time() - cpu, 2),
                "wall_seconds": round(time.perf_counter() - wall, 2),
                "load_seconds": round(loaded, 2),
                "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
                "metrics": {
                    "recall_at_20": round(recall / len(judged), 4),
                    "ndcg_at_20": round(ndcg / len(judged), 4),
                    "decompose_cpu_seconds": round(decomposed, 2),
                },
            }
        )
    )


if __name__ == "__main__":
    main()
