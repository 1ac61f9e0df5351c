"""Fits the cascades that muster-bench hawkes --print wrote with scipy's Nelder-Mead, once with a likelihood compiled
from C and once in plain Python, and prints the same objects. Exponential kernel, logarithms of base, branching, decay.

    muster-bench hawkes --print > cascades; hawkes_scipy.py cascades [--plain]"""

import argparse
import ctypes
import json
import math
import resource
import subprocess
import tempfile
import time

import numpy
import scipy
from scipy.optimize import minimize

SOURCE = """
#include <math.h>
double likelihood(const double *times, int count, double end, double base, double n, double b) {
    double pull = 0, sum = 0, fallen = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0) pull = exp(-b * (times[i] - times[i - 1])) * (pull + 1);
        sum += log(base + n * b * pull);
        fallen += 1 - exp(-b * (end - times[i]));
    }
    return sum - base * end - n * fallen;
}
"""


def compiled():
    folder = tempfile.mkdtemp()
    with open(folder + "/likelihood.c", "w") as file:
        file.write(SOURCE)
    subprocess.run(["cc", "-O3", "-march=native", "-shared", "-fPIC", "-o", folder + "/likelihood.so",
                    folder + "/likelihood.c", "-lm"], check=True)
    function = ctypes.CDLL(folder + "/likelihood.so").likelihood
    function.restype = ctypes.c_double
    function.argtypes = [ctypes.c_void_p, ctypes.c_int] + 4 * [ctypes.c_double]
    return lambda times, end, base, n, b: function(times.ctypes.data, len(times), end, base, n, b)


def plain(times, end, base, n, b):
    pull, total, fallen, before = 0.0, 0.0, 0.0, None
    for time_ in times.tolist():
        if before is not None:
            pull = math.exp(-b * (time_ - before)) * (pull + 1)
        total += math.log(base + n * b * pull)
        fallen += 1 - math.exp(-b * (end - time_))
        before = time_
    return total - base * end - n * fallen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cascades")
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    with open(arguments.cascades) as file:
        cascades = [json.loads(line) for line in file]
    likelihood = plain if arguments.plain else compiled()
    below, total, evaluations, worst = 0, 0.0, 0, math.inf
    start, wall = time.process_time(), time.monotonic()
    found = []
    for cascade in cascades:
        times, end = numpy.array(cascade["times"]), cascade["end"]
        rate = len(times) / end

        def loss(point):
            if max(abs(point)) > 25:
                return math.inf
            return -likelihood(times, end, *numpy.exp(point))

        fit = minimize(loss, [math.log(0.5 * rate), math.log(0.5), math.log(rate)], method="Nelder-Mead",
                       options={"xatol": 1e-6, "fatol": 1e-8, "maxiter": 2000})
        evaluations += fit.nfev
        found.append(-fit.fun)
    cpu, wall = time.process_time() - start, time.monotonic() - wall
    for cascade, value in zip(cascades, found):
        below += cascade["log_likelihood"] < value - 1e-6
        worst = min(worst, cascade["log_likelihood"] - value)
        total += value
    kind = "python" if arguments.plain else "compiled"
    print(json.dumps({
        "name": f"hawkes/scipy-{scipy.__version__}-{kind}", "data": "synthetic", "threads": 1, "seed": 1,
        "cpu_seconds": cpu, "wall_seconds": wall, "load_seconds": 0.0,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "metrics": {"fits_per_second": len(cascades) / cpu, "log_likelihood": float(total),
                    "evaluations": evaluations / len(cascades), "muster_below": int(below),
                    "least_lead_of_muster": float(worst)}}))


if __name__ == "__main__":
    main()
