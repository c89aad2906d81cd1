"""Random control series and what westgard-python 0.3.0 (Apache-2.0) says of their last run.

One line a window: runs parted by ";", the z scores of a run's levels in hundredths parted by ","; then, parted by tabs, the rules
broken at the last point of each level (";" between levels), across materials at the last point of the last run, and in the last run.
"""

import random
import sys

from westgard.models import ControlObservation, EvaluationScope, RuleName, RunIdentifier
from westgard.rules import evaluate_rule

COUNT, SEED = int(sys.argv[1]), int(sys.argv[2])
NAMES = {
    RuleName.ONE_2S: "1-2s", RuleName.ONE_3S: "1-3s", RuleName.TWO_2S: "2-2s", RuleName.R_4S: "R-4s",
    RuleName.FOUR_1S: "4-1s", RuleName.EIGHT_X: "8x", RuleName.TEN_X: "10x", RuleName.TWELVE_X: "12x",
    RuleName.TWO_OF_THREE_2S: "2of3-2s", RuleName.THREE_1S: "3-1s", RuleName.SIX_X: "6x", RuleName.NINE_X: "9x",
    RuleName.SEVEN_T: "7T",
}
SINGLE = (RuleName.ONE_2S, RuleName.ONE_3S)
# Across materials these look at one run only; the others at the runs before it too.
IN_RUN = (RuleName.TWO_2S, RuleName.TWO_OF_THREE_2S, RuleName.THREE_1S)
LONG = (RuleName.FOUR_1S, RuleName.SIX_X, RuleName.EIGHT_X, RuleName.NINE_X, RuleName.TEN_X, RuleName.TWELVE_X)
EDGES = (-300, -250, -200, -100, 0, 100, 200, 250, 300)


def window(draw):
    levels = draw.choice((1, 1, 2, 2, 3))
    shift, spread = draw.choice((0, 0, 60, -60, 120, -120, 210, -210)), draw.choice((40, 100, 160))
    slope = draw.choice((0, 0, 0, 25, -25))
    runs = []
    for place in range(draw.randint(1, 15)):
        values = []
        for _ in range(levels):
            value = round(draw.gauss(shift + slope * place, spread if slope == 0 else 15))
            values.append(draw.choice(EDGES) if draw.random() < 0.12 else value)
        runs.append(values)
    return runs


def broken(rule, stream, scope):
    return evaluate_rule(rule, tuple(stream), scope=scope, stream_name="x").violated


def names(rules):
    return ",".join(NAMES[rule] for rule in rules)


def main():
    draw = random.Random(SEED)
    print(f"# {COUNT} windows, seed {SEED}; verdicts of PyPI westgard-python 0.3.0 (Apache-2.0)")
    for _ in range(COUNT):
        runs = window(draw)
        points, sequence = [], 0
        for run, values in enumerate(runs):
            for level, value in enumerate(values):
                points.append(ControlObservation(
                    analyte="a", material=f"L{level}", run_id=RunIdentifier(str(run)), sequence=sequence, z_score=value / 100))
                sequence += 1
        last = [point for point in points if point.run_id.value == str(len(runs) - 1)]
        within = []
        for level in range(len(runs[-1])):
            stream = [point for point in points if point.material == f"L{level}"]
            rules = [rule for rule in NAMES if rule is not RuleName.R_4S and rule not in SINGLE
                     and broken(rule, stream, EvaluationScope.WITHIN_MATERIAL)]
            within.append(names([rule for rule in SINGLE if broken(rule, stream[-1:], EvaluationScope.WITHIN_RUN)] + rules))
        across = []
        if len(last) > 1:
            across += [rule for rule in IN_RUN if broken(rule, last, EvaluationScope.ACROSS_MATERIAL)]
            across += [rule for rule in LONG if broken(rule, points, EvaluationScope.ACROSS_MATERIAL)]
        in_run = [RuleName.R_4S] if broken(RuleName.R_4S, last, EvaluationScope.WITHIN_RUN) else []
        text = ";".join(",".join(map(str, values)) for values in runs)
        print(text, ";".join(within), names(across), names(in_run), sep="\t")


main()
