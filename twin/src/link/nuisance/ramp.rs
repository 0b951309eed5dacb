//! A straight drift over the capture: `r (t / T - 1/2)`, zero in the middle.

/// Returns the ramp at a sample, `ramp` from the first sample of the capture to its end.
pub(super) fn at(ramp: f64, sample: f64, samples: usize) -> f64 {
    ramp * (sample / samples as f64 - 0.5)
}
