//! What the `mpi-` studies print: findings against what is required, and the trials as columns.
//!
//! On stdout with `--json`: one [`SummaryRecord`], then one [`CaseRecord`] a case. That text is
//! what `docs/validation` keeps. For people: the findings, those first that do not hold.

use std::collections::BTreeMap;

use etalon_dsp::measure::statistics::{CONFIDENCE, chi_squared_ratio, clopper_pearson};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::harness::{Study, Trials, cpu};
use crate::cli::error::{CliError, Exit};
use crate::cli::talk::{Globals, print, print_json};

/// Confidence with which a requirement has to be shown to be missed before it counts as missed.
const REJECTION: f64 = 0.99;

/// Lines of findings on one screen.
const LINES: usize = 20;

/// Draws from which on a share is taken at its word instead of its interval: a thousand, less those
/// that tell nothing.
const MANY: u64 = 900;

/// A trial as the journal keeps it (`etalon.study-mpi-trial/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry<C, T> {
    /// Always `etalon.study-mpi-trial/1`.
    pub schema: String,
    /// Version of Etalon that ran it.
    pub version: String,
    /// Its case.
    pub case: C,
    /// Its seed.
    pub seed: u64,
    /// What it came to.
    pub result: T,
}

impl<C: Copy, T> Entry<C, T> {
    /// Labels what a trial came to.
    pub fn new(case: C, seed: u64, result: T) -> Self {
        Self {
            schema: "etalon.study-mpi-trial/1".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            case,
            seed,
            result,
        }
    }

    /// Returns case and seed, if this version ran it.
    pub fn key(&self) -> Option<(C, u64)> {
        (self.version == env!("CARGO_PKG_VERSION")).then_some((self.case, self.seed))
    }
}

/// One thing that was asked of the trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What was asked.
    pub what: String,
    /// What was found; null when nothing was drawn that could tell.
    pub value: Option<f64>,
    /// Lower end of its 95 % interval, where it has one.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Trials, or counts, behind it.
    pub n: u64,
    /// What is required; null for what is only told.
    pub required: Option<String>,
    /// Whether the requirement survives: a one-sided test does not reject it at 99 % confidence.
    /// Null where nothing is required or nothing was drawn.
    pub holds: Option<bool>,
}

impl Finding {
    fn bare(what: impl Into<String>, value: Option<f64>, n: u64) -> Self {
        Self {
            what: what.into(),
            value,
            low: None,
            high: None,
            n,
            required: None,
            holds: None,
        }
    }

    /// Tells a number of which nothing is required.
    pub fn told(what: impl Into<String>, value: Option<f64>, n: usize) -> Self {
        Self::bare(what, value, n as u64)
    }

    /// Tells a number with an interval, and whether it is as `required`.
    pub fn judged(
        what: impl Into<String>,
        value: f64,
        interval: (f64, f64),
        n: usize,
        required: impl Into<String>,
        holds: bool,
    ) -> Self {
        Self {
            low: Some(interval.0),
            high: Some(interval.1),
            required: Some(required.into()),
            holds: (n > 0).then_some(holds),
            ..Self::bare(what, (n > 0).then_some(value), n as u64)
        }
    }

    fn share(what: impl Into<String>, count: u64, n: u64) -> Self {
        let (low, high) = clopper_pearson(count, n, CONFIDENCE);
        Self {
            low: (n > 0).then_some(low),
            high: (n > 0).then_some(high),
            ..Self::bare(what, (n > 0).then(|| count as f64 / n as f64), n)
        }
    }

    /// Counts how often something is so, of which nothing is required.
    pub fn counted(what: impl Into<String>, so: impl IntoIterator<Item = bool>) -> Self {
        let (count, n) = tally(so);
        Self::share(what, count, n)
    }

    /// Counts how often something is right: the rate has to be at least `rate`.
    ///
    /// Holds unless a one-sided binomial test rejects that rate at 99 % confidence.
    pub fn at_least(
        what: impl Into<String>,
        rate: f64,
        right: impl IntoIterator<Item = bool>,
    ) -> Self {
        let (count, n) = tally(right);
        // The upper end of the two-sided 98 % interval is the one-sided test at 99 %.
        let (_, limit) = clopper_pearson(count, n, 2.0 * REJECTION - 1.0);
        Self {
            required: Some(format!("at least {rate}")),
            holds: (n > 0).then_some(limit >= rate),
            ..Self::share(what, count, n)
        }
    }

