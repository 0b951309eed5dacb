//! The link report: what the receiver says of one capture (`etalon.link-report/1`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cancellation::Cancellation;
use crate::fault::Classification;
use crate::figure::Figure;
use crate::kp4::Precoding;
use crate::limits::LimitCheck;
use crate::pattern::Modulation;

/// Where the samples came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// Path as it was given.
    pub path: String,
    /// SHA-256 of the file, hexadecimal; empty for live or simulated samples.
    pub sha256: String,
    /// Format that was recognized.
    pub format: String,
    /// Channel.
    pub channel: String,
    /// Segment, from 0.
    pub segment: usize,
    /// Number of samples.
    pub samples: u64,
    /// Sample interval in seconds.
    pub sample_interval_s: f64,
    /// Time of the first sample in seconds.
    pub t0_s: f64,
}

/// What was found of the link's modulation and pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkParameters {
    /// Modulation.
    pub modulation: Modulation,
    /// Symbol rate in baud, as recovered.
    pub baud_hz: f64,
    /// Samples per symbol.
    pub samples_per_symbol: f64,
    /// Name of the pattern, or null when none was found.
    pub pattern: Option<String>,
    /// `normal` or `inverted`; null without a pattern.
    pub polarity: Option<String>,
    /// Symbol of the capture at which the pattern's first symbol stands; null without a pattern.
    pub lag: Option<u64>,
}

/// Every figure of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimates {
    /// Bit error ratio before any error correction.
    pub pre_fec_ber: Figure,
    /// Symbol error ratio.
    pub ser: Figure,
    /// Signal-to-noise ratio at the slicer in dB.
    pub snr_db: Figure,
    /// Outer optical modulation amplitude in the unit of the samples.
    pub oma_outer: Figure,
    /// Extinction ratio in dB.
    pub extinction_ratio_db: Figure,
    /// Level separation mismatch ratio, IEEE 802.3 120D.3.1.2.
    pub rlm_120d: Figure,
    /// Level separation mismatch ratio, IEEE 802.3 clause 94.
    pub rlm_94: Figure,
    /// Transmitter and dispersion eye closure quaternary in dB.
    pub tdecq_db: Figure,
    /// Noise enhancement of the reference equalizer in dB.
    pub ceq_db: Figure,
    /// Multipath interference level in dB: interferer power over signal power.
    pub mpi_db: Figure,
    /// Laser linewidth in hertz.
    pub linewidth_hz: Figure,
    /// Frame error ratio after KP4.
    pub frame_error_ratio_kp4: Figure,
    /// Ratio of the variance of error counts to that of independent errors.
    pub burst_factor: Figure,
}

/// What a delayed copy of the signal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PathKind {
    /// Its phase turns against the signal's: light that came by way of two reflections.
    Interference,
    /// It stands still over the capture: an electrical echo, or an optical one whose phase did
    /// not move.
    FixedEcho,
}

/// A reflection pair found in the reflectogram.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MpiPath {
    /// Round-trip delay in seconds.
    pub delay_s: f64,
    /// Distance between the two reflections in metres: `c delay / (2 n)`, n = 1.468.
    pub distance_m: f64,
    /// Level in dB, when the beat could be averaged.
    pub level_db: Option<f64>,
    /// Lower end of the level.
    pub low_db: Option<f64>,
    /// Upper end of the level.
    pub high_db: Option<f64>,
    /// Height of the peak over the noise, in standard deviations.
    pub significance: f64,
    /// What it is, when that could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PathKind>,
    /// Period in seconds of which the delay may hold any number more; left out when the traffic
    /// does not repeat within the delays that were searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modulo_s: Option<f64>,
    /// Pairs of connectors of the inventory that are as far apart; left out without an
    /// inventory, empty when no pair fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connectors: Option<Vec<[String; 2]>>,
}

/// In which regime the interference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MpiRegime {
    /// The phase wanders over many turns in the capture.
    Incoherent,
    /// The delay is short against the coherence time.
    Coherent,
    /// The phase hardly moves within the capture.
    Frozen,
    /// No interference found.
    None,
}

/// Result of the 64b/66b sync-header check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineCodeCheck {
    /// Name of the code.
    pub code: String,
    /// Consecutive blocks looked at.
    pub blocks: u64,
    /// Sync headers that were neither 01 nor 10.
    pub bad_sync_headers: u64,
    /// Bit of the capture at which the first block starts.
    pub first_bit: u64,
}

