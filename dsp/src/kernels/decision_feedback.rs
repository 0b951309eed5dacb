//! Decision feedback on segments of one capture, one segment a lane; and, for one tap, ahead of
//! the decisions.
//!
//! ```text
//! z(k) = y(k) - ( f(m) v(k-m) + ... + f(2) v(k-2) + f(1) v(k-1) ),   v(k) = value of z(k)'s decision
//! ```
//!
//! The loop is serial: the next output waits for the last decision. Two ways around that:
//!
//! * **Segments** ([`decision_feedback`]). The capture is cut into segments of equal length that
//!   run side by side, each after a warm-up of [`Loop::warm_up`] symbols whose own past is taken as
//!   zero. What a wrong past does dies out: an error leads to the next with a probability of at
//!   most 3/4 (one tap of weight 1 on four levels) and the less the smaller the taps, so that a
//!   segment starts wrongly with a probability below 1e-6. The sum runs from the oldest symbol to
//!   the newest: only the last product waits.
//! * **Look-ahead** ([`look_ahead`]). With one tap there are as many possible outputs as levels.
//!   All are sliced for every symbol, which does not wait for anything; what is left of the loop
//!   is a look-up of two instructions a symbol (K. Parhi, IEEE Trans. Circuits Syst. 38 (1991)
//!   745). The result is that of the serial loop, bit for bit.
//!
//! No product is fused with its sum, so every instruction set gives the same bytes.
//!
//! *Assumes* thresholds in rising order. *Breaks* for long runs of wrong decisions (a tap above 1),
//! where segments do not find back within their warm-up.

mod lanes;
#[cfg(test)]
mod tests;

use fearless_simd::{Level, dispatch};

/// Probability with which a segment may start wrongly.
const WRONG_START: f64 = 1e-6;
/// Warm-ups in symbols: multiples of [`GRAIN`] with an odd number of grains above each.
const WARM_UPS: [usize; 3] = [32, 64, 128];
/// Most taps that run in segments; more are serial.
pub const MAX_TAPS: usize = 8;
/// The number of segments is a multiple of this, so that every width divides it.
const SEGMENTS: usize = 16;
/// A segment's length is a multiple of this.
const GRAIN: usize = 16;
/// Longest segment.
const LONGEST: usize = 2032;

/// What decides and what is fed back.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop {
    /// Feedback taps, nearest symbol first.
    pub taps: Vec<f32>,
    /// Value of each level, lowest first; two or four.
    pub values: Vec<f32>,
    /// Thresholds between them. A sample equal to a threshold is below it.
    pub thresholds: Vec<f32>,
}

impl Loop {
    /// Decides one output.
    pub fn decide(&self, z: f32) -> u8 {
        self.thresholds.iter().map(|&t| u8::from(z > t)).sum()
    }

    /// Symbols that a segment runs before its first, so that what its past really was does not
    /// matter any more.
    ///
    /// ```text
    /// n = ln 1e-6 / ln q,   q = (1 - 1/L) min(1, sum |f|)
    /// ```
    ///
    /// An error of one level moves the next output by `2 sum |f|` half level spacings at most,
    /// which takes that share of the symbols across a threshold; outermost symbols have one on
    /// one side only, so that of `L` levels one in `L` is decided rightly whatever is fed back.
    /// For one tap it is the known 3/4 at weight 1, and the 0.38 that was simulated at weight 0.5.
    /// Taps that sum to more than 1 can keep an error going for longer than any single one: they
    /// have the longest warm-up.
    pub fn warm_up(&self) -> usize {
        let sum: f64 = self.taps.iter().map(|f| f64::from(f.abs())).sum();
        let [short, long, longest] = WARM_UPS;
        if sum > 1.0 || sum.is_nan() {
            return longest;
        }
        let follows = (1.0 - 1.0 / self.values.len().max(1) as f64) * sum;
        if follows.powi(short as i32) <= WRONG_START {
            short
        } else {
            long
        }
    }

    /// One output from a sample and the values before it, nearest first.
    fn output(&self, y: f32, past: impl Fn(usize) -> f32) -> f32 {
        let oldest_first = self.taps.iter().enumerate().rev();
        let products = oldest_first.map(|(j, f)| f * past(j));
        y - products.fold(0.0, |sum, p| sum + p)
    }

