//! Exact tests of a reaction pattern against chance.

/// One-sided Fisher's exact test of a panel: how likely at least as many reactive antigen-positive cells are by chance, given the
/// numbers of antigen-positive, antigen-negative and reactive cells. 0 to 1.
pub fn fisher(pos_reactive: u32, pos_non: u32, neg_reactive: u32, neg_non: u32) -> f64 {
    let positive = u64::from(pos_reactive) + u64::from(pos_non);
    let negative = u64::from(neg_reactive) + u64::from(neg_non);
    let reactive = u64::from(pos_reactive) + u64::from(neg_reactive);
    let all = ln_choose(positive + negative, reactive);
    let p: f64 = (u64::from(pos_reactive)..=positive.min(reactive))
        .filter(|hits| reactive - hits <= negative)
        .map(|hits| (ln_choose(positive, hits) + ln_choose(negative, reactive - hits) - all).exp())
        .sum();
    p.min(1.0)
}

/// Harris and Hochman's probability of a perfect pattern: `pos` antigen-positive cells that all react and `neg` antigen-negative
/// cells of which none does. 1 where no cell was counted.
pub fn harris_hochman(pos: u32, neg: u32) -> f64 {
    let all = f64::from(pos) + f64::from(neg);
    let part = |cells: u32| {
        if cells == 0 {
            1.0
        } else {
            (f64::from(cells) / all).powf(f64::from(cells))
        }
    };
    part(pos) * part(neg)
}

/// The logarithm of the number of ways to take `taken` of `all`; `taken` is at most `all`.
fn ln_choose(all: u64, taken: u64) -> f64 {
    // Counts of cells are small: a plain sum is exact enough.
    (1..=taken.min(all - taken))
        .map(|n| ((all - n + 1) as f64).ln() - (n as f64).ln())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 5e-5
    }

    #[test]
    fn perfect_splits_have_their_published_chances() {
        for (pos, neg, p) in [
            (3, 3, 0.05),
            (2, 3, 0.1),
            (5, 2, 0.0476),
            (4, 2, 0.0667),
            (7, 1, 0.125),
            (8, 7, 0.000_155),
        ] {
            assert!(close(fisher(pos, 0, 0, neg), p), "{pos}+{neg}");
        }
        assert!(close(harris_hochman(3, 3), 0.015_625));
        assert!(close(harris_hochman(2, 3), 0.034_56));
    }

    #[test]
    fn an_imperfect_split_counts_every_outcome_at_least_as_extreme() {
        // 4 of 5 antigen-positive and 1 of 6 antigen-negative cells react: C(5,4)C(6,1)+C(5,5)C(6,0) of C(11,5).
        assert!(close(fisher(4, 1, 1, 5), 31.0 / 462.0));
        assert!(close(fisher(0, 3, 0, 3), 1.0));
        assert!(close(fisher(0, 3, 3, 0), 1.0));
    }
}