/// The equalizer that was used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EqualizerReport {
    /// Name of the kind: `none`, `ffe`, `ffe-dfe`, `ffe-mlse`, `volterra`, `lms`, `sign-lms`,
    /// `block-lms` or `rls`.
    pub kind: String,
    /// Feed-forward taps, scaled so that they sum to 1 (a level in is the same level out).
    pub taps: Vec<f64>,
    /// Spacing of the taps in unit intervals.
    pub tap_spacing_ui: f64,
    /// Feedback taps in units of half the level spacing, nearest symbol first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feedback: Vec<f64>,
    /// Index of the largest feed-forward tap.
    pub main_cursor: usize,
    /// Symbols that trained it.
    pub training_symbols: u64,
    /// Symbols that trained nothing and were judged.
    pub judged_symbols: u64,
    /// Why this equalizer.
    pub why: String,
}

/// One level of the eye.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    /// Mean in the unit of the samples.
    pub mean: f64,
    /// Standard deviation in the same unit.
    pub sigma: f64,
    /// Symbols decided for this level.
    pub count: u64,
}

/// The shape of one level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LevelShape {
    /// Mean in the unit of the samples.
    pub mean: f64,
    /// Standard deviation in the same unit.
    pub sigma: f64,
    /// Skewness, a pure number: 0 for a Gaussian, positive with a tail upwards.
    pub skewness: f64,
    /// Standard error that the skewness of as many Gaussian samples has.
    pub skewness_error: f64,
    /// Samples.
    pub count: u64,
}

/// The reference equalizer that gave the lowest TDECQ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReferenceEqualizerReport {
    /// Taps, one unit interval apart, sum 1; tap `j` weighs the sample `main_cursor - j` symbols
    /// after the decided one.
    pub taps: Vec<f64>,
    /// Index of the largest tap.
    pub main_cursor: usize,
    /// Middle between the two histograms in unit intervals after the recovered instant.
    pub phase_ui: f64,
    /// Thresholds, lowest first, in the unit of the samples.
    pub thresholds: Vec<f64>,
    /// Symbol error ratio of the left histogram with the noise that TDECQ allows.
    pub ser_left: f64,
    /// The same of the right one.
    pub ser_right: f64,
    /// That noise before the equalizer, standard deviation in the unit of the samples.
    pub sigma_g: f64,
}

/// What whole periods of a known pattern say of the transmitter, beside TDECQ and Ceq.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TransmitterReport {
    /// Whole periods that were looked at.
    pub periods: u64,
    /// `K = TDECQ - 10 log10 Ceq` in dB.
    pub k_db: Figure,
    /// The reference equalizer; left out when TDECQ cannot be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_equalizer: Option<ReferenceEqualizerReport>,
    /// `(Pmax - P3) / OMAouter` in percent.
    pub overshoot_percent: Figure,
    /// `(P0 - Pmin) / OMAouter` in percent.
    pub undershoot_percent: Figure,
    /// Larger distance of the extremes from the mean, in the unit of the samples.
    pub power_excursion: Figure,
    /// 20 % to 80 % time from level 0 to 3, in seconds.
    pub rise_time_s: Figure,
    /// 20 % to 80 % time from level 3 to 0, in seconds.
    pub fall_time_s: Figure,
    /// The slower of the two, in seconds.
    pub transition_time_s: Figure,
    /// Signal to noise and distortion ratio in dB.
    pub sndr_db: Figure,
    /// Shapes of the levels in the middle of the eye, before any equalizer, lowest first; null
    /// for a level without samples.
    pub level_shapes: Vec<Option<LevelShape>>,
}

/// Something about the capture that a reader must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QualityFlag {
    /// Short name: `clipping`, `nan`, `wrong-rate`, `too-short`, `drift`, `constant`,
    /// `pattern-not-found`, `assumed-optical` and others.
    pub flag: String,
    /// What was seen and what it means.
    pub detail: String,
}

/// Errors among symbols of a kind, with the exact (Clopper-Pearson) 95 % interval of their ratio
/// (for independent errors).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// Wrong ones.
    pub errors: u64,
    /// All of the kind.
    pub n: u64,
    /// Lower end of the interval of `errors / n`.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Errors across one threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EyeErrors {
    /// `lower`, `middle`, `upper`; for two levels `only`.
    pub eye: String,
    /// Sent below the threshold, decided above; n: symbols sent below.
    pub upwards: Tally,
    /// Sent above the threshold, decided below; n: symbols sent above.
    pub downwards: Tally,
}

