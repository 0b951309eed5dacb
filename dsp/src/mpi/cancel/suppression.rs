//! How much of the interferer a canceller left, from the samples before and after it.
//!
//! ```text
//! left = sum r'(t) w(t) / sum r(t) w(t) + x / 3
//! w(t) = c(t) sqrt(P(d(t))) sqrt(P(d(t - tau)))      x = 2 pi linewidth L / baud
//! ```
//!
//! with `r` and `r'` what the decided levels leave of the samples before and after, and `c` the
//! beat of the two blocks beside that of `t`, whose noise is not in `r(t)`. With `x` the
//! interferer and `y` what was subtracted, both sums are `E[(x - y) x]` and `E[x^2]` up to the
//! same factor. For a least-squares canceller `x - y` and `y` are uncorrelated, so that
//! `E[(x - y) x]` is the power `E[(x - y)^2]` that is left. `w` does not see how the beat turns
//! within a block of `L` symbols, over which a canceller holds it still: with the beat's
//! autocovariance `1 - 2 pi linewidth |t|`, a third of `x` stays in. Half of that is added to
//! each side of the interval, because the linewidth is an estimate, and a tenth of the
//! share.
//!
//! *Source*: orthogonality of the least-squares error (e.g. Kay, Fundamentals of Statistical
//! Signal Processing I, 12.4). The interval is that of a ratio of sums over [`SEGMENTS`] pieces of
//! the capture (Cochran, Sampling Techniques, 6.3).
//!
//! *Assumes* that the path at `tau` is the one that matters: of other paths nothing is told.
//!
//! *Breaks* with a wrong delay: then the data of the interferer, which the block tracker leaves
//! in, are not looked for.

use etalon_types::Figure;

use super::high_pass::WINDOW;
use super::walk::{Constellation, Late};
use super::{Action, Cancelled, Input, Refusal, block_length, check};
use crate::measure::statistics::{CONFIDENCE, Z95, between};

/// Pieces of the capture whose spread gives the interval.
pub const SEGMENTS: usize = 64;

/// Error of the share itself, relative: wrong decisions and a gain that is not the best one. In
/// simulations from -20 to -30 dB and 0.1 to 10 MHz the share was too small by up to a tenth.
const MODEL_ERROR: f64 = 0.1;

/// Standard deviations by which the interferer must be seen before anything is said.
const MIN_SIGNIFICANCE: f64 = 5.0;

/// What the figure means.
const DEFINITION: &str =
    "interferer power left over interferer power before, strongest path; n: blocks";

/// Measures the interferer's power after over before, in dB; decisions are those of the
/// canceller. The first delay of the capture does not count: its past is not known.
///
/// # Errors
/// A [`Refusal`] for input that cannot be worked on, or for results of another length than the
/// input's. A share that cannot be told is a figure that says why.
pub fn suppression_db(input: &Input, cancelled: &Cancelled) -> Result<Figure, Refusal> {
    check(input)?;
    let expected = input.power.len();
    let found = cancelled.symbols.len().min(cancelled.samples.len());
    if found < expected {
        return Err(Refusal::TooShort { expected, found });
    }
    let longest = expected as f64 / 2.0;
    let Some(delay) = input.delay.filter(|&d| d >= 1.0 && d <= longest) else {
        return Ok(Figure::not_measurable(
            "no path was found: its share cannot be told from the noise",
        ));
    };
    if cancelled.action == Action::Bypassed {
        return Ok(Figure::not_measurable("bypassed: nothing was taken out"));
    }
    if cancelled.block == WINDOW {
        return Ok(Figure::not_measurable(
            "a moving mean follows the data too: what it left of the interferer cannot be told apart",
        ));
    }
    let sums = Sums::of(input, cancelled, delay);
    if sums.before.len() < SEGMENTS + 2 {
        return Ok(Figure::not_measurable("too few blocks behind the delay"));
    }
    let (pieces, blocks) = sums.by_segment();
    Ok(share_left(&pieces, blocks, turned(input, cancelled)))
}

/// The share that stays in because the beat turns within a block.
fn turned(input: &Input, cancelled: &Cancelled) -> f64 {
    let block = cancelled.block as f64;
    2.0 * std::f64::consts::PI * input.linewidth_hz * block / input.baud_hz / 3.0
}

