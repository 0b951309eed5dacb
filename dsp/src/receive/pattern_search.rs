//! Which pattern stands in the capture, where, and which way up.
//!
//! Patterns short enough are correlated ([`align`]): that needs no open eye. Longer ones are locked by
//! their register's recurrence ([`crate::pattern::register_lock`]) once decisions are good enough.

use etalon_types::pattern::{Modulation, PatternName};

use crate::options::PatternChoice;
use crate::pattern::align::{self, Lock};
use crate::slicer::nominal;

/// Correlation coefficient of samples and symbols below which a peak is no lock. Two different
/// patterns of one register family can share a stretch and so stand out of the other lags with a
/// coefficient of a few hundredths; the worst real capture seen (56 GBd through 10G optics, a
/// fifth of the bits wrong before equalization) has 0.68.
const MIN_COEFFICIENT: f64 = 0.15;

/// What the receiver knows of the transmitted symbols.
pub(super) struct Pattern {
    /// What the report calls it.
    pub name: String,
    /// True when the capture is upside down.
    pub inverted: bool,
    /// Symbol of the capture at which the pattern starts; `None` when it was locked by its register.
    pub lag: Option<u64>,
    /// Symbols of one period that the capture can hold whole, or the whole capture.
    pub period: usize,
    /// The transmitted symbol of every symbol, in the capture's polarity.
    pub sent: Vec<u8>,
}

/// What the report calls a choice.
pub(super) fn pattern_name(choice: &PatternChoice) -> String {
    match choice {
        PatternChoice::Auto => "auto".into(),
        PatternChoice::None => "none".into(),
        PatternChoice::Named(name) => name.to_string(),
        PatternChoice::Symbols { name, .. } => name.clone(),
    }
}

/// Says whether the standard transmits the complement of the register's output.
pub(super) fn sends_complemented(name: PatternName) -> bool {
    matches!(name, PatternName::Prbs(31) | PatternName::PrbsQ(31))
}

/// Patterns short enough to correlate.
fn correlated(choice: &PatternChoice, modulation: Modulation) -> Vec<PatternName> {
    match choice {
        PatternChoice::Named(name) => vec![*name],
        PatternChoice::Auto => match modulation {
            Modulation::Nrz => [7, 9, 11, 13, 15].map(PatternName::Prbs).to_vec(),
            Modulation::Pam4 => {
                let mut names = vec![PatternName::Ssprq];
                names.extend([13, 15, 11, 9, 7].map(PatternName::PrbsQ));
                names
            }
        },
        _ => Vec::new(),
    }
}

/// Patterns that are locked by their register.
pub(super) fn registers(choice: &PatternChoice, modulation: Modulation) -> Vec<PatternName> {
    match choice {
        PatternChoice::Named(name) => vec![*name],
        PatternChoice::Auto => match modulation {
            Modulation::Nrz => [20, 23, 31].map(PatternName::Prbs).to_vec(),
            Modulation::Pam4 => [20, 23, 31].map(PatternName::PrbsQ).to_vec(),
        },
        _ => Vec::new(),
    }
}

/// Symbols in which a pattern is looked for, when it occurs in them at least [`PERIODS`] times.
pub(super) const SEARCHED: usize = 1 << 17;

/// Periods of a pattern that are looked at.
const PERIODS: usize = 4;

/// Finds the best of the correlated candidates.
///
/// Looks into the first symbols only; a told pattern that is not found there is looked for in
/// all of them, since more periods bring it further out of the noise. The pattern's `sent` has
/// `count` symbols.
pub(super) fn correlate_candidates(
    samples: &[f32],
    choice: &PatternChoice,
    modulation: Modulation,
    count: usize,
) -> Option<Pattern> {
    let levels = modulation.levels();
    let within = |samples: &[f32], name: &str, pattern: &[u8]| -> Option<(f64, Pattern)> {
        let lock: Lock = align::correlate(samples, pattern, levels)?;
        let sent = align::reference(pattern, &lock, count, levels);
        let found = Pattern {
            name: name.to_owned(),
            inverted: lock.inverted,
            lag: Some(lock.lag as u64),
            period: pattern.len(),
            sent,
        };
        let rho = coefficient(samples, &found.sent, levels);
        (rho >= MIN_COEFFICIENT).then_some((rho, found))
    };
    let make = |name: String, pattern: &[u8]| {
        let head = SEARCHED.max(PERIODS * pattern.len()).min(samples.len());
        within(&samples[..head], &name, pattern).or_else(|| {
            (*choice != PatternChoice::Auto && head < samples.len())
                .then(|| within(samples, &name, pattern))
                .flatten()
        })
    };
    let best = match choice {
        PatternChoice::Symbols { name, symbols } => make(name.clone(), symbols),
        _ => correlated(choice, modulation)
            .into_iter()
            .filter(|name| {
                name.modulation() == modulation && name.period_symbols() <= align::MAX_PERIOD as u64
            })
            .filter_map(|name| {
                make(
                    name.to_string(),
                    &name.symbols(name.period_symbols() as usize),
                )
            })
            .max_by(|a, b| a.0.total_cmp(&b.0)),
    };
    best.map(|b| b.1)
}

/// Correlation coefficient of samples and symbols.
fn coefficient(samples: &[f32], sent: &[u8], levels: usize) -> f64 {
    let n = samples.len() as f64;
    let (mut sx, mut sy, mut sxx, mut syy, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (&x, &s) in samples.iter().zip(sent) {
        let (x, y) = (f64::from(x), nominal(levels, s));
        sx += x;
        sy += y;
        sxx += x * x;
        syy += y * y;
        sxy += x * y;
    }
    let cov = sxy - sx * sy / n;
    cov / ((sxx - sx * sx / n) * (syy - sy * sy / n))
        .sqrt()
        .max(f64::MIN_POSITIVE)
}
