"""Counts the violations of every control rule in DuckDB, in the streak form: the length of a row on one side is the point's place less
the last place at which the condition failed. Arguments: points as CSV (stream, place, distance), SD, repeats. Prints JSON.
"""

import json
import sys
import time

import duckdb

PATH, SD, REPEATS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
CONDITIONS = {
    "above": "d > 0", "below": "d < 0", "above1": f"d > {SD}", "below1": f"d < -{SD}",
    "above2": f"d > {2 * SD}", "below2": f"d < -{2 * SD}", "rising": "d > before", "falling": "d < before",
}
ROWS = ",\n".join(
    f"p - coalesce(max(case when not coalesce({condition}, false) then p end) over w, -1) as {name}"
    for name, condition in CONDITIONS.items())
QUERY = f"""
with steps as (select s, p, d, lag(d) over (partition by s order by p) as before from points),
rows_of as (
  select p, d, {ROWS},
    sum(case when d > {2 * SD} then 1 else 0 end) over three as up3,
    sum(case when d < -{2 * SD} then 1 else 0 end) over three as down3
  from steps
  window w as (partition by s order by p rows between unbounded preceding and current row),
    three as (partition by s order by p rows between 2 preceding and current row)
)
select
  count(*) filter (abs(d) > {2 * SD}), count(*) filter (2 * abs(d) > {5 * SD}),
  count(*) filter (abs(d) > {3 * SD}), count(*) filter (2 * abs(d) > {7 * SD}),
  count(*) filter (greatest(above2, below2) >= 2), count(*) filter (p >= 2 and greatest(up3, down3) >= 2),
  count(*) filter (greatest(above1, below1) >= 3), count(*) filter (greatest(above1, below1) >= 4),
  count(*) filter (greatest(above, below) >= 6), count(*) filter (greatest(above, below) >= 8),
  count(*) filter (greatest(above, below) >= 9), count(*) filter (greatest(above, below) >= 10),
  count(*) filter (greatest(above, below) >= 12), count(*) filter (greatest(rising, falling) >= 6)
from rows_of
"""

connection = duckdb.connect()
# Its bar would stand in front of the answer.
connection.execute("set enable_progress_bar = false")
connection.execute(
    "create table points as select * from read_csv(?, header = false, columns = {'s': 'INTEGER', 'p': 'INTEGER', 'd': 'INTEGER'})",
    [PATH])
best = None
for _ in range(REPEATS):
    wall, cpu = time.perf_counter(), time.process_time()
    counts = connection.execute(QUERY).fetchone()
    taken = (time.process_time() - cpu, time.perf_counter() - wall, counts)
    best = taken if best is None or taken[0] < best[0] else best
print(json.dumps({"cpu_seconds": best[0], "wall_seconds": best[1], "counts": list(best[2])}))