    /// Counts how often something is wrong: the rate may be at most `rate`.
    pub fn at_most(
        what: impl Into<String>,
        rate: f64,
        wrong: impl IntoIterator<Item = bool>,
    ) -> Self {
        let (count, n) = tally(wrong);
        let (limit, _) = clopper_pearson(count, n, 2.0 * REJECTION - 1.0);
        Self {
            required: Some(format!("at most {rate}")),
            holds: (n > 0).then_some(limit <= rate),
            ..Self::share(what, count, n)
        }
    }

    /// Counts how often something is so: the share has to lie in a range.
    ///
    /// From 900 draws on the share itself, below the two-sided 98 % interval about it.
    pub fn within(
        what: impl Into<String>,
        range: (f64, f64),
        so: impl IntoIterator<Item = bool>,
    ) -> Self {
        let (count, n) = tally(so);
        let (low, high) = match n {
            n if n >= MANY => (count as f64 / n as f64, count as f64 / n as f64),
            _ => clopper_pearson(count, n, 2.0 * REJECTION - 1.0),
        };
        Self {
            required: Some(format!("{:.3} to {:.3}", range.0, range.1)),
            holds: (n > 0).then_some(high >= range.0 && low <= range.1),
            ..Self::share(what, count, n)
        }
    }

    /// Takes the rms of errors over their allowed rms: it has to be at most 1.
    ///
    /// Holds unless a one-sided chi-squared test rejects that at 99 % confidence; it assumes
    /// independent Gaussian errors. The interval is chi-squared too.
    pub fn rms(what: impl Into<String>, errors: impl IntoIterator<Item = f64>) -> Self {
        let (mut sum, mut n) = (0.0, 0u64);
        for error in errors {
            sum += error * error;
            n += 1;
        }
        let (mean, dof) = (sum / n.max(1) as f64, n as f64);
        let end = |p: f64| (n > 0).then(|| (mean / chi_squared_ratio(dof, p)).sqrt());
        let tail = (1.0 - CONFIDENCE) / 2.0;
        Self {
            low: end(1.0 - tail),
            high: end(tail),
            required: Some("at most 1".into()),
            holds: (n > 0).then(|| mean <= chi_squared_ratio(dof, REJECTION)),
            ..Self::bare(what, (n > 0).then(|| mean.sqrt()), n)
        }
    }

    fn line(&self) -> String {
        let verdict = match self.holds {
            Some(true) => "ok",
            Some(false) => "MISS",
            None => "",
        };
        let value = self.value.map_or("none".into(), number);
        let interval = match (self.value, self.low, self.high) {
            (Some(_), Some(low), Some(high)) => format!("[{}, {}]", number(low), number(high)),
            _ => String::new(),
        };
        let what: String = self.what.chars().take(41).collect();
        format!(
            "{verdict:<4} {what:<41} {value:>8} {interval:<18} {:>4}",
            self.n
        )
    }
}

/// A number for people, of three digits.
fn number(value: f64) -> String {
    match significant(value, 3) {
        small if small != 0.0 && small.abs() < 1e-2 => format!("{small:e}"),
        other => other.to_string(),
    }
}

fn tally(flags: impl IntoIterator<Item = bool>) -> (u64, u64) {
    flags
        .into_iter()
        .fold((0, 0), |(count, n), flag| (count + u64::from(flag), n + 1))
}

/// What a study came to (`etalon.study-mpi/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryRecord {
    /// Always `etalon.study-mpi/1`.
    pub schema: String,
    /// Name of the study.
    pub study: String,
    /// Version of Etalon.
    pub version: String,
    /// Model name of the processor that summed up.
    pub cpu: String,
    /// First seed.
    pub first_seed: u64,
    /// Last seed.
    pub last_seed: u64,
    /// Trials.
    pub trials: usize,
    /// What they came to.
    pub findings: Vec<Finding>,
}

