//! What the trials came to.

use etalon_dsp::measure::statistics::{CONFIDENCE, clopper_pearson};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::harness::cpu;
use super::trial::{Case, TrialRecord};

/// Rate that the level and the delay have to reach, and that "none" and "not measurable" have
/// to be said with.
pub const REQUIRED: f64 = 0.99;

/// Confidence with which a rate below [`REQUIRED`] has to be shown before it counts as missed.
pub const REJECTION: f64 = 0.99;

/// A share of trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// Lower end of the Clopper-Pearson 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The rate that is asked for: 99 %, or for an interval its confidence.
    pub required: f64,
    /// Whether that rate survives: a one-sided binomial test does not reject it at 99 %
    /// confidence.
    pub holds: bool,
}

impl Share {
    /// Counts the trials for which `right` says yes, and holds them against [`REQUIRED`].
    pub fn of<'a>(
        trials: impl Iterator<Item = &'a TrialRecord>,
        right: impl Fn(&TrialRecord) -> bool,
    ) -> Self {
        Self::against(REQUIRED, trials, right)
    }

    /// Counts the trials for which `right` says yes, and holds them against a rate.
    pub fn against<'a>(
        required: f64,
        trials: impl Iterator<Item = &'a TrialRecord>,
        right: impl Fn(&TrialRecord) -> bool,
    ) -> Self {
        let (mut count, mut of) = (0, 0);
        for trial in trials {
            of += 1;
            count += u64::from(right(trial));
        }
        let (low, high) = clopper_pearson(count, of, CONFIDENCE);
        // A two-sided interval leaves half of the rest above it: the one-sided test at 99 % is
        // the upper end of the 98 % interval.
        let (_, limit) = clopper_pearson(count, of, 2.0 * REJECTION - 1.0);
        Self {
            count,
            of,
            low,
            high,
            required,
            holds: limit >= required,
        }
    }
}

/// What the trials came to (`etalon.study-receive-mpi/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryRecord {
    /// Always `etalon.study-receive-mpi/1`.
    pub schema: String,
    /// Version of Etalon.
    pub version: String,
    /// Model name of the processor that summed up.
    pub cpu: String,
    /// First seed.
    pub first_seed: u64,
    /// Last seed.
    pub last_seed: u64,
    /// Interference: level within 0.5 dB.
    pub level_within_half_a_db: Share,
    /// Interference: delay of the strongest path within one unit interval.
    pub delay_within_one_ui: Share,
    /// Interference: the 95 % interval of the level holds the truth.
    pub interval_covers: Share,
    /// No interference: none found, or less than -55 dB possible.
    pub clear_is_clear: Share,
    /// Fewer than ten coherence angles: no level claimed.
    pub frozen_is_not_measurable: Share,
    /// Mean error of the level in dB, where one was claimed.
    pub level_mean_error_db: Option<f64>,
    /// Standard deviation of that error in dB.
    pub level_sigma_db: Option<f64>,
    /// Largest error of the level in dB.
    pub level_worst_error_db: Option<f64>,
    /// Largest error of the delay in unit intervals.
    pub delay_worst_error_ui: Option<f64>,
}

impl SummaryRecord {
    /// Says whether every requirement holds.
    pub fn holds(&self) -> bool {
        [
            &self.level_within_half_a_db,
            &self.delay_within_one_ui,
            &self.interval_covers,
            &self.clear_is_clear,
            &self.frozen_is_not_measurable,
        ]
        .iter()
        .all(|share| share.holds)
    }
}

/// The trials of a case as columns (`etalon.study-receive-mpi-case/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRecord {
    /// Always `etalon.study-receive-mpi-case/1`.
    pub schema: String,
    /// The case.
    pub case: Case,
    /// Seeds.
    pub seed: Vec<u64>,
    /// Signal-to-noise ratio in dB.
    pub snr_db: Vec<f64>,
    /// Samples a symbol.
    pub samples_per_symbol: Vec<usize>,
    /// Level that was found in dB, to a hundredth, or null.
    pub level_db: Vec<Option<f64>>,
    /// Upper end of its interval, or bound, in dB.
    pub high_db: Vec<Option<f64>>,
    /// Error of the delay in unit intervals.
    pub delay_error_ui: Vec<Option<f64>>,
}