/// The ratio of the sums over the segments, after and before, with its interval.
fn share_left(pieces: &[[f64; 2]], blocks: u64, turned: f64) -> Figure {
    let total = |k: usize| pieces.iter().map(|p| p[k]).sum::<f64>();
    let (after, before) = (total(0), total(1));
    let seen = after / before;
    // Standard error of a sum over the segments.
    let spread = |value: &dyn Fn(&[f64; 2]) -> f64| {
        let n = pieces.len() as f64;
        let mean = pieces.iter().map(value).sum::<f64>() / n;
        let squares = pieces
            .iter()
            .map(|p| (value(p) - mean).powi(2))
            .sum::<f64>();
        (n / (n - 1.0) * squares).sqrt()
    };
    let noise = spread(&|p| p[1] / MIN_SIGNIFICANCE);
    // `before` scatters with the beat too, so this asks for more than its noise alone would.
    if !before.is_finite() || before <= noise {
        return Figure::not_measurable(
            "the beat of the strongest path is too weak to say how much of it is left",
        );
    }
    let left = (seen + turned).max(0.0);
    let error = Z95 * spread(&|p| p[0] - seen * p[1]) / before + 0.5 * turned + MODEL_ERROR * left;
    let db = |x: f64| 10.0 * x.log10();
    if left - error <= 0.0 {
        return Figure::at_most(
            db(left + error),
            "dB",
            CONFIDENCE,
            blocks,
            "what is left cannot be told from nothing",
        );
    }
    between(
        db(left),
        db(left - error),
        db(left + error),
        blocks,
        "dB",
        "residual before and after against the interferer rebuilt from decisions and the neighbouring blocks' beat",
        DEFINITION,
    )
}

/// Sums over each block behind the delay.
struct Sums {
    /// Residual before times the two amplitudes.
    before: Vec<f64>,
    /// Residual after times the two amplitudes.
    after: Vec<f64>,
    /// Squared product of the amplitudes.
    weight: Vec<f64>,
}

impl Sums {
    fn of(input: &Input, cancelled: &Cancelled, delay: f64) -> Self {
        let levels = Constellation::new(input.slicer);
        let late = Late::of_symbols(&cancelled.symbols, &levels, delay);
        // The neighbours' beat must not hold noise that this block's canceller took in.
        let block = block_length(input, 64, 16).max(cancelled.block);
        // The canceller's blocks begin with the capture.
        let first = (delay.ceil() as usize + 1).next_multiple_of(block);
        let first = first.min(input.power.len());
        let mut sums = Self {
            before: Vec::new(),
            after: Vec::new(),
            weight: Vec::new(),
        };
        let whole = (input.power.len() - first) / block;
        for start in (0..whole).map(|b| first + b * block) {
            let (mut before, mut after, mut weight) = (0.0, 0.0, 0.0);
            for t in start..start + block {
                let (power, amplitude) = levels.of(cancelled.symbols[t]);
                let w = f64::from(amplitude * late.amplitudes()[t]);
                before += f64::from(input.power[t] - power) * w;
                after += f64::from(cancelled.samples[t] - power) * w;
                weight += w * w;
            }
            sums.before.push(before);
            sums.after.push(after);
            sums.weight.push(weight);
        }
        sums
    }

    /// Sums of every segment, after and before, weighted with the beat of the neighbours; and the
    /// blocks in them.
    fn by_segment(&self) -> (Vec<[f64; 2]>, u64) {
        let beat = |b: usize| self.before[b] / self.weight[b].max(f64::MIN_POSITIVE);
        let inner: Vec<[f64; 2]> = (1..self.before.len() - 1)
            .map(|b| {
                let c = 0.5 * (beat(b - 1) + beat(b + 1));
                [c * self.after[b], c * self.before[b]]
            })
            .collect();
        let length = inner.len() / SEGMENTS;
        let segments = inner
            .chunks_exact(length)
            .take(SEGMENTS)
            .map(|part| [0, 1].map(|k| part.iter().map(|p| p[k]).sum::<f64>()))
            .collect();
        (segments, (length * SEGMENTS) as u64)
    }
}
