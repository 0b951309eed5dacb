//! Errors over all trials, the level that is tolerated, and what is required of the gain.

use super::super::findings::Finding;
use super::super::harness::Trials;
use super::{Canceller, Case, Counted, LEVELS_DB, LINEWIDTHS_KHZ, Link, MpiCancel};

/// KP4's threshold.
const KP4: f64 = 2.4e-4;
/// Gains in dB that are required at each linewidth.
const GAINS_DB: [(Canceller, [f64; 3]); 2] = [
    (Canceller::BlockTracker, [10.0, 10.0, 9.0]),
    (Canceller::DelayAware, [14.0, 13.0, 10.5]),
];
/// Row 32 of the acceptance table: level in dB, linewidth in kHz, largest bit error ratio after.
const ROW_32: (f64, u32, f64) = (-24.0, 1_000, 3e-5);
/// Largest rise of a healthy link's errors.
const RISE: f64 = 1.02;
/// One-sided 99 % of a Gaussian.
const Z99: f64 = 2.326;
/// Two-sided 95 %.
const Z95: f64 = 1.960;

/// The trials of a case, seed by seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooled<'a> {
    trials: Vec<&'a Counted>,
}

impl<'a> Pooled<'a> {
    /// Collects the trials of a case.
    pub fn of(trials: &'a Trials<MpiCancel>, case: Case) -> Self {
        let of_case = trials.range((case, 0)..=(case, u64::MAX));
        Self {
            trials: of_case.map(|(_, entry)| &entry.result).collect(),
        }
    }

    /// Bit error ratio at each level, without one of the trials if so wished; half an error
    /// stands for none.
    pub fn ratios(&self, without: Option<usize>) -> Vec<f64> {
        let kept = || {
            let numbered = self.trials.iter().enumerate();
            numbered
                .filter(|(i, _)| Some(*i) != without)
                .map(|(_, t)| t)
        };
        let bits: u64 = kept().map(|t| t.bits).sum();
        let count = self.trials.first().map_or(0, |t| t.errors.len());
        (0..count)
            .map(|level| {
                let errors: u64 = kept().filter_map(|t| t.errors.get(level)).sum();
                (errors as f64).max(0.5) / bits.max(1) as f64
            })
            .collect()
    }

    /// Level in dB up to which the bit error ratio stays below [`KP4`].
    fn tolerated_db(&self, without: Option<usize>) -> Option<f64> {
        let ratios = self.ratios(without);
        let above = ratios.iter().position(|&ratio| ratio > KP4)?;
        let below = above.checked_sub(1)?;
        let [low, high] = [ratios[below], ratios[above]].map(f64::ln);
        let share = (KP4.ln() - low) / (high - low);
        Some(LEVELS_DB[below] + share * (LEVELS_DB[above] - LEVELS_DB[below]))
    }

    /// Sum of errors and bits over all levels.
    fn totals(&self) -> (u64, u64, u64) {
        let sum = |of: fn(&Counted) -> u64| self.trials.iter().map(|t| of(t)).sum();
        let errors = sum(|t| t.errors.iter().sum());
        (errors, sum(|t| t.bits), sum(|t| t.changed))
    }
}

/// Returns the gain over the plain slicer in dB and its standard error by the jackknife.
fn gain(plain: &Pooled, with: &Pooled) -> Option<(f64, f64)> {
    let n = with.trials.len();
    let gain = |without| Some(with.tolerated_db(without)? - plain.tolerated_db(without)?);
    let whole = gain(None)?;
    let parts: Vec<f64> = (0..n).filter_map(|i| gain(Some(i))).collect();
    if parts.len() < 2 {
        return Some((whole, f64::INFINITY));
    }
    let mean = parts.iter().sum::<f64>() / parts.len() as f64;
    let spread: f64 = parts.iter().map(|g| (g - mean).powi(2)).sum();
    let scale = (parts.len() - 1) as f64 / parts.len() as f64;
    Some((whole, (scale * spread).sqrt()))
}

fn interfered(linewidth_khz: u32, canceller: Canceller) -> Case {
    Case {
        link: Link::Interfered,
        linewidth_khz,
        canceller,
    }
}

