//! `manifest.tsv` of the real captures: what independent readers found, and how far to trust it.

use std::path::Path;

/// One row that names a channel's figures.
#[derive(Clone, Debug)]
pub struct Row {
    pub file: String,
    pub channel: String,
    pub samples: u64,
    pub t0_s: Option<f64>,
    pub interval_s: Option<f64>,
    pub min: f64,
    pub max: f64,
    pub mean: f64,
    pub first: Vec<f64>,
    pub last: Vec<f64>,
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |k: usize| cells.get(k).copied().unwrap_or("").trim();
        let trust = cell(19);
        if !(trust.starts_with("reference") || trust.starts_with("values ok")) {
            return None;
        }
        // Times that the manifest itself calls wrong are not compared.
        let time = |k: usize, name: &str| (!trust.contains(name)).then(|| number(cell(k)))?;
        let digits = cell(10).trim_start_matches('(');
        let digits = digits.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(Self {
            file: cell(1).into(),
            channel: cell(9).into(),
            samples: digits.parse().ok()?,
            t0_s: time(11, "t0"),
            interval_s: time(12, "dt"),
            min: number(cell(13))?,
            max: number(cell(14))?,
            mean: number(cell(15))?,
            first: list(cell(16))?,
            last: list(cell(17))?,
        })
    }
}

/// Some cells carry a remark: `1.785714285714e-11 (56 GS/s)`.
fn number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

fn list(text: &str) -> Option<Vec<f64>> {
    text.split(',').map(number).collect()
}

/// Returns the rows that hold figures and are to be trusted.
pub fn trusted(folder: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    text.lines().skip(1).filter_map(Row::parse).collect()
}
