"""Random sets and what PyPI `pt13528` (LGPL-3.0-or-later, Kombobit) says of them, as tab-separated lines for the test
`agrees_with_pt13528` of lifeline-qc. Only outputs of the package are used; no code of it is part of Lifeline.

    python eqa_sets.py COUNT SEED > FILE
"""
import random
import sys

from pt13528.homogeneity import homogeneity
from pt13528 import robust

TIGHT = 1e-14


def values(rng):
    """One set: small and large, tied, contaminated, far from zero, tiny, all equal."""
    p = rng.choice([2, 3, 4, 5, 6, rng.randint(7, 13), rng.randint(14, 60)])
    kind = rng.randrange(9)
    spread = 10 ** rng.uniform(-3, 3)
    centre = rng.choice([0.0, 1.0, 10 ** rng.uniform(-2, 4)])
    x = [rng.gauss(centre, spread) for _ in range(p)]
    if kind in (0, 1):
        x = [round(v / spread, kind) for v in x]
    elif kind == 2:
        x = [v if rng.random() < 0.8 else v + rng.choice([-1, 1]) * spread * rng.uniform(3, 30) for v in x]
    elif kind == 3:
        x = [1e9 + rng.gauss(0, 1) for _ in x]
    elif kind == 4:
        x = [rng.gauss(1e-300, 1e-301) for _ in x]
    elif kind == 5:
        most = rng.uniform(0.5, 1.0)
        x = [1.25 if rng.random() < most else round(rng.gauss(1.25, 1), 2) for _ in x]
    elif kind == 6:
        x = [centre + spread / (rng.random() - 0.5) for _ in x]
    elif kind == 7:
        x = [float(rng.randint(0, 4)) for _ in x]
    return x


def text(*numbers):
    return ",".join(repr(float(n)) for n in numbers)


def estimate(tol, x):
    r = robust.algorithm_a(x, tol=tol)
    if not r.converged:
        return "open"
    return text(r.location, r.scale, r.iterations)


def main(count, seed):
    rng = random.Random(seed)
    print(f"# {count} random sets, seed {seed}; outputs of PyPI pt13528 {sys.argv[3] if len(sys.argv) > 3 else ''}".rstrip())
    print("# values\tmedian,made,niqr,qn,q,hampel,small\tA converged\tA iso\tfreedom\tS converged\tS iso\thomogeneity")
    for _ in range(count):
        x = values(rng)
        q = robust.q_hampel(x)
        basic = text(robust.median(x), robust.made(x), robust.niqr(x), robust.qn(x), q.scale, q.location,
                     robust.mean_abs_dev_sd(x))
        nu = rng.randint(1, 10)
        w = [abs(v) for v in x]
        s = robust.algorithm_s(w, nu, tol=TIGHT)
        s_iso = robust.algorithm_s(w, nu, tol="iso2022")
        g, m = rng.randint(2, 20), rng.randint(2, 4)
        items = [[round(rng.gauss(10, 1) + rng.gauss(0, 0.3), 2) for _ in range(m)] for _ in range(g)]
        h = homogeneity(items, sigma_pt=rng.uniform(0.5, 5))
        limit = h.criterion / 0.3
        flat = ";".join(text(*item) for item in items)
        print("\t".join([
            text(*x), basic, estimate(TIGHT, x), estimate("iso2022", x), str(nu),
            text(s.scale) if s.converged else "open", text(s_iso.scale),
            f"{flat}|{text(limit, h.s_x, h.s_w, h.s_s, h.expanded_criterion)}",
        ]))


main(int(sys.argv[1]), int(sys.argv[2]))
