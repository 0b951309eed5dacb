//! Extrapolation of error ratios on a Q scale, and its refusal.
//!
//! On a Q scale the share of a level's samples beyond `v` is drawn as `z = Q^-1(share)`. For
//! Gaussian noise that is a line, `z = (v - mean) / sigma`, and it may be drawn on to the threshold:
//!
//! ```text
//! SER = sum over levels i and sides of  share(i) Q(z(threshold))
//! ```
//!
//! The line is fitted to each tail by maximum likelihood over cells (see `tail.rs`), and refused
//! when the tail is not a line: by chi-squared of the cells, by the curvature of a fitted
//! parabola, by a slope that differs from that of the whole level, or by R^2. Interference over
//! one path is bounded and has an arcsine core: its tails bend, and a line through them says too
//! many errors; residual intersymbol interference is bounded too. Where one tail that matters is
//! refused the figure is "not measurable".
//!
//! *Assumes* samples that are independent of each other. *Breaks* when they are not, as under a
//! slow beat: then chi-squared refuses more often than it says, which is the safe side.
//! *Source:* the tail fit of dual-Dirac jitter and noise analysis (Stephens, "Jitter analysis: the
//! dual-Dirac model, RJ/DJ, and Q-scale", 2004).

mod tail;

use etalon_types::{Estimate, Figure};

use crate::measure::statistics::{CONFIDENCE, Z95, q};
use crate::slicer::Slicer;
pub use tail::{Refusal, Side, Tail};

/// How far beyond the last cell that was seen a line is drawn on, as a ratio of Q.
pub const MAX_REACH: f64 = 2.0;

/// Both tails that close one eye.
#[derive(Clone, Debug, PartialEq)]
pub struct EyeTails {
    /// Upper tail of the level below the eye.
    pub below: Result<Tail, Refusal>,
    /// Lower tail of the level above the eye.
    pub above: Result<Tail, Refusal>,
    /// Share of the symbols at the level below.
    pub share_below: f64,
    /// Share of the symbols at the level above.
    pub share_above: f64,
}

impl EyeTails {
    /// Returns the share of all symbols that would be wrong across a threshold: one point of the
    /// bathtub.
    ///
    /// # Errors
    /// The refusal of either tail.
    pub fn error_ratio(&self, threshold: f64) -> Result<f64, Refusal> {
        let (below, above) = (self.below.clone()?, self.above.clone()?);
        Ok(self.share_below * q(below.q_at(threshold))
            + self.share_above * q(above.q_at(threshold)))
    }

    /// Returns the threshold at which both lines have the same Q, and that Q.
    ///
    /// # Errors
    /// The refusal of either tail.
    pub fn best_threshold(&self) -> Result<(f64, f64), Refusal> {
        let (below, above) = (self.below.clone()?, self.above.clone()?);
        // Both lines in the unit of the samples: q = (v - m) / s and q = (m' - v) / s'.
        let (a, b) = (below.centre_and_width(), above.centre_and_width());
        let threshold = (a.0 * b.1 + b.0 * a.1) / (a.1 + b.1);
        Ok((threshold, below.q_at(threshold)))
    }
}

/// Fits the tails of every eye, lowest eye first.
///
/// *Shapes:* `samples` at the slicer with the `symbols` that they belong to; `levels` are means and
/// widths of the same samples ([`Slicer::from_symbols`]).
pub fn eyes(samples: &[f32], symbols: &[u8], levels: &Slicer) -> Vec<EyeTails> {
    let groups = tail::Level::collect(samples, symbols, levels);
    let total = levels.counts.iter().sum::<u64>().max(1) as f64;
    groups
        .windows(2)
        .map(|pair| EyeTails {
            below: pair[0].tail(Side::Upper),
            above: pair[1].tail(Side::Lower),
            share_below: pair[0].count as f64 / total,
            share_above: pair[1].count as f64 / total,
        })
        .collect()
}

/// Makes the figure of the symbol error ratio at given thresholds, drawn on from the tails.
///
/// The interval of each tail is that of its line at the threshold; they are joined by their
/// squared distances (Zou and Donner, Stat. Med. 27 (2008) 1693), because tails are fitted to
/// different samples. A tail is drawn on to at most [`MAX_REACH`] times the Q at which its last
/// cell was seen; beyond there is only an upper bound.
pub fn symbol_error_ratio(eyes: &[EyeTails], thresholds: &[f64], samples: usize) -> Figure {
    let (mut value, mut below, mut above) = (0.0, 0.0f64, 0.0f64);
    let mut too_far: Option<(f64, f64)> = None;
    for (eye, &threshold) in eyes.iter().zip(thresholds) {
        for (side, share, name) in [
            (&eye.below, eye.share_below, "upper"),
            (&eye.above, eye.share_above, "lower"),
        ] {
            let tail = match side {
                Ok(tail) => tail,
                Err(refusal) => {
                    return Figure::not_measurable(format!(
                        "the {name} tail of a level is not a line on the Q scale: {refusal}"
                    ));
                }
            };
            let (z, sigma) = (tail.q_at(threshold), tail.sigma_at(threshold));
            let reach = MAX_REACH * tail.q_seen;
            if z > reach && too_far.is_none_or(|(far, _)| z > far) {
                too_far = Some((z, reach));
            }
            let z = z.min(reach);
            let at = share * q(z);
            value += at;
            below += (at - share * q(z + Z95 * sigma)).powi(2);
            above += (share * q(z - Z95 * sigma) - at).powi(2);
        }
    }
    if eyes.is_empty() || eyes.len() != thresholds.len() {
        return Figure::not_measurable("as many thresholds as eyes are needed");
    }
    let high = value + above.sqrt();
    if let Some((far, reach)) = too_far {
        return Figure::at_most(
            high,
            "1",
            CONFIDENCE,
            samples as u64,
            format!(
                "the line would have to be drawn on to a Q of {far:.1}, more than {MAX_REACH} times what was seen ({reach:.1} is allowed)"
            ),
        );
    }
    Figure::Estimate(Estimate {
        value,
        low: (value - below.sqrt()).max(0.0),
        high,
        confidence: CONFIDENCE,
        n: samples as u64,
        errors: None,
        unit: "1".into(),
        method: "lines fitted to the tails of every level on a Q scale, drawn on to the thresholds"
            .into(),
        definition: "share of symbols beyond their thresholds, if the noise goes on as a Gaussian"
            .into(),
    })
}

#[cfg(test)]
mod tests;
