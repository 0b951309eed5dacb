//! The columns of a batch's table: one fixed list, with units, kinds and what each means.
//!
//! A figure `f` has the columns `f` (value), `f_low`, `f_high`, `f_n`, `f_method` and `f_reason`
//! (why there is no value), and `f_errors` where errors were counted. What a value means (its
//! definition and the confidence of its interval) is the same for many rows and stands once, in
//! the manifest.

use std::collections::BTreeSet;

use etalon_types::cancellation::{Cancellation, CancellationMethod};
use etalon_types::kp4::Precoding;
use etalon_types::report::{ErrorStatistics, TransmitterReport};
use etalon_types::{Figure, LinkReport};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// Name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Unit; `1` for a pure number, `sample` for the unit of the samples (column `unit`), empty
    /// for text.
    pub unit: String,
    /// What it says.
    pub about: String,
}

/// Paths that have columns: as many as a report has at most.
pub const PATHS: usize = 4;
/// Levels that have columns.
pub const LEVELS: usize = 4;

/// Where a figure is in a report.
type Pick = fn(&LinkReport) -> Option<&Figure>;

/// A figure of the table.
pub struct FigureColumn {
    /// Name of its value's column.
    pub name: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// What it says.
    pub about: &'static str,
    /// Whether errors are counted.
    pub counts: Counts,
    /// Where it is.
    pub pick: Pick,
}

/// Whether a figure is a ratio of counted errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// It is, and the count has a column.
    Errors,
    /// It is not.
    Nothing,
}

const fn figure(
    name: &'static str,
    unit: &'static str,
    about: &'static str,
    pick: Pick,
) -> FigureColumn {
    FigureColumn {
        name,
        unit,
        about,
        counts: Counts::Nothing,
        pick,
    }
}

const fn counted(name: &'static str, about: &'static str, pick: Pick) -> FigureColumn {
    FigureColumn {
        name,
        unit: "1",
        about,
        counts: Counts::Errors,
        pick,
    }
}

/// Every figure of a link report that has columns, in their order.
pub const FIGURES: &[FigureColumn] = &[
    counted(
        "pre_fec_ber",
        "bit error ratio before any correction",
        |r| Some(&r.estimates.pre_fec_ber),
    ),
    counted("ser", "symbol error ratio", |r| Some(&r.estimates.ser)),
    figure("snr_db", "dB", "signal to noise at the slicer", |r| {
        Some(&r.estimates.snr_db)
    }),
    figure(
        "oma_outer",
        "sample",
        "outer optical modulation amplitude",
        |r| Some(&r.estimates.oma_outer),
    ),
    figure("extinction_ratio_db", "dB", "extinction ratio", |r| {
        Some(&r.estimates.extinction_ratio_db)
    }),
    figure("rlm_120d", "1", "level mismatch, 120D.3.1.2", |r| {
        Some(&r.estimates.rlm_120d)
    }),
    figure("rlm_94", "1", "level mismatch, clause 94", |r| {
        Some(&r.estimates.rlm_94)
    }),
    figure("tdecq_db", "dB", "TDECQ, or TECQ without fibre", |r| {
        Some(&r.estimates.tdecq_db)
    }),
    figure(
        "ceq_db",
        "dB",
        "noise enhancement of TDECQ's equalizer",
        |r| Some(&r.estimates.ceq_db),
    ),
    figure("mpi_db", "dB", "interferer power over signal power", |r| {
        Some(&r.estimates.mpi_db)
    }),
    figure("linewidth_hz", "Hz", "linewidth of the laser", |r| {
        Some(&r.estimates.linewidth_hz)
    }),
    figure(
        "frame_error_ratio_kp4",
        "1",
        "KP4 codewords lost, as the line is",
        |r| Some(&r.estimates.frame_error_ratio_kp4),
    ),
    figure(
        "burst_factor",
        "1",
        "variance of error counts over that of independent errors",
        |r| Some(&r.estimates.burst_factor),
    ),
    figure(
        "mpi_exponent",
        "1",
        "0 additive, 0.5 interference, 1 gain or laser noise",
        |r| r.mpi_exponent.as_ref(),
    ),
    figure("k_db", "dB", "TDECQ less Ceq", |r| {
        transmitter(r).map(|t| &t.k_db)
    }),
    figure("overshoot_percent", "%", "overshoot", |r| {
        transmitter(r).map(|t| &t.overshoot_percent)
    }),
    figure("undershoot_percent", "%", "undershoot", |r| {
        transmitter(r).map(|t| &t.undershoot_percent)
    }),
    figure("power_excursion", "sample", "power excursion", |r| {
        transmitter(r).map(|t| &t.power_excursion)
    }),
    figure("rise_time_s", "s", "20 % to 80 %, level 0 to 3", |r| {
        transmitter(r).map(|t| &t.rise_time_s)
    }),
    figure("fall_time_s", "s", "20 % to 80 %, level 3 to 0", |r| {
        transmitter(r).map(|t| &t.fall_time_s)
    }),
    figure("transition_time_s", "s", "the slower of the two", |r| {
        transmitter(r).map(|t| &t.transition_time_s)
    }),
    figure("sndr_db", "dB", "signal to noise and distortion", |r| {
        transmitter(r).map(|t| &t.sndr_db)
    }),
    figure(
        "ser_by_q_scale",
        "1",
        "SER from the tails on a Q scale",
        |r| statistics(r).map(|s| &s.ser_by_q_scale),
    ),
    figure("burst_continuation", "1", "P(wrong | wrong before)", |r| {
        statistics(r).map(|s| &s.bursts.continuation)
    }),
    figure("kp4_loss", "1", "codewords lost, plain", |r| {
        kp4(r, 1, Precoding::None)
    }),
    figure("kp4_loss_x2", "1", "lost, 2 interleaved", |r| {
        kp4(r, 2, Precoding::None)
    }),
    figure("kp4_loss_x4", "1", "lost, 4 interleaved", |r| {
        kp4(r, 4, Precoding::None)
    }),
    figure("kp4_loss_precoded", "1", "lost, precoded", |r| {
        kp4(r, 1, Precoding::OneOverOnePlusD)
    }),
    figure(
        "kp4_loss_precoded_x2",
        "1",
        "lost, precoded, 2 interleaved",
        |r| kp4(r, 2, Precoding::OneOverOnePlusD),
    ),
    figure(
        "kp4_loss_precoded_x4",
        "1",
        "lost, precoded, 4 interleaved",
        |r| kp4(r, 4, Precoding::OneOverOnePlusD),
    ),
    figure(
        "block_tracker_ber",
        "1",
        "BER behind the block tracker",
        |r| canceller(r, 0).map(|c| &c.ber_after),
    ),
    figure(
        "block_tracker_suppression_db",
        "dB",
        "beat left by it",
        |r| canceller(r, 0).map(|c| &c.suppression_db),
    ),
    figure(
        "delay_aware_ber",
        "1",
        "BER behind the delay-aware canceller",
        |r| canceller(r, 1).map(|c| &c.ber_after),
    ),
    figure("delay_aware_suppression_db", "dB", "beat left by it", |r| {
        canceller(r, 1).map(|c| &c.suppression_db)
    }),
    figure(
        "high_pass_ber",
        "1",
        "BER behind a high-pass, for comparison",
        |r| canceller(r, 2).map(|c| &c.ber_after),
    ),
    figure("high_pass_suppression_db", "dB", "beat left by it", |r| {
        canceller(r, 2).map(|c| &c.suppression_db)
    }),
];

