//! A high-pass, for comparison: takes off the moving mean.
//!
//! ```text
//! y'(t) = y(t) - (mean of y over W symbols around t) + (mean of y over the capture)
//! ```
//!
//! *Source*: the "de-fluctuation" family of blind cancellers (science.md section 4, A1). *Assumes*
//! balanced data. *Breaks* where the mean of `W` random symbols scatters, with the standard
//! deviation `sqrt(var P / W)`; and the beat grows with `sqrt(P)`, which one mean for all levels
//! cannot follow. It has no gain and no bypass, so a clean link gets worse.

use super::{Action, Cancelled, Input, Refusal, check};
use crate::slicer::Slicer;

/// Symbols in the moving mean: at 1 MHz and 26.5625 GBd the beat turns by
/// `sqrt(2 pi linewidth W / 2 baud)`, a third of a radian, from the middle to the edge.
pub const WINDOW: usize = 1025;

/// Cancels by a moving mean.
///
/// # Errors
///
/// A [`Refusal`] for input that cannot be worked on.
pub fn cancel(input: &Input) -> Result<Cancelled, Refusal> {
    check(input)?;
    let power = input.power;
    let n = power.len();
    let mean = power.iter().map(|&y| f64::from(y)).sum::<f64>() / n as f64;
    let half = WINDOW / 2;
    let mut samples = Vec::with_capacity(n);
    let mut sum: f64 = power[..half].iter().map(|&y| f64::from(y) - mean).sum();
    for t in 0..n {
        if t + half < n {
            sum += f64::from(power[t + half]) - mean;
        }
        if t > half {
            sum -= f64::from(power[t - half - 1]) - mean;
        }
        let count = (t + half).min(n - 1) + 1 - t.saturating_sub(half);
        samples.push((f64::from(power[t]) - sum / count as f64) as f32);
    }
    // Thresholds that were weighted by widths with the beat in them do not fit any more.
    let means = &input.slicer.means;
    let middle = Slicer {
        thresholds: means.windows(2).map(|m| 0.5 * (m[0] + m[1])).collect(),
        ..input.slicer.clone()
    };
    Ok(Cancelled {
        symbols: middle.decide_all(&samples),
        samples,
        block: WINDOW,
        action: Action::Subtracted { gain: 1.0 },
    })
}