/// Sums up.
pub fn summarize<'a>(trials: impl Iterator<Item = &'a TrialRecord> + Clone) -> SummaryRecord {
    let of = |case| trials.clone().filter(move |trial| trial.case == case);
    let errors: Vec<f64> = of(Case::Interference)
        .filter_map(TrialRecord::level_error_db)
        .collect();
    let delays = of(Case::Interference).filter_map(|trial| trial.delay_error_ui);
    let n = errors.len() as f64;
    let mean = (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / n);
    let variance = |mean: f64| errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let covers = |trial: &TrialRecord| {
        let truth = super::trial::LEVEL.0;
        trial.low_db.is_some_and(|low| low <= truth)
            && trial.high_db.is_some_and(|high| high >= truth)
    };
    let seeds = || trials.clone().map(|trial| trial.seed);
    SummaryRecord {
        schema: "etalon.study-receive-mpi/1".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        cpu: cpu(),
        first_seed: seeds().min().unwrap_or(0),
        last_seed: seeds().max().unwrap_or(0),
        level_within_half_a_db: Share::of(of(Case::Interference), TrialRecord::level_holds),
        delay_within_one_ui: Share::of(of(Case::Interference), TrialRecord::delay_holds),
        interval_covers: Share::against(CONFIDENCE, of(Case::Interference), covers),
        clear_is_clear: Share::of(of(Case::Clear), TrialRecord::level_holds),
        frozen_is_not_measurable: Share::of(of(Case::Frozen), TrialRecord::level_holds),
        level_mean_error_db: mean.map(rounded),
        level_sigma_db: mean
            .filter(|_| n > 1.0)
            .map(|m| rounded(variance(m).sqrt())),
        level_worst_error_db: worst(errors.iter().copied()).map(rounded),
        delay_worst_error_ui: worst(delays).map(rounded),
    }
}

/// Returns the value that is farthest from zero.
fn worst(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.max_by(|a, b| a.abs().total_cmp(&b.abs()))
}

/// Puts the trials of a case into columns.
pub fn columns<'a>(case: Case, trials: impl Iterator<Item = &'a TrialRecord>) -> CaseRecord {
    let mut out = CaseRecord {
        schema: "etalon.study-receive-mpi-case/1".into(),
        case,
        seed: Vec::new(),
        snr_db: Vec::new(),
        samples_per_symbol: Vec::new(),
        level_db: Vec::new(),
        high_db: Vec::new(),
        delay_error_ui: Vec::new(),
    };
    for trial in trials.filter(|trial| trial.case == case) {
        out.seed.push(trial.seed);
        out.snr_db.push(rounded(trial.snr_db));
        out.samples_per_symbol.push(trial.samples_per_symbol);
        out.level_db.push(trial.level_db.map(rounded));
        out.high_db.push(trial.high_db.map(rounded));
        out.delay_error_ui.push(trial.delay_error_ui.map(rounded));
    }
    out
}

