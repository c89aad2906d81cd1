# Solves the transport problem of one day as a linear programme with HiGHS; prints seconds of the solver alone and the objective.
# Input on standard input: {"capacity": [...], "wanted": [...], "missing": [...], "pairs": [[request, kind, cost], ...]}
import json
import sys
import time

import highspy
import numpy as np

day = json.load(sys.stdin)
capacity, wanted, missing, pairs = day["capacity"], day["wanted"], day["missing"], day["pairs"]
kinds, requests = len(capacity), len(wanted)
lp = highspy.HighsLp()
lp.num_col_ = len(pairs) + requests
lp.num_row_ = kinds + requests
lp.col_cost_ = np.array([pair[2] for pair in pairs] + missing, dtype=float)
lp.col_lower_ = np.zeros(lp.num_col_)
lp.col_upper_ = np.full(lp.num_col_, highspy.kHighsInf)
lp.row_lower_ = np.array([-highspy.kHighsInf] * kinds + wanted, dtype=float)
lp.row_upper_ = np.array(capacity + wanted, dtype=float)
start, index = [0], []
for request, kind, _ in pairs:
    index += [kind, kinds + request]
    start.append(len(index))
for request in range(requests):
    index.append(kinds + request)
    start.append(len(index))
lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
lp.a_matrix_.start_ = np.array(start, dtype=np.int32)
lp.a_matrix_.index_ = np.array(index, dtype=np.int32)
lp.a_matrix_.value_ = np.ones(len(index))
solver = highspy.Highs()
solver.setOptionValue("output_flag", False)
solver.setOptionValue("threads", 1)
solver.setOptionValue("time_limit", 600.0)
solver.passModel(lp)
begun = time.perf_counter()
solver.run()
seconds = time.perf_counter() - begun
print(json.dumps({
    "seconds": seconds,
    "objective": solver.getInfo().objective_function_value,
    "optimal": solver.getModelStatus() == highspy.HighsModelStatus.kOptimal,
}))
