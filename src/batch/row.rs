//! A row of the table: what one channel and segment of one file came to.

use std::collections::{BTreeMap, BTreeSet};

use etalon_types::report::{MpiPath, QualityFlag};
use etalon_types::{Figure, LinkReport, WaveformInfo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::columns::{Counts, FIGURES, LABEL, LEVELS, PATHS};

/// Name and version of a row's shape.
pub const SCHEMA: &str = "etalon.batch-row/1";

/// Cells by column; a column that a row does not have is empty.
pub type Row = Map<String, Value>;

/// What became of a capture.
///
/// The order is the order of badness: a file of several rows has the worst of theirs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Analyzed, and nothing about the capture is odd.
    Ok,
    /// Analyzed, and a quality flag says what has to be minded.
    Flagged,
    /// It cannot be read, or its figures are not those of a link.
    Rejected,
    /// Its analysis came to no end, twice; it was set aside.
    Failed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Flagged, Self::Rejected, Self::Failed];

    /// Returns the name as tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Flagged => "flagged",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }

    /// Reads the status of a row; one that says nothing has failed.
    pub fn of(row: &Row) -> Self {
        let told = row.get("status").and_then(Value::as_str);
        let known = Self::ALL.into_iter().find(|s| Some(s.name()) == told);
        known.unwrap_or(Self::Failed)
    }
}

/// What a figure's values mean, where they have been seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Definition {
    /// Column of the value.
    pub column: String,
    /// The standard's term, clause or formula.
    pub definition: String,
    /// Unit.
    pub unit: String,
    /// Confidence of the interval, as text: `0.95`.
    pub confidence: String,
}

/// Makes the row of an analysis; what its figures mean goes into `definitions`.
///
/// `rejecting` is the flag that takes the figures their meaning, when there is one.
pub fn of_report(
    report: &LinkReport,
    info: &WaveformInfo,
    rejecting: Option<&QualityFlag>,
    definitions: &mut BTreeSet<Definition>,
) -> Row {
    let status = match rejecting {
        Some(_) => Status::Rejected,
        None if report.quality.is_empty() => Status::Ok,
        None => Status::Flagged,
    };
    let mut row = Row::new();
    let mut put = |name: &str, value: Value| set(&mut row, name, value);
    put("status", json!(status));
    if let Some(flag) = rejecting {
        put("code", json!("ETA-1002"));
        put("reason", json!(format!("{}: {}", flag.flag, flag.detail)));
    }
    let joined = |of: fn(&QualityFlag) -> &str, separator: &str| {
        let each: Vec<&str> = report.quality.iter().map(of).collect();
        (!each.is_empty()).then(|| each.join(separator))
    };
    put("flags", json!(joined(|f| &f.flag, ";")));
    put("flag_details", json!(joined(|f| &f.detail, " | ")));
    put("config_sha256", json!(report.provenance.config_sha256));
    put("trigger_time_s", json!(info.trigger_time_s));
    put("unit", text(&info.unit));
    capture_cells(report, &mut put);
    link_cells(report, &mut put);
    for column in FIGURES {
        if let Some(figure) = (column.pick)(report) {
            figure_cells(column.name, column.counts, figure, &mut put);
            define(column.name, figure, definitions);
        }
    }
    for (at, path) in report.mpi_paths.iter().take(PATHS).enumerate() {
        path_cells(at + 1, path, &mut put);
    }
    for (at, level) in report.levels.iter().take(LEVELS).enumerate() {
        put(&format!("level{at}_mean"), json!(level.mean));
        put(&format!("level{at}_sigma"), json!(level.sigma));
        put(&format!("level{at}_n"), json!(level.count));
    }
    row
}

/// Makes the row of a file that has no report.
pub fn of_trouble(status: Status, code: &str, reason: &str) -> Row {
    let mut row = Row::new();
    set(&mut row, "status", json!(status));
    set(&mut row, "code", json!(code));
    set(&mut row, "reason", json!(reason));
    row
}

/// Enters what a row is called by: the same samples may be met under several paths.
pub fn name(row: &mut Row, path: &str, labels: &BTreeMap<String, String>) {
    set(row, "schema", json!(SCHEMA));
    set(row, "path", json!(path));
    for (label, value) in labels {
        set(row, &format!("{LABEL}{label}"), json!(value));
    }
}

/// Enters the hashes of the file and of those beside it that hold its samples.
pub fn hash(row: &mut Row, sha256: Option<&str>, companions: Option<&str>) {
    set(row, "sha256", json!(sha256));
    set(row, "companions_sha256", json!(companions));
}

/// Sets a cell; null and numbers that are none leave it empty.
fn set(row: &mut Row, name: &str, value: Value) {
    if !value.is_null() {
        row.insert(name.to_owned(), value);
    }
}

fn text(told: &str) -> Value {
    if told.is_empty() {
        Value::Null
    } else {
        json!(told)
    }
}

fn capture_cells(report: &LinkReport, put: &mut impl FnMut(&str, Value)) {
    let input = &report.input;
    put("format", json!(input.format));
    put("channel", json!(input.channel));
    put("segment", json!(input.segment));
    put("samples", json!(input.samples));
    put("sample_interval_s", json!(input.sample_interval_s));
    put("t0_s", json!(input.t0_s));
}

