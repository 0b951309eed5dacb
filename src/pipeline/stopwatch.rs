//! Seconds spent in each stage.

use std::collections::BTreeMap;
use std::time::Instant;

use etalon_dsp::Observer;

/// Times stages: each one lasts until the next begins.
pub struct Stopwatch {
    start: Instant,
    current: Option<(&'static str, Instant)>,
    spent_s: BTreeMap<String, f64>,
}

impl Stopwatch {
    /// Starts at an instant.
    pub fn start(now: Instant) -> Self {
        Self {
            start: now,
            current: None,
            spent_s: BTreeMap::new(),
        }
    }

    fn close(&mut self, now: Instant) {
        if let Some((name, since)) = self.current.take() {
            // A stage that comes back (timing after equalizing, say) adds up.
            *self.spent_s.entry(name.to_owned()).or_default() += (now - since).as_secs_f64();
        }
    }

    /// Ends the last stage and returns seconds by stage, with their `total`.
    pub fn finish(mut self) -> BTreeMap<String, f64> {
        let now = Instant::now();
        self.close(now);
        self.spent_s
            .insert("total".to_owned(), (now - self.start).as_secs_f64());
        self.spent_s
    }
}

impl Observer for Stopwatch {
    fn stage(&mut self, name: &'static str) {
        let now = Instant::now();
        self.close(now);
        self.current = Some((name, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_that_come_back_add_up_to_at_most_the_total() {
        let mut watch = Stopwatch::start(Instant::now());
        for name in ["read", "timing", "equalize", "timing"] {
            watch.stage(name);
        }
        let spent = watch.finish();
        assert_eq!(
            spent.keys().collect::<Vec<_>>(),
            ["equalize", "read", "timing", "total"]
        );
        let parts: f64 = spent["equalize"] + spent["read"] + spent["timing"];
        // Sums of four differences of one clock: rounding is far below a nanosecond.
        assert!(
            parts <= spent["total"] + 1e-9,
            "{parts} > {}",
            spent["total"]
        );
    }
}