    fn is_simd(&self) -> bool {
        matches!(self.values.len(), 2 | 4)
            && self.thresholds.len() + 1 == self.values.len()
            && self.taps.len() <= MAX_TAPS
    }
}

/// Length of the segments that a capture is cut into: an odd number of grains, so that their
/// samples do not fall into the same few sets of the cache.
fn length(symbols: usize, warm_up: usize) -> usize {
    let rounds = symbols.div_ceil(SEGMENTS * LONGEST).max(1);
    // At least the warm-up, so that no segment but the first begins before the capture.
    GRAIN * (symbols.div_ceil(SEGMENTS * rounds * GRAIN) | 1).max(warm_up / GRAIN + 1)
}

/// Runs the loop in segments, and writes the outputs; as many as `samples` and `out` both have.
///
/// More than [`MAX_TAPS`] taps run serially.
pub fn decision_feedback(level: Level, samples: &[f32], feedback: &Loop, out: &mut [f32]) {
    let n = samples.len().min(out.len());
    let (y, z) = (&samples[..n], &mut out[..n]);
    if !feedback.is_simd() {
        serial(y, feedback, z);
        return;
    }
    match (feedback.values.len(), feedback.taps.len()) {
        (2, 0..=2) => dispatch!(level, simd => lanes::run::<_, 2, 2>(simd, y, feedback, z)),
        (2, 3..=5) => dispatch!(level, simd => lanes::run::<_, 2, 5>(simd, y, feedback, z)),
        (2, _) => dispatch!(level, simd => lanes::run::<_, 2, 8>(simd, y, feedback, z)),
        (_, 0..=2) => dispatch!(level, simd => lanes::run::<_, 4, 2>(simd, y, feedback, z)),
        (_, 3..=5) => dispatch!(level, simd => lanes::run::<_, 4, 5>(simd, y, feedback, z)),
        _ => dispatch!(level, simd => lanes::run::<_, 4, 8>(simd, y, feedback, z)),
    }
}

/// The oracle of [`decision_feedback`]: the same segments, one after the other.
pub fn decision_feedback_scalar(samples: &[f32], feedback: &Loop, out: &mut [f32]) {
    let n = samples.len().min(out.len());
    if !feedback.is_simd() {
        serial(&samples[..n], feedback, &mut out[..n]);
        return;
    }
    let warm_up = feedback.warm_up();
    let length = length(n, warm_up);
    for (segment, out) in out[..n].chunks_mut(length).enumerate() {
        let first = segment * length;
        let start = first.saturating_sub(warm_up);
        let mut whole = vec![0.0; first - start + out.len()];
        serial(&samples[start..first + out.len()], feedback, &mut whole);
        out.copy_from_slice(&whole[first - start..]);
    }
}

/// The loop as it is written.
pub fn serial(samples: &[f32], feedback: &Loop, out: &mut [f32]) {
    let mut values = Vec::with_capacity(samples.len());
    for (&y, z) in samples.iter().zip(out) {
        let k = values.len();
        *z = feedback.output(y, |j| if j < k { values[k - 1 - j] } else { 0.0 });
        values.push(feedback.values[usize::from(feedback.decide(*z))]);
    }
}

/// Runs the loop of one tap without waiting for decisions, and writes the outputs: what [`serial`]
/// writes, bit for bit.
///
/// Any other number of taps, or of levels than two and four, runs serially.
pub fn look_ahead(level: Level, samples: &[f32], feedback: &Loop, out: &mut [f32]) {
    let n = samples.len().min(out.len());
    let (y, z) = (&samples[..n], &mut out[..n]);
    if !feedback.is_simd() || feedback.taps.len() != 1 {
        serial(y, feedback, z);
        return;
    }
    match feedback.values.len() {
        2 => dispatch!(level, simd => lanes::ahead::<_, 2>(simd, y, feedback, z)),
        _ => dispatch!(level, simd => lanes::ahead::<_, 4>(simd, y, feedback, z)),
    }
}