/// Holds the trials against what is required.
pub fn findings(trials: &Trials<MpiCancel>) -> Vec<Finding> {
    let of = |case| Pooled::of(trials, case);
    let mut out = Vec::new();
    for (canceller, required) in GAINS_DB {
        for (linewidth_khz, required_db) in LINEWIDTHS_KHZ.into_iter().zip(required) {
            let case = interfered(linewidth_khz, canceller);
            let plain = of(interfered(linewidth_khz, Canceller::Plain));
            out.push(judge_gain(case, &plain, &of(case), Some(required_db)));
        }
    }
    for linewidth_khz in LINEWIDTHS_KHZ {
        let case = interfered(linewidth_khz, Canceller::HighPass);
        let plain = of(interfered(linewidth_khz, Canceller::Plain));
        out.push(judge_gain(case, &plain, &of(case), None));
        let tolerated = plain.tolerated_db(None);
        out.push(Finding::told(
            format!("tolerated without (dB), {}", case.megahertz()),
            tolerated,
            plain.trials.len(),
        ));
    }
    for canceller in [Canceller::BlockTracker, Canceller::DelayAware] {
        out.push(row_32(canceller, &of(interfered(ROW_32.1, canceller))));
    }
    for link in [Link::Healthy, Link::Weak] {
        for linewidth_khz in LINEWIDTHS_KHZ {
            for (canceller, _) in GAINS_DB {
                let on = |canceller| Case {
                    link,
                    ..interfered(linewidth_khz, canceller)
                };
                let case = on(canceller);
                out.push(rise(case, &of(on(Canceller::Plain)), &of(case)));
            }
        }
    }
    out
}

fn judge_gain(case: Case, plain: &Pooled, with: &Pooled, required_db: Option<f64>) -> Finding {
    let what = format!("gain (dB), {}", case.name());
    let n = with.trials.len();
    let Some((gain_db, error_db)) = gain(plain, with) else {
        return Finding::told(what, None, n);
    };
    match required_db {
        Some(required_db) => Finding::judged(
            what,
            gain_db,
            (gain_db - Z95 * error_db, gain_db + Z95 * error_db),
            n,
            format!("at least {required_db}"),
            gain_db + Z99 * error_db >= required_db,
        ),
        None => Finding::told(what, Some(gain_db), n),
    }
}

/// The bit error ratio at one level, its interval from the spread over the seeds.
fn row_32(canceller: Canceller, pooled: &Pooled) -> Finding {
    let (level_db, linewidth_khz, required) = ROW_32;
    let at = LEVELS_DB.iter().position(|&db| db == level_db).unwrap_or(0);
    let each: Vec<f64> = pooled
        .trials
        .iter()
        .filter_map(|t| Some(*t.errors.get(at)? as f64 / t.bits.max(1) as f64))
        .collect();
    let n = each.len();
    let mean = each.iter().sum::<f64>() / n.max(1) as f64;
    let spread: f64 = each.iter().map(|r| (r - mean).powi(2)).sum();
    let error = (spread / (n.max(2) - 1) as f64 / n.max(1) as f64).sqrt();
    Finding::judged(
        format!(
            "BER at {level_db} dB, {}",
            interfered(linewidth_khz, canceller).name()
        ),
        mean,
        ((mean - Z95 * error).max(0.0), mean + Z95 * error),
        n,
        format!("at most {required} (row 32)"),
        mean - Z99 * error <= required,
    )
}

/// A healthy link's errors after over before. Both counts share all samples, so that their
/// difference scatters by the decisions that changed alone.
fn rise(case: Case, plain: &Pooled, with: &Pooled) -> Finding {
    let ((before, ..), (after, _, changed)) = (plain.totals(), with.totals());
    let base = before.max(1) as f64;
    let (ratio, scatter) = (after as f64 / base, (changed as f64).sqrt() / base);
    Finding::judged(
        format!("{}: rise", case.name()),
        ratio,
        (ratio - Z95 * scatter, ratio + Z95 * scatter),
        with.trials.len(),
        format!("at most {RISE}"),
        ratio - Z99 * scatter <= RISE,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(first: f64, slope: f64) -> Counted {
        let bits = 1 << 30;
        Counted {
            bits,
            errors: LEVELS_DB
                .map(|db| (bits as f64 * KP4 * 10f64.powf(slope * (db - first))) as u64)
                .to_vec(),
            changed: 0,
        }
    }

    #[test]
    fn ref_the_level_where_a_known_curve_crosses_is_found() {
        let (plain, with) = (counted(-27.4, 0.4), counted(-15.15, 0.3));
        let plain = Pooled {
            trials: vec![&plain; 4],
        };
        let with = Pooled {
            trials: vec![&with; 4],
        };
        // An exponential is straight on the scale that is interpolated on.
        let (gain_db, error_db) = gain(&plain, &with).unwrap();
        assert!((gain_db - 12.25).abs() < 1e-3, "{gain_db}");
        assert!(error_db < 1e-3);
    }

    #[test]
    fn what_never_crosses_has_no_level() {
        let quiet = counted(20.0, 0.4);
        let pooled = Pooled {
            trials: vec![&quiet],
        };
        assert_eq!(pooled.tolerated_db(None), None);
        assert_eq!(Pooled { trials: vec![] }.tolerated_db(None), None);
    }
}