fn link_cells(report: &LinkReport, put: &mut impl FnMut(&str, Value)) {
    use etalon_types::limits::Verdict;
    let link = &report.link;
    put("modulation", json!(link.modulation));
    put("baud_hz", json!(link.baud_hz));
    put("samples_per_symbol", json!(link.samples_per_symbol));
    put("pattern", json!(link.pattern));
    put("polarity", json!(link.polarity));
    put("lag", json!(link.lag));
    if let Some(found) = &report.classification {
        put("class", json!(found.kind));
        put("class_confidence", json!(found.confidence));
        if let Some(next) = found.alternatives.first() {
            put("runner_up", json!(next.kind));
            put("runner_up_confidence", json!(next.confidence));
        }
    }
    let limits = |wanted: Verdict| {
        let rows = report.limits.iter().filter(|c| c.verdict == wanted);
        let names: Vec<&str> = rows.map(|c| c.limit.quantity.as_str()).collect();
        text(&names.join(";"))
    };
    put("pmd", json!(report.limits.first().map(|c| &c.limit.pmd)));
    put("limits_failed", limits(Verdict::Fail));
    put("limits_undecided", limits(Verdict::Undecided));
    put("equalizer", text(&report.equalizer.kind));
    put("taps", json!(report.equalizer.taps.len()));
    put("training_symbols", json!(report.equalizer.training_symbols));
    put("judged_symbols", json!(report.equalizer.judged_symbols));
    if let Some(check) = &report.line_code {
        put("line_code_blocks", json!(check.blocks));
        put("bad_sync_headers", json!(check.bad_sync_headers));
    }
    put("mpi_regime", json!(report.mpi_regime));
    put("mpi_paths", json!(report.mpi_paths.len()));
}

fn figure_cells(name: &str, counts: Counts, figure: &Figure, put: &mut impl FnMut(&str, Value)) {
    let mut cell = |end: &str, value: Value| put(&format!("{name}_{end}"), value);
    cell("low", json!(figure.low()));
    cell("high", json!(figure.high()));
    let (n, errors) = match figure {
        Figure::Estimate(e) => (Some(e.n), e.errors),
        Figure::NotMeasurable(e) => (e.n, e.errors),
    };
    cell("n", json!(n));
    if counts == Counts::Errors {
        cell("errors", json!(errors));
    }
    cell("reason", json!(figure.reason()));
    if let Some(estimate) = figure.estimate() {
        cell("method", json!(estimate.method));
        put(name, json!(estimate.value));
    }
}

fn define(name: &str, figure: &Figure, definitions: &mut BTreeSet<Definition>) {
    if let Some(estimate) = figure.estimate() {
        definitions.insert(Definition {
            column: name.to_owned(),
            definition: estimate.definition.clone(),
            unit: estimate.unit.clone(),
            confidence: estimate.confidence.to_string(),
        });
    }
}

fn path_cells(number: usize, path: &MpiPath, put: &mut impl FnMut(&str, Value)) {
    let mut cell = |end: &str, value: Value| put(&format!("mpi_path{number}_{end}"), value);
    cell("delay_s", json!(path.delay_s));
    cell("modulo_s", json!(path.modulo_s));
    cell("distance_m", json!(path.distance_m));
    cell("level_db", json!(path.level_db));
    cell("level_db_low", json!(path.low_db));
    cell("level_db_high", json!(path.high_db));
    cell("significance", json!(path.significance));
    cell("kind", json!(path.kind));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::columns::columns;
    use crate::pipeline::{Identity, analyze_trace};
    use etalon_dsp::{BaudChoice, ReceiveOptions};
    use etalon_twin::link::{LinkConfig, simulate};
    use etalon_types::WaveformSource as _;

    /// What fills every cell that a report of this version can fill, and no other.
    #[test]
    fn every_cell_of_a_row_has_a_column_of_its_kind() {
        let config = LinkConfig {
            symbols: 1 << 15,
            samples_per_symbol: 2,
            ..LinkConfig::default()
        };
        let simulated = simulate(&config).unwrap();
        let options = ReceiveOptions {
            baud: BaudChoice::Is(config.baud.0),
            ..ReceiveOptions::default()
        };
        let wave = &simulated.waveform;
        let analysis = analyze_trace(wave, &options, &Identity::memory("made")).unwrap();
        let mut definitions = BTreeSet::new();
        let mut row = of_report(&analysis.report, wave.info(), None, &mut definitions);
        let labels = BTreeMap::from([("bench".to_owned(), "A".to_owned())]);
        name(&mut row, "made", &labels);
        let all = columns(&labels.keys().cloned().collect());
        for (cell, value) in &row {
            use crate::batch::columns::Kind;
            let column = all.iter().find(|c| c.name == *cell);
            let fits = match column
                .unwrap_or_else(|| panic!("{cell} has no column"))
                .kind
            {
                Kind::Text => value.is_string(),
                Kind::Integer => value.is_u64(),
                Kind::Number => value.is_number(),
            };
            assert!(fits, "{cell}: {value}");
        }
        assert!(row.contains_key("snr_db_low") && row.contains_key("pre_fec_ber_n"));
        assert!(
            definitions
                .iter()
                .any(|d| d.column == "snr_db" && d.confidence == "0.95")
        );
        assert_eq!(
            row["tdecq_db_reason"].is_string(),
            !row.contains_key("tdecq_db")
        );
    }
}
