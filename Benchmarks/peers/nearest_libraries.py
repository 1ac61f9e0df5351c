"""Nearest neighbors with the libraries of the field, on the rows that muster-bench nearest --save has written.

usage: nearest_libraries.py NAME [--libraries scann,faiss-ivf,faiss-hnsw,hnswlib,usearch] [--seconds 2]

Reads NAME-vectors.npy and NAME-queries.npy (unit length, so inner product is cosine). Each library is built once, on one
thread, and asked with settings that trade recall for speed; a line for each setting, in the language of muster-bench.
Times are CPU seconds of this process. Recall is against faiss' exact search.
"""

import argparse
import json
import os
import resource
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def recall(found, truth):
    return float(np.mean([len(np.intersect1d(a[:10], b)) for a, b in zip(found, truth)]) / 10)


class Reporter:
    def __init__(self, name, queries, truth, seconds):
        self.name, self.queries, self.truth, self.seconds = name, queries, truth, seconds

    def measure(self, library, setting, build, size, search):
        found = search(self.queries)
        asked, start, wall = 0, cpu(), time.time()
        while time.time() - wall < self.seconds:
            search(self.queries)
            asked += len(self.queries)
        used = cpu() - start
        print(json.dumps({
            "name": f"nearest {library}", "data": f"{self.name} {setting}", "threads": 1, "seed": 1,
            "cpu_seconds": used, "wall_seconds": time.time() - wall, "load_seconds": 0.0,
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
            "metrics": {"recall_at_10": recall(found, self.truth), "queries_per_second": asked / used,
                        "build_cpu_seconds": build, "bytes": size}}), flush=True)


def run_scann(vectors, report):
    import scann
    rows, d = vectors.shape
    leaves = int(4 * rows ** 0.5) if rows > 20000 else int(2 * rows ** 0.5)
    start = cpu()
    builder = scann.scann_ops_pybind.builder(vectors, 10, "dot_product").tree(
        num_leaves=leaves, num_leaves_to_search=20, training_sample_size=min(rows, 250000))
    searcher = builder.score_ah(2, anisotropic_quantization_threshold=0.2).reorder(100).build()
    build = cpu() - start
    for probes, reorder in [(4, 30), (8, 40), (12, 60), (16, 60), (24, 80), (40, 100), (80, 150)]:
        report.measure("scann", f"leaves {leaves} probes {probes} reorder {reorder}", build, 0,
                       lambda q: searcher.search_batched(q, leaves_to_search=probes, pre_reorder_num_neighbors=reorder)[0])


def run_faiss_ivf(vectors, report):
    import faiss
    faiss.omp_set_num_threads(1)
    rows, d = vectors.shape
    start = cpu()
    index = faiss.index_factory(d, f"IVF{int(4 * rows ** 0.5)},PQ{d // 2}x4fsr,RFlat", faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[: min(rows, 250000)])
    index.add(vectors)
    build = cpu() - start
    inner = faiss.extract_index_ivf(index)
    for probes in [4, 8, 16, 32, 64]:
        inner.nprobe = probes
        for factor in [4, 10]:
            index.k_factor = factor
            report.measure("faiss-ivf", f"probes {probes} factor {factor}", build, 0, lambda q: index.search(q, 10)[1])


def run_faiss_hnsw(vectors, report):
    import faiss
    faiss.omp_set_num_threads(1)
    start = cpu()
    index = faiss.IndexHNSWFlat(vectors.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 200
    index.add(vectors)
    build = cpu() - start
    for ef in [16, 32, 64, 128, 256]:
        index.hnsw.efSearch = ef
        report.measure("faiss-hnsw", f"ef {ef}", build, 0, lambda q: index.search(q, 10)[1])


def run_hnswlib(vectors, report):
    import hnswlib
    start = cpu()
    index = hnswlib.Index("ip", vectors.shape[1])
    index.init_index(len(vectors), M=16, ef_construction=200)
    index.set_num_threads(1)
    index.add_items(vectors)
    build = cpu() - start
    for ef in [16, 32, 64, 128, 256]:
        index.set_ef(ef)
        report.measure("hnswlib", f"ef {ef}", build, 0, lambda q: index.knn_query(q, 10)[0])


def run_usearch(vectors, report):
    from usearch.index import Index
    start = cpu()
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="bf16", connectivity=16, expansion_add=200)
    index.add(np.arange(len(vectors)), vectors, threads=1)
    build = cpu() - start
    for ef in [16, 32, 64, 128, 256]:
        index.expansion_search = ef
        report.measure("usearch", f"ef {ef}", build, 0, lambda q: index.search(q, 10, threads=1).keys)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--libraries", default="scann,faiss-ivf,faiss-hnsw,hnswlib,usearch")
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    vectors = np.ascontiguousarray(np.load(options.name + "-vectors.npy"))
    queries = np.ascontiguousarray(np.load(options.name + "-queries.npy"))[:1000]
    import faiss
    exact = faiss.IndexFlatIP(vectors.shape[1])
    exact.add(vectors)
    truth = exact.search(queries, 10)[1]
    report = Reporter(f"{vectors.shape[0]} x {vectors.shape[1]}", queries, truth, options.seconds)
    runs = {"scann": run_scann, "faiss-ivf": run_faiss_ivf, "faiss-hnsw": run_faiss_hnsw, "hnswlib": run_hnswlib,
            "usearch": run_usearch}
    for library in options.libraries.split(","):
        runs[library](vectors, report)


if __name__ == "__main__":
    main()
