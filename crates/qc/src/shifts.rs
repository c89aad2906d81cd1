//! CUSUM and EWMA as optional rules of a profile: they find small lasting shifts that the rules of single limits miss.

use serde::{Deserialize, Serialize};

use crate::charts::{EwmaLimits, Side, cusum, ewma};
use crate::profile::{ProfileError, RuleProfile, Severity};
use crate::{Decimal, Limits};

/// The tabular CUSUM as a rule, its figures in standard deviations. In clinical use are k 1.0 with h 2.7 or 3.0, and k 0.5 with h 5.1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CusumRule {
    /// What is taken off each distance, 0 or more.
    pub k: Decimal,
    /// What a sum may reach, greater than 0.
    pub h: Decimal,
    /// What a signal means.
    pub severity: Severity,
}

/// The exponentially weighted moving average as a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EwmaRule {
    /// Weight of the newest value, greater than 0 and at most 1.
    pub lambda: Decimal,
    /// Limit in standard deviations of the average, greater than 0.
    pub limit: Decimal,
    /// What a signal means.
    pub severity: Severity,
}

/// A signal of one of them at the newest value of a stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shift {
    /// Which rule with which figures: `CUSUM 1.0/2.7`, `EWMA 0.2/2.86`.
    pub rule: String,
    /// What follows.
    pub severity: Severity,
    /// On which side.
    pub side: Side,
    /// Of how many of the newest values it is made: those since the sum, or the average, last lay at the target.
    pub span: usize,
}

impl CusumRule {
    /// The name with its figures.
    pub fn name(&self) -> String {
        format!("CUSUM {}/{}", self.k, self.h)
    }

    fn check(&self) -> Result<(), ProfileError> {
        let sound = self.k >= Decimal::ZERO && self.h.is_positive();
        sound.then_some(()).ok_or(ProfileError::Figures("CUSUM"))
    }

    /// The signal at the last of these values, which all stand under the same limits. Sums are exact.
    fn signal(&self, limits: Limits, values: &[Decimal]) -> Option<Shift> {
        let (k, h) = (times(self.k, limits.sd())?, times(self.h, limits.sd())?);
        let points = cusum(values, limits.mean(), k, h).ok()?;
        let side = points.last()?.signal?;
        let zero = |upper: bool| {
            points
                .iter()
                .rev()
                .take_while(|point| {
                    let sum = if upper { point.s_plus } else { point.s_minus };
                    sum.is_positive()
                })
                .count()
        };
        Some(Shift {
            rule: self.name(),
            severity: self.severity,
            side,
            span: match side {
                Side::Upper => zero(true),
                Side::Lower => zero(false),
                Side::Both => zero(true).max(zero(false)),
            },
        })
    }
}

impl EwmaRule {
    /// The name with its figures.
    pub fn name(&self) -> String {
        format!("EWMA {}/{}", self.lambda, self.limit)
    }

    fn check(&self) -> Result<(), ProfileError> {
        let lambda = self.lambda.to_f64();
        let sound = lambda > 0.0 && lambda <= 1.0 && self.limit.is_positive();
        sound.then_some(()).ok_or(ProfileError::Figures("EWMA"))
    }

    fn signal(&self, limits: Limits, values: &[Decimal]) -> Option<Shift> {
        let (mean, sd) = (limits.mean().to_f64(), limits.sd().to_f64());
        let values: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
        let (lambda, limit) = (self.lambda.to_f64(), self.limit.to_f64());
        let points = ewma(&values, mean, lambda, sd, limit, EwmaLimits::Growing).ok()?;
        let side = points.last()?.signal?;
        let span = points
            .iter()
            .rev()
            .take_while(|point| match side {
                Side::Lower => point.ewma < mean,
                Side::Upper | Side::Both => point.ewma > mean,
            })
            .count();
        Some(Shift {
            rule: self.name(),
            severity: self.severity,
            side,
            span,
        })
    }
}

impl RuleProfile {
    /// Whether the profile asks for sums over long streams.
    pub fn sums(&self) -> bool {
        self.cusum.is_some() || self.ewma.is_some()
    }

    /// The signals of the profile's CUSUM and EWMA at the last of these values of one material under one set of limits, oldest
    /// first, begun at its last reset.
    pub fn shifts(&self, limits: Limits, values: &[Decimal]) -> Vec<Shift> {
        let cusum = self
            .cusum
            .as_ref()
            .and_then(|rule| rule.signal(limits, values));
        let ewma = self
            .ewma
            .as_ref()
            .and_then(|rule| rule.signal(limits, values));
        cusum.into_iter().chain(ewma).collect()
    }