fn transmitter(report: &LinkReport) -> Option<&TransmitterReport> {
    report.transmitter.as_ref()
}

fn statistics(report: &LinkReport) -> Option<&ErrorStatistics> {
    report.error_statistics.as_ref()
}

fn kp4(report: &LinkReport, interleave: u64, precoding: Precoding) -> Option<&Figure> {
    let rows = &statistics(report)?.kp4;
    rows.iter()
        .find(|row| row.interleave == interleave && row.precoding == precoding)
        .map(|row| &row.error_ratio)
}

fn canceller(report: &LinkReport, at: usize) -> Option<&Cancellation> {
    use CancellationMethod::{BlockTracker, DelayAware, HighPass};
    let method = [BlockTracker, DelayAware, HighPass][at];
    report.cancellation.iter().find(|c| c.method == method)
}

/// Columns before the figures: name, kind, unit, what they say.
const PLAIN: &[(&str, Kind, &str, &str)] = &[
    ("schema", Kind::Text, "", "always etalon.batch-row/1"),
    ("path", Kind::Text, "", "path as it was given"),
    ("sha256", Kind::Text, "", "of the file"),
    (
        "companions_sha256",
        Kind::Text,
        "",
        "of the files beside it that hold its samples",
    ),
    ("channel", Kind::Text, "", "channel"),
    ("segment", Kind::Integer, "1", "segment, from 0"),
    ("status", Kind::Text, "", "ok, flagged, rejected or failed"),
    ("code", Kind::Text, "", "ETA-nnnn of what rejected it"),
    ("reason", Kind::Text, "", "what rejected it, where and why"),
    ("flags", Kind::Text, "", "quality flags, separated by ;"),
    (
        "flag_details",
        Kind::Text,
        "",
        "what was seen, separated by |",
    ),
    ("config_sha256", Kind::Text, "", "of the receiver's options"),
    ("format", Kind::Text, "", "file format"),
    ("samples", Kind::Integer, "1", "samples"),
    ("sample_interval_s", Kind::Number, "s", "sample interval"),
    (
        "t0_s",
        Kind::Number,
        "s",
        "time of the first sample from the trigger",
    ),
    (
        "trigger_time_s",
        Kind::Number,
        "s",
        "trigger of this segment from the first one's",
    ),
    ("unit", Kind::Text, "", "unit of the samples"),
    ("modulation", Kind::Text, "", "nrz or pam4"),
    ("baud_hz", Kind::Number, "Bd", "symbol rate as recovered"),
    ("samples_per_symbol", Kind::Number, "1", "samples a symbol"),
    ("pattern", Kind::Text, "", "pattern that was found"),
    ("polarity", Kind::Text, "", "normal or inverted"),
    (
        "lag",
        Kind::Integer,
        "1",
        "symbol at which the pattern begins",
    ),
    (
        "class",
        Kind::Text,
        "",
        "what is wrong: a fault kind, or healthy",
    ),
    ("class_confidence", Kind::Number, "1", "confidence in it"),
    ("runner_up", Kind::Text, "", "the next likely kind"),
    (
        "runner_up_confidence",
        Kind::Number,
        "1",
        "confidence in that",
    ),
    (
        "pmd",
        Kind::Text,
        "",
        "PMD whose limits were held against it",
    ),
    (
        "limits_failed",
        Kind::Text,
        "",
        "limits that do not hold, separated by ;",
    ),
    (
        "limits_undecided",
        Kind::Text,
        "",
        "limits that cannot be decided, separated by ;",
    ),
    ("equalizer", Kind::Text, "", "equalizer that was used"),
    ("taps", Kind::Integer, "1", "feed-forward taps"),
    (
        "training_symbols",
        Kind::Integer,
        "1",
        "symbols that trained it",
    ),
    (
        "judged_symbols",
        Kind::Integer,
        "1",
        "symbols that were judged",
    ),
    (
        "line_code_blocks",
        Kind::Integer,
        "1",
        "blocks whose framing was checked",
    ),
    (
        "bad_sync_headers",
        Kind::Integer,
        "1",
        "blocks with a bad sync header",
    ),
    (
        "mpi_regime",
        Kind::Text,
        "",
        "incoherent, coherent, frozen or none",
    ),
    (
        "mpi_paths",
        Kind::Integer,
        "1",
        "reflection pairs that were found",
    ),
];

