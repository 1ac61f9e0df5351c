#!/usr/bin/env python3
"""Loads a visits CSV into a DuckDB file under the key that Muster's store uses, and prints what muster-bench prints.

    duckdb_import.py VISITS.csv [--threads N] [--database FILE]

The table has Muster's columns and its primary key, (person, place, time). The rows count as loaded when they are
committed and checkpointed into the file.
"""

import argparse
import json
import os
import resource
import tempfile
import time

import duckdb

TABLE = """
CREATE TABLE visits (
    user_id UBIGINT, place_id UBIGINT, city_id VARCHAR, dwell_time FLOAT, num_likes USMALLINT, num_saves USMALLINT,
    num_shares USMALLINT, attended BOOLEAN, "timestamp" TIMESTAMP, PRIMARY KEY (user_id, place_id, "timestamp"))
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(options.file))) as folder:
        path = options.database or os.path.join(folder, "visits.duckdb")
        connection = duckdb.connect(path, config={"threads": options.threads})
        connection.execute(TABLE)
        before = resource.getrusage(resource.RUSAGE_SELF)
        start = time.monotonic()
        connection.execute("COPY visits FROM '%s' (HEADER)" % options.file.replace("'", "''"))
        connection.execute("CHECKPOINT")
        wall = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_SELF)
        rows = connection.execute("SELECT count(*) FROM visits").fetchone()[0]
        connection.close()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        json.dumps(
            {
                "name": "import.duckdb",
                "data": os.path.basename(options.file),
                "threads": options.threads,
                "seed": 0,
                "cpu_seconds": round(cpu, 3),
                "wall_seconds": round(wall, 3),
                "peak_bytes": after.ru_maxrss * 1024,
                "metrics": {"rows": rows, "rows_per_second": round(rows / wall), "rejected": 0},
            }
        )
    )


main()