    pub(crate) fn check_sums(&self) -> Result<(), ProfileError> {
        self.cusum.as_ref().map_or(Ok(()), CusumRule::check)?;
        self.ewma.as_ref().map_or(Ok(()), EwmaRule::check)
    }

    pub(crate) fn sums_reject(&self) -> bool {
        let severities = [
            self.cusum.as_ref().map(|rule| rule.severity),
            self.ewma.as_ref().map(|rule| rule.severity),
        ];
        severities.contains(&Some(Severity::Reject))
    }
}

/// The exact product; nothing where it has more digits than a decimal holds.
fn times(a: Decimal, b: Decimal) -> Option<Decimal> {
    let mantissa = a.mantissa().checked_mul(b.mantissa())?;
    Decimal::new(mantissa, a.scale().checked_add(b.scale())?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rule;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn profile(k: &str, h: &str) -> RuleProfile {
        let mut profile = RuleProfile::usual("sums", [Rule::OneThreeS]);
        profile.cusum = Some(CusumRule {
            k: number(k),
            h: number(h),
            severity: Severity::Reject,
        });
        profile
    }

    fn limits() -> Limits {
        Limits::new(number("10.0"), number("0.2")).unwrap()
    }

    #[test]
    fn a_small_lasting_shift_is_found_and_exactly_the_limit_is_not() {
        let profile = profile("1.0", "2.7");
        let signal = |text: &str| {
            let values: Vec<Decimal> = text.split(' ').map(number).collect();
            profile.shifts(limits(), &values)
        };
        // 1.9 SD each: 0.9, 1.8, 2.7 is at the limit, 3.6 beyond.
        assert_eq!(signal("10.38 10.38 10.38"), []);
        let found = signal("9.9 10.38 10.38 10.38 10.38");
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].rule.as_str(), found[0].side, found[0].span),
            ("CUSUM 1.0/2.7", Side::Upper, 4)
        );
        assert_eq!(signal("9.62 9.62 9.62 9.62")[0].side, Side::Lower);
        // A value inside k takes the sum down again.
        assert_eq!(signal("10.38 10.38 9.8 10.38"), []);
    }

    #[test]
    fn a_moving_average_signals_where_single_values_do_not() {
        let mut profile = RuleProfile::usual("ewma", [Rule::OneThreeS]);
        profile.ewma = Some(EwmaRule {
            lambda: number("0.2"),
            limit: number("2.859"),
            severity: Severity::Warning,
        });
        let shifted = vec![number("10.3"); 8];
        let found = profile.shifts(limits(), &shifted);
        assert_eq!(found.len(), 1, "1.5 SD, eight times");
        assert_eq!(
            (found[0].rule.as_str(), found[0].severity, found[0].span),
            ("EWMA 0.2/2.859", Severity::Warning, 8)
        );
        assert_eq!(profile.shifts(limits(), &shifted[..2]), []);
        assert_eq!(profile.shifts(limits(), &[]), []);
    }

    #[test]
    fn figures_that_mean_nothing_are_refused_and_storage_keeps_the_rest() {
        assert_eq!(profile("1.0", "2.7").check(), Ok(()));
        for (k, h) in [("-0.5", "2.7"), ("1.0", "0"), ("1.0", "-1")] {
            assert_eq!(profile(k, h).check(), Err(ProfileError::Figures("CUSUM")));
        }
        let mut ewma = profile("1.0", "2.7");
        for lambda in ["0", "1.2", "-0.1"] {
            ewma.ewma = Some(EwmaRule {
                lambda: number(lambda),
                limit: number("3"),
                severity: Severity::Reject,
            });
            assert_eq!(ewma.check(), Err(ProfileError::Figures("EWMA")), "{lambda}");
        }
        let text = serde_json::to_string(&profile("1.0", "2.7")).unwrap();
        let read: RuleProfile = serde_json::from_str(&text).unwrap();
        assert_eq!(read, profile("1.0", "2.7"));
        // A profile of before has none.
        let old = serde_json::to_string(&RuleProfile::usual("x", [Rule::TenX])).unwrap();
        assert!(!old.contains("cusum"));
        assert!(!serde_json::from_str::<RuleProfile>(&old).unwrap().sums());
        // What only sums reject may stand.
        let mut only = RuleProfile::usual("x", [Rule::OneTwoS]);
        only.cusum = profile("1.0", "2.7").cusum;
        assert_eq!(only.check(), Ok(()));
    }
}