/// How many bursts have one length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BurstLength {
    /// Wrong symbols in a row.
    pub symbols: u64,
    /// Bursts of this length.
    pub count: u64,
}

/// How many gaps lie in an octave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapCount {
    /// Smallest distance from an error to the next, in symbols.
    pub from: u64,
    /// Distance at which the octave ends.
    pub below: u64,
    /// Gaps in between.
    pub count: u64,
}

/// Where the wrong symbols stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BurstReport {
    /// Wrong symbols.
    pub errors: u64,
    /// Bursts, a single wrong symbol being one too.
    pub events: u64,
    /// Wrong symbols of the longest burst.
    pub longest: u64,
    /// P(wrong | wrong before).
    pub continuation: Figure,
    /// Bursts by length, shortest first.
    pub lengths: Vec<BurstLength>,
    /// Distances from an error to the next, in octaves.
    pub gaps: Vec<GapCount>,
}

/// What forward error correction would make of the errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CodewordErrors {
    /// Codewords interleaved symbol by symbol.
    pub interleave: u64,
    /// Precoding that the line is taken to have, with the same wrong decisions.
    pub precoding: Precoding,
    /// Codewords with 0, 1, ... t wrong code symbols and with more, averaged over all alignments;
    /// they sum to the codewords that fit into the judged symbols.
    pub histogram: Vec<f64>,
    /// Codewords that cannot be corrected, over all codewords.
    pub error_ratio: Figure,
}

/// Statistics of the symbol errors, when the sent symbols are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorStatistics {
    /// Errors by eye, lowest first.
    pub eyes: Vec<EyeErrors>,
    /// Errors by transition: outer index the symbol sent before, inner the symbol sent.
    pub transitions: Vec<Vec<Tally>>,
    /// Decisions: outer index the level sent, inner the level decided.
    pub decisions: Vec<Vec<u64>>,
    /// Gaps and bursts.
    pub bursts: BurstReport,
    /// RS(544,514) with and without precoding, and 1, 2 and 4 codewords interleaved.
    pub kp4: Vec<CodewordErrors>,
    /// Symbol error ratio extrapolated from the tails of the levels on a Q scale.
    pub ser_by_q_scale: Figure,
}

/// How the report came to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// Version of Etalon.
    pub version: String,
    /// Commit it was built from, or `unknown`.
    pub git: String,
    /// SHA-256 of the options in canonical JSON.
    pub config_sha256: String,
    /// Seed, when anything was drawn.
    pub seed: Option<u64>,
    /// Instruction sets that were used.
    pub cpu_features: Vec<String>,
    /// Threads.
    pub threads: usize,
}

/// What the receiver says of one capture (`etalon.link-report/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkReport {
    /// Always `etalon.link-report/1`.
    pub schema: String,
    /// Where the samples came from.
    pub input: Input,
    /// Modulation, rate and pattern.
    pub link: LinkParameters,
    /// Every figure.
    pub estimates: Estimates,
    /// Reflection pairs, strongest first.
    pub mpi_paths: Vec<MpiPath>,
    /// What taking the interference out would do; left out when it was not asked for, or when no
    /// interference was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancellation: Vec<Cancellation>,
    /// Line-code check, when asked for.
    pub line_code: Option<LineCodeCheck>,
    /// The equalizer.
    pub equalizer: EqualizerReport,
    /// Levels of the eye at the slicer.
    pub levels: Vec<Level>,
    /// Statistics of the symbol errors; null when the sent symbols are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_statistics: Option<ErrorStatistics>,
    /// What a known pattern says of the transmitter; left out when it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transmitter: Option<TransmitterReport>,
    /// Figures held to the limits of a PMD; left out when none was told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitCheck>,
    /// Regime of the interference; null when it was not looked for or cannot be told.
    pub mpi_regime: Option<MpiRegime>,
    /// Exponent of the slow residual over the level powers: 0 additive, 0.5 interference, 1 gain or
    /// laser noise; left out when it was not looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mpi_exponent: Option<Figure>,
    /// What the classifier sees.
    pub features: BTreeMap<String, f64>,
    /// What is odd about the capture.
    pub quality: Vec<QualityFlag>,
    /// What is wrong, when it was classified.
    pub classification: Option<Classification>,
    /// How it came to be.
    pub provenance: Provenance,
    /// Seconds spent in each stage.
    pub timing_s: BTreeMap<String, f64>,
}

impl LinkReport {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "etalon.link-report/1";
}
