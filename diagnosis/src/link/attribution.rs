//! Penalties by cause.

use etalon_twin::link::theory::{nrz_snr_for_ber, pam4_snr_for_ber};
use etalon_types::{FaultKind, LinkReport, Modulation};

/// Penalty from which on a cause is named.
pub const SIGNIFICANT_DB: f64 = 1.0;
/// Margin over the threshold from which on a link without a significant cause is healthy.
pub const HEALTHY_MARGIN_DB: f64 = 0.5;
/// Loss at half the symbol rate that a healthy link has beyond its sampling's own: transmitter
/// and receiver of 0.5 of the symbol rate each lose 3.6 dB there.
pub const USUAL_LOSS_DB: f64 = 6.0;
/// Penalty per decibel of unusual loss: a linear equalizer gives most of the loss back as noise.
pub const LOSS_WEIGHT: f64 = 0.8;
/// Loss of a rectangular symbol at half the symbol rate, `20 log10(pi / 2)`; a capture with one
/// sample a symbol does not see it.
const RECTANGLE_DB: f64 = 3.92;
/// Pre-FEC bit error ratio that KP4 corrects.
const KP4: f64 = 2.4e-4;
/// Signal-to-noise ratio over the threshold that a link of normal power has.
const NORMAL_MARGIN_DB: f64 = 1.5;

/// Signal-to-noise ratio that four levels laid over a Gaussian heap show: the distortion of the
/// best four-level quantizer of a Gaussian is 0.1175 (Max, IRE Trans. Inf. Theory 6 (1960) 7).
const HEAP_SNR_DB: f64 = 9.3;

/// What each cause costs in decibels of signal-to-noise ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalties {
    /// Signal-to-noise ratio over the threshold.
    pub margin_db: f64,
    /// The threshold.
    pub required_db: f64,
    /// Loss at half the symbol rate that counts as usual.
    pub usual_loss_db: f64,
    /// Multipath interference.
    pub mpi_db: f64,
    /// Bandwidth.
    pub bandwidth_db: f64,
    /// Uneven levels.
    pub nonlinearity_db: f64,
    /// Noise that the others do not explain.
    pub noise_db: f64,
}

impl Penalties {
    /// Returns the causes, largest penalty first.
    pub fn ranked(&self) -> Vec<(FaultKind, f64)> {
        let mut causes = vec![
            (FaultKind::Mpi, self.mpi_db),
            (FaultKind::Bandwidth, self.bandwidth_db),
            (FaultKind::Nonlinearity, self.nonlinearity_db),
            (FaultKind::LowPower, self.noise_db),
        ];
        causes.sort_by(|a, b| b.1.total_cmp(&a.1));
        causes
    }
}

/// Attributes the loss; `None` without a measured signal-to-noise ratio.
pub fn attribute(report: &LinkReport) -> Option<Penalties> {
    let feature_snr = report.features.get("snr_db").copied()?;
    let shut = report.quality.iter().any(|q| q.flag == "eye-closed");
    // Behind a shut eye the ratio is not known; it is at most what a heap without levels shows.
    let snr_db = match report.estimates.snr_db.value() {
        Some(_) => feature_snr,
        None if shut => feature_snr.min(HEAP_SNR_DB),
        None => return None,
    };
    let required_db = required_db(report.link.modulation);
    let usual_loss_db = USUAL_LOSS_DB
        + if report.link.samples_per_symbol > 1.05 {
            RECTANGLE_DB
        } else {
            0.0
        };
    let loss = report
        .features
        .get("nyquist_loss_db")
        .copied()
        .unwrap_or(0.0);
    let bandwidth_db = LOSS_WEIGHT * (loss - usual_loss_db).max(0.0);
    let nonlinearity_db = report
        .estimates
        .rlm_120d
        .value()
        .map_or(0.0, |rlm| -20.0 * rlm.clamp(0.05, 1.0).log10());
    let mut mpi_db = interference_db(report, snr_db);
    // Bandwidth beyond what the signal-to-noise ratio lacks has been given back by the equalizer.
    let lacking = (required_db + NORMAL_MARGIN_DB - snr_db - mpi_db - nonlinearity_db).max(0.0);
    let mut noise_db = (lacking - bandwidth_db).max(0.0);
    if is_standing(report) {
        // A delayed copy whose level cannot be told explains what is left better than noise.
        (mpi_db, noise_db) = (mpi_db + noise_db, 0.0);
    }
    Some(Penalties {
        margin_db: snr_db - required_db,
        required_db,
        usual_loss_db,
        mpi_db,
        bandwidth_db,
        nonlinearity_db,
        noise_db,
    })
}

/// Signal-to-noise ratio in dB at which the pre-FEC bit error ratio is the KP4 limit.
fn required_db(modulation: Modulation) -> f64 {
    let required = match modulation {
        Modulation::Pam4 => pam4_snr_for_ber(KP4),
        Modulation::Nrz => nrz_snr_for_ber(KP4),
    };
    required
        .expect("2.4e-4 lies within the range of either modulation")
        .0
}

/// Share of the noise at the slicer that is the beat, as a penalty.
fn interference_db(report: &LinkReport, snr_db: f64) -> f64 {
    let (Some(level_db), false) = (report.estimates.mpi_db.value(), report.levels.is_empty())
    else {
        return 0.0;
    };
    // What taking the beat out wins back is measured, where the receiver did it.
    if let Some(without) = report.features.get("snr_without_beat_db") {
        return (without - snr_db).max(0.0);
    }
    let total: f64 = report.levels.iter().map(|l| l.count as f64).sum();
    let mean = report
        .levels
        .iter()
        .map(|l| l.mean * l.count as f64)
        .sum::<f64>()
        / total;
    let variance = report
        .levels
        .iter()
        .map(|l| (l.mean - mean).powi(2) * l.count as f64)
        .sum::<f64>()
        / total;
    let beat = 2.0 * mean * mean * 10f64.powf(level_db / 10.0);
    let noise = variance / 10f64.powf(snr_db / 10.0);
    // An equalizer can fight the beat, and the level has an interval: at most 99 % of the noise.
    let share = (beat / noise).min(0.99);
    -10.0 * (1.0 - share).log10()
}

/// Says whether a delayed copy was found whose beat stands still.
fn is_standing(report: &LinkReport) -> bool {
    use etalon_types::report::MpiRegime::{Coherent, Frozen};
    matches!(report.mpi_regime, Some(Coherent | Frozen))
}
