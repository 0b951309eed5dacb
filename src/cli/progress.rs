//! Progress on stderr: a bar, lines, objects or nothing.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle as BarStyle};
use schemars::JsonSchema;
use serde::Serialize;

use super::talk::{Globals, ProgressStyle, say_raw};

/// `etalon.progress/1`: one step of a longer command, on stderr with `--progress json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProgressRecord {
    /// Always `etalon.progress/1`.
    pub schema: String,
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
    /// What was just done.
    pub item: String,
    /// More of a batch.
    #[serde(flatten)]
    pub batch: Option<BatchProgress>,
}

/// What the progress of a batch says beside.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BatchProgress {
    /// Captures a second.
    pub rate_hz: f64,
    /// Seconds left at that rate.
    pub eta_s: Option<f64>,
    /// Captures that are ok so far.
    pub ok: u64,
    /// Captures with a flag so far.
    pub flagged: u64,
    /// Captures that were rejected so far.
    pub rejected: u64,
    /// Captures that were set aside so far.
    pub failed: u64,
}

/// How a command shows that it advances.
#[derive(Debug)]
pub struct Progress {
    style: ProgressStyle,
    bar: Option<ProgressBar>,
    total: usize,
    done: AtomicUsize,
}

impl Progress {
    /// Starts showing progress over `total` steps.
    ///
    /// `auto` shows a bar when stderr is a terminal and there is more than one step.
    pub fn start(globals: &Globals, total: usize) -> Self {
        let style = if globals.quiet {
            ProgressStyle::None
        } else {
            globals.progress
        };
        let wanted = style == ProgressStyle::Auto && total > 1 && std::io::stderr().is_terminal();
        let bar = wanted.then(|| {
            let template = "{bar:30} {pos}/{len} {eta} {wide_msg}";
            let look =
                BarStyle::with_template(template).unwrap_or_else(|_| BarStyle::default_bar());
            let look = if globals.ascii {
                look.progress_chars("#>-")
            } else {
                look
            };
            ProgressBar::new(total as u64).with_style(look)
        });
        Self {
            style,
            bar,
            total,
            done: AtomicUsize::new(0),
        }
    }

    /// Tells that one step is done.
    pub fn step(&self, item: &str) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(bar) = &self.bar {
            bar.set_message(item.to_owned());
            bar.inc(1);
        }
        match self.style {
            ProgressStyle::Plain => say_raw(&format!("{done}/{} {item}\n", self.total)),
            ProgressStyle::Json => {
                let schema = "etalon.progress/1".to_owned();
                let record = ProgressRecord {
                    schema,
                    done,
                    total: self.total,
                    item: item.to_owned(),
                    batch: None,
                };
                // Strings and numbers always serialize.
                say_raw(&format!(
                    "{}\n",
                    serde_json::to_string(&record).unwrap_or_default()
                ));
            }
            ProgressStyle::Auto | ProgressStyle::None => {}
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
