//! How a batch shows that it advances: a bar with rate, time left and counts; lines; or objects.

use std::io::IsTerminal as _;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle as BarStyle};

use crate::batch::protocol::Cached;
use crate::batch::row::Status;
use crate::batch::run::{Start, Watcher};
use crate::cli::progress::{BatchProgress, ProgressRecord};
use crate::cli::talk::{Globals, ProgressStyle, say_raw};

/// What was seen of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Captures that an earlier run of the same folder had done.
    pub known: u64,
    /// Captures that came out of the cache.
    pub cached: u64,
    /// Captures that were analyzed.
    pub computed: u64,
    /// By status, in the order of [`Status::ALL`], the known ones included.
    pub statuses: [u64; 4],
}

/// The watcher of the command line.
pub struct Watch<'a> {
    globals: &'a Globals,
    style: ProgressStyle,
    bar: Option<ProgressBar>,
    begun: Instant,
    total: usize,
    tally: Tally,
}

impl<'a> Watch<'a> {
    /// Watches for these options.
    pub fn new(globals: &'a Globals) -> Self {
        Self {
            style: if globals.quiet {
                ProgressStyle::None
            } else {
                globals.progress
            },
            globals,
            bar: None,
            begun: Instant::now(),
            total: 0,
            tally: Tally::default(),
        }
    }

    /// Returns what was seen.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn counts(&self) -> String {
        let pairs = Status::ALL.into_iter().zip(self.tally.statuses);
        let told: Vec<String> = pairs
            .filter(|&(status, n)| n > 0 || status == Status::Ok)
            .map(|(status, n)| format!("{n} {}", status.name()))
            .collect();
        told.join(", ")
    }

    /// Captures a second, and seconds that are left at that rate.
    fn rate(&self) -> (f64, Option<f64>) {
        let fresh = self.tally.cached + self.tally.computed;
        let rate = fresh as f64 / self.begun.elapsed().as_secs_f64().max(1e-3);
        let left = self.total as u64 - (self.tally.known + fresh).min(self.total as u64);
        (rate, (rate > 0.0).then(|| left as f64 / rate))
    }
}

impl Watcher for Watch<'_> {
    fn begins(&mut self, start: &Start) {
        self.total = start.total;
        self.tally.known = start.known.len() as u64;
        for status in &start.known {
            self.tally.statuses[*status as usize] += 1;
        }
        let open = start.total - start.known.len();
        let mut text = format!("{} captures", start.total);
        if !start.known.is_empty() {
            text += &format!(", {} done before", start.known.len());
        }
        if open > 0 {
            text += &format!("; needs about {} on the disk", bytes(start.needed_bytes));
            if let Some(free) = start.free_bytes {
                text += &format!(" of {} free", bytes(free));
            }
        }
        self.globals.say(&text);
        let wanted = self.style == ProgressStyle::Auto && open > 1;
        if wanted && std::io::stderr().is_terminal() {
            let template = "{bar:24} {pos}/{len}  {per_sec}  {eta} left  {wide_msg}";
            let look = BarStyle::with_template(template);
            let look = look.unwrap_or_else(|_| BarStyle::default_bar());
            let look = if self.globals.ascii {
                look.progress_chars("#>-")
            } else {
                look
            };
            let bar = ProgressBar::new(start.total as u64).with_style(look);
            bar.set_position(start.known.len() as u64);
            bar.reset_eta();
            self.bar = Some(bar);
        }
        self.begun = Instant::now();
    }

    fn done(&mut self, path: &str, status: Status, cached: Cached) {
        match cached {
            Cached::Yes => self.tally.cached += 1,
            Cached::No => self.tally.computed += 1,
        }
        self.tally.statuses[status as usize] += 1;
        let done = self.tally.known + self.tally.cached + self.tally.computed;
        if let Some(bar) = &self.bar {
            bar.set_message(self.counts());
            bar.set_position(done);
        }
        match self.style {
            ProgressStyle::Plain => {
                let name = status.name();
                say_raw(&format!("{done}/{} {name} {path}\n", self.total));
            }
            ProgressStyle::Json => {
                let (rate_hz, eta_s) = self.rate();
                let [ok, flagged, rejected, failed] = self.tally.statuses;
                let record = ProgressRecord {
                    schema: "etalon.progress/1".into(),
                    done: done as usize,
                    total: self.total,
                    item: path.to_owned(),
                    batch: Some(BatchProgress {
                        rate_hz,
                        eta_s,
                        ok,
                        flagged,
                        rejected,
                        failed,
                    }),
                };
                // Strings and numbers always serialize.
                say_raw(&(serde_json::to_string(&record).unwrap_or_default() + "\n"));
            }
            ProgressStyle::Auto | ProgressStyle::None => {}
        }
    }

    fn says(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.globals.say(text)),
            None => self.globals.say(text),
        }
    }
}

/// Bytes with a decimal prefix.
fn bytes(count: u64) -> String {
    let (factor, prefix) = match count {
        0..1_000_000 => (1e3, "k"),
        1_000_000..1_000_000_000 => (1e6, "M"),
        _ => (1e9, "G"),
    };
    format!("{:.1} {prefix}B", count as f64 / factor)
}