/// The summary for people.
pub fn screen(summary: &SummaryRecord) -> String {
    let line = |name: &str, share: &Share| {
        format!(
            "{name:<42} {:>5} of {:<5} [{:.4}, {:.4}]",
            share.count, share.of, share.low, share.high
        )
    };
    let required = |name: &str, share: &Share| {
        let verdict = if share.holds {
            String::new()
        } else {
            format!("  below {:.0} %", 100.0 * share.required)
        };
        format!("{}{verdict}\n", line(name, share))
    };
    let number = |value: Option<f64>| value.map_or("none".into(), |v| format!("{v:.3}"));
    [
        format!(
            "SIMULATED  seeds {} to {}, etalon {}, {}\n",
            summary.first_seed, summary.last_seed, summary.version, summary.cpu
        ),
        required(
            "-30 dB: level within 0.5 dB",
            &summary.level_within_half_a_db,
        ),
        required("-30 dB: delay within 1 UI", &summary.delay_within_one_ui),
        required(
            "-30 dB: 95 % interval holds the truth",
            &summary.interval_covers,
        ),
        required(
            "no interference: none, or below -55 dB",
            &summary.clear_is_clear,
        ),
        required("K < 10: not measurable", &summary.frozen_is_not_measurable),
        format!(
            "level: mean error {} dB, sigma {} dB, worst {} dB; delay: worst {} UI\n",
            number(summary.level_mean_error_db),
            number(summary.level_sigma_db),
            number(summary.level_worst_error_db),
            number(summary.delay_worst_error_ui)
        ),
        "next: etalon study receive-mpi --json\n".into(),
    ]
    .concat()
}

/// Rounds to a hundredth: finer digits say nothing and fill the record.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::study::receive_mpi::trial::{DELAY, LEVEL};
    use etalon_types::report::MpiRegime;

    fn trial(case: Case, seed: u64, level_db: Option<f64>) -> TrialRecord {
        TrialRecord {
            schema: String::new(),
            version: String::new(),
            seed,
            case,
            snr_db: 20.0,
            samples_per_symbol: 2,
            coherence_angles: 310.0,
            level_db,
            low_db: level_db.map(|level| level - 0.4),
            high_db: level_db.map(|level| level + 0.4),
            delay_error_ui: level_db.map(|_| DELAY.0 * 1e7),
            regime: Some(MpiRegime::Incoherent),
            reason: None,
        }
    }

    #[test]
    fn ref_the_test_rejects_where_the_binomial_does() {
        // P(X >= 4 | 60, 0.01) = 0.0033 < 0.01 <= P(X >= 3 | 60, 0.01) = 0.022.
        let with = |wrong: u64| {
            let trials: Vec<_> = (0..60)
                .map(|seed| trial(Case::Interference, seed, (seed >= wrong).then_some(LEVEL.0)))
                .collect();
            Share::of(trials.iter(), TrialRecord::level_holds)
        };
        assert!(with(0).holds && with(3).holds);
        assert!(!with(4).holds);
        assert_eq!((with(4).count, with(4).of), (56, 60));
    }

    #[test]
    fn a_level_where_none_can_be_told_is_wrong() {
        assert!(trial(Case::Interference, 1, Some(-30.4)).level_holds());
        assert!(!trial(Case::Interference, 1, Some(-30.6)).level_holds());
        assert!(!trial(Case::Interference, 1, None).level_holds());
        assert!(!trial(Case::Frozen, 1, Some(-30.0)).level_holds());
        assert!(trial(Case::Frozen, 1, None).level_holds());
        assert!(!trial(Case::Clear, 1, Some(-50.0)).level_holds());
        let mut bounded = trial(Case::Frozen, 1, None);
        bounded.high_db = Some(-60.0);
        assert!(!bounded.level_holds());
        bounded.case = Case::Clear;
        assert!(bounded.level_holds());
    }

    #[test]
    fn the_summary_counts_by_case() {
        let trials = [
            trial(Case::Interference, 1, Some(-30.2)),
            trial(Case::Interference, 2, Some(-29.2)),
            trial(Case::Frozen, 1, None),
        ];
        let summary = summarize(trials.iter());
        assert_eq!((summary.first_seed, summary.last_seed), (1, 2));
        assert_eq!(summary.level_within_half_a_db.count, 1);
        assert_eq!(summary.interval_covers.count, 1);
        assert_eq!(summary.level_worst_error_db, Some(0.8));
        assert_eq!(summary.clear_is_clear.of, 0);
        assert_eq!(columns(Case::Interference, trials.iter()).seed, [1, 2]);
        assert!(screen(&summary).lines().all(|line| line.len() <= 100));
    }
}
