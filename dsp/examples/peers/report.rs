//! Runs a kernel and prints its line.

use crate::clock::now_s;
use crate::limits::Limit;

/// Chooses kernels, times them, prints lines.
pub struct Report {
    wanted: Vec<String>,
}

/// What a kernel is called and how its line reads.
pub struct Row<'a> {
    /// The kit's kernel name.
    pub kernel: &'a str,
    /// What is counted: `Msym/s`, `Msample/s`, `Mbit/s`, `GB/s`, `GFMA/s`.
    pub unit: &'a str,
    /// How many of them one run does.
    pub n: usize,
    /// Type of the input samples.
    pub dtype: &'a str,
    /// Instruction set, block length, what else has to be known.
    pub note: &'a str,
    /// Timed runs after one that warms up.
    pub runs: usize,
}

impl Report {
    /// Takes the wanted kernels from `PEERS_KERNELS`.
    pub fn new() -> Self {
        let wanted = std::env::var("PEERS_KERNELS").unwrap_or_default();
        Self {
            wanted: wanted
                .split(',')
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Says whether a kernel is to be run.
    pub fn wants(&self, kernel: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|w| kernel.starts_with(w.as_str()))
    }

    /// Prints the line of a limit.
    pub fn limit(&self, kernel: &str, unit: &str, measure: impl FnOnce() -> f64) {
        if self.wants(kernel) {
            let rate = measure();
            let line = serde_json::json!({
                "contender": "limits-rust", "kernel": kernel, "rate": rate, "unit": unit,
            });
            println!("{line}");
        }
    }

    /// As [`Self::line`], with the share of the limit that was reached in the note.
    pub fn limited_line<T>(
        &self,
        row: &Row,
        limit: impl FnOnce() -> Limit,
        run: impl FnMut() -> T,
        error_ratio: impl Fn(&T) -> Option<f64>,
    ) -> Option<f64> {
        if !self.wants(row.kernel) {
            return None;
        }
        let limit = limit();
        self.print(row, Some(&limit), run, error_ratio)
    }

    /// Times `run`, judges its last result with `error_ratio`, prints the line and returns the
    /// median rate in units of 1e6 (1e9 for the units that begin with G) a second.
    pub fn line<T>(
        &self,
        row: &Row,
        run: impl FnMut() -> T,
        error_ratio: impl Fn(&T) -> Option<f64>,
    ) -> Option<f64> {
        if !self.wants(row.kernel) {
            return None;
        }
        self.print(row, None, run, error_ratio)
    }

    fn print<T>(
        &self,
        row: &Row,
        limit: Option<&Limit>,
        mut run: impl FnMut() -> T,
        error_ratio: impl Fn(&T) -> Option<f64>,
    ) -> Option<f64> {
        let mut result = run();
        let mut seconds: Vec<f64> = (0..row.runs.max(5))
            .map(|_| {
                let start = now_s();
                result = run();
                now_s() - start
            })
            .collect();
        seconds.sort_by(f64::total_cmp);
        let scale = if row.unit.starts_with('G') { 1e9 } else { 1e6 };
        let median_s = seconds[seconds.len() / 2];
        let (rate, best) = (
            row.n as f64 / median_s / scale,
            row.n as f64 / seconds[0] / scale,
        );
        let note = match limit {
            Some(Limit { rate: limit, why }) => format!(
                "{}; {:.0} % of {limit:.0}, {why}",
                row.note,
                100.0 * rate / limit
            ),
            None => row.note.to_owned(),
        };
        let line = serde_json::json!({
            "contender": concat!("etalon-", env!("CARGO_PKG_VERSION")),
            "kernel": row.kernel,
            "rate": rate,
            "best": best,
            "unit": row.unit,
            "n": row.n,
            "median_s": median_s,
            "runs": seconds.len(),
            "ser": error_ratio(&result),
            "dtype": row.dtype,
            "note": note,
        });
        println!("{line}");
        Some(rate)
    }
}