impl SummaryRecord {
    /// Says whether every requirement holds.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|f| f.holds != Some(false))
    }
}

/// The trials of a case as columns (`etalon.study-mpi-case/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRecord {
    /// Always `etalon.study-mpi-case/1`.
    pub schema: String,
    /// Name of the study.
    pub study: String,
    /// The case.
    pub case: String,
    /// Seeds.
    pub seed: Vec<u64>,
    /// A value a seed, by name; numbers have three significant digits.
    pub columns: BTreeMap<String, Vec<Value>>,
}

/// What a trial puts into the columns, by name.
pub type Columns = Vec<(&'static str, Value)>;

/// Makes the summary of a study from its findings.
pub fn summary<S, T>(trials: &Trials<S>, findings: Vec<Finding>) -> SummaryRecord
where
    S: Study<Trial = Entry<<S as Study>::Case, T>>,
{
    let seeds = || trials.keys().map(|key| key.1);
    SummaryRecord {
        schema: "etalon.study-mpi/1".into(),
        study: S::NAME.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        cpu: cpu(),
        first_seed: seeds().min().unwrap_or(0),
        last_seed: seeds().max().unwrap_or(0),
        trials: trials.len(),
        findings,
    }
}

/// Prints findings and trials.
///
/// # Errors
/// Storage, when standard output cannot be written.
pub fn finish<S, T>(
    study: &S,
    trials: &Trials<S>,
    findings: Vec<Finding>,
    columns: impl Fn(&T) -> Columns,
    globals: &Globals,
) -> Result<Exit, CliError>
where
    S: Study<Trial = Entry<<S as Study>::Case, T>>,
    <S as Study>::Case: Serialize + DeserializeOwned,
    T: Clone + Send + Sync + Serialize + DeserializeOwned,
{
    let summary = summary::<S, T>(trials, findings);
    if globals.json {
        print_json(&summary)?;
        for (case, _) in study.cases() {
            let mut out = CaseRecord {
                schema: "etalon.study-mpi-case/1".into(),
                study: S::NAME.into(),
                case: study.case_name(case),
                seed: Vec::new(),
                columns: BTreeMap::new(),
            };
            for (key, entry) in trials.range((case, 0)..=(case, u64::MAX)) {
                out.seed.push(key.1);
                for (name, value) in columns(&entry.result) {
                    let column = out.columns.entry(name.into()).or_default();
                    column.push(rounded(value));
                }
            }
            if !out.seed.is_empty() {
                print_json(&out)?;
            }
        }
    } else {
        print(&screen(&summary))?;
    }
    Ok(if summary.holds() {
        Exit::Done
    } else {
        Exit::Findings
    })
}

/// The summary for people: 80 columns and 24 lines at most.
pub fn screen(summary: &SummaryRecord) -> String {
    let head: String = format!(
        "SIMULATED  {}: {} trials, seeds {} to {}, {}",
        summary.study, summary.trials, summary.first_seed, summary.last_seed, summary.cpu
    )
    .chars()
    .take(80)
    .collect();
    let mut order: Vec<&Finding> = summary.findings.iter().collect();
    // What is missed first, then what is required, then what is only told; else as it stands.
    order.sort_by_key(|f| match (f.holds, &f.required) {
        (Some(false), _) => 0,
        (_, Some(_)) => 1,
        _ => 2,
    });
    let mut lines = vec![head];
    lines.extend(order.iter().take(LINES).map(|f| f.line()));
    if order.len() > LINES {
        lines.push(format!("... and {} more with --json", order.len() - LINES));
    }
    lines.push(format!("next: etalon study {} --json", summary.study));
    lines.join("\n") + "\n"
}

/// Rounds numbers to three significant digits: finer ones say nothing and fill the record.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            Value::from(significant(number.as_f64().unwrap_or(f64::NAN), 3))
        }
        other => other,
    }
}

/// Rounds to so many significant digits.
fn significant(value: f64, digits: usize) -> f64 {
    // Printing and parsing rounds in decimal; what cannot be printed so stays as it is.
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests;