/// Columns of a path, without `mpi_path1_`.
const PATH: &[(&str, Kind, &str, &str)] = &[
    ("delay_s", Kind::Number, "s", "round-trip delay"),
    (
        "modulo_s",
        Kind::Number,
        "s",
        "period of which the delay may hold more",
    ),
    (
        "distance_m",
        Kind::Number,
        "m",
        "distance between the reflections",
    ),
    ("level_db", Kind::Number, "dB", "level"),
    ("level_db_low", Kind::Number, "dB", "lower end of the level"),
    (
        "level_db_high",
        Kind::Number,
        "dB",
        "upper end of the level",
    ),
    (
        "significance",
        Kind::Number,
        "1",
        "height in standard deviations of the noise",
    ),
    ("kind", Kind::Text, "", "interference or fixed-echo"),
];

/// Columns of a level, without `level0_`.
const LEVEL: &[(&str, Kind, &str, &str)] = &[
    (
        "mean",
        Kind::Number,
        "sample",
        "mean of the level at the slicer",
    ),
    ("sigma", Kind::Number, "sample", "its standard deviation"),
    ("n", Kind::Integer, "1", "symbols decided for it"),
];

/// How the columns of a label begin.
pub const LABEL: &str = "label_";

/// Lists the columns of a table whose inputs bear these labels.
pub fn columns(labels: &BTreeSet<String>) -> Vec<Column> {
    let column = |name: String, kind: Kind, unit: &str, about: String| Column {
        name,
        kind,
        unit: unit.to_owned(),
        about,
    };
    let mut all: Vec<Column> = PLAIN
        .iter()
        .map(|&(name, kind, unit, about)| column(name.into(), kind, unit, about.into()))
        .collect();
    all.extend(labels.iter().map(|label| {
        let about = format!("label {label} of the list of files");
        column(format!("{LABEL}{label}"), Kind::Text, "", about)
    }));
    for f in FIGURES {
        let of = |what: &str| format!("{what} of {}", f.name);
        all.push(column(f.name.into(), Kind::Number, f.unit, f.about.into()));
        for (end, about) in [("low", "lower end"), ("high", "upper end")] {
            let name = format!("{}_{end}", f.name);
            all.push(column(name, Kind::Number, f.unit, of(about)));
        }
        if f.counts == Counts::Errors {
            let name = format!("{}_errors", f.name);
            all.push(column(name, Kind::Integer, "1", of("errors")));
        }
        let name = |end: &str| format!("{}_{end}", f.name);
        all.push(column(name("n"), Kind::Integer, "1", of("observations")));
        all.push(column(name("method"), Kind::Text, "", of("method")));
        all.push(column(name("reason"), Kind::Text, "", of("missing value")));
    }
    for path in 1..=PATHS {
        all.extend(PATH.iter().map(|&(name, kind, unit, about)| {
            let about = format!("{about} of path {path}");
            column(format!("mpi_path{path}_{name}"), kind, unit, about)
        }));
    }
    for level in 0..LEVELS {
        all.extend(LEVEL.iter().map(|&(name, kind, unit, about)| {
            let about = format!("{about}, level {level}");
            column(format!("level{level}_{name}"), kind, unit, about)
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_there_once() {
        let labels = BTreeSet::from(["mpi_db".to_owned(), "path".to_owned()]);
        let all = columns(&labels);
        let names: BTreeSet<&str> = all.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names.len(), all.len());
        assert!(names.contains("label_mpi_db") && names.contains("pre_fec_ber_errors"));
    }
}
