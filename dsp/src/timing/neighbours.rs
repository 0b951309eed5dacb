//! Is there a stronger line near the told symbol rate?
//!
//! A told rate that is wrong by a percent has no line of its own, but a pattern that repeats has
//! lines at all multiples of its repetition rate, and one of them may be where the told rate is.
//! The true line then stands out from them: it sums all pairs of frequencies in phase, the others
//! sum them at random. So the line that is believed has to be the strongest within a fifth of the
//! symbol rate around it, by [`MIN_RATIO`] in power.

use num_complex::Complex64;

/// Power ratio of the line to the next one below which it is not believed. With `n` pairs of
/// frequencies in the filter the ratio is about `n / ln n`: 5 for a pattern of 127 symbols.
pub(super) const MIN_RATIO: f64 = 2.5;

/// Part of the symbol rate around the told one that is searched; the outputs' own rate allows a
/// quarter.
const REACH: f64 = 0.2;

/// The strongest line outside of the told one's range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rival {
    /// Its rate over the told one.
    pub rate: f64,
    /// Power of the told rate's line over the rival's.
    pub ratio: f64,
}

/// Compares the line within `max_offset` of the told rate with those around it. `outputs` are
/// squared and mixed, `spacing_ui` unit intervals apart.
pub(super) fn strongest(outputs: &[Complex64], spacing_ui: f64, max_offset: f64) -> Rival {
    let bins = (2 * outputs.len()).next_power_of_two().max(64);
    let mut spectrum = outputs.to_vec();
    spectrum.resize(bins, Complex64::ZERO);
    rustfft::FftPlanner::new()
        .plan_fft_forward(bins)
        .process(&mut spectrum);
    let power = |k: i64| spectrum[k.rem_euclid(bins as i64) as usize].norm_sqr();
    // A bin is this part of the symbol rate; a line is as wide as the outputs are short.
    let bin = 1.0 / (bins as f64 * spacing_ui);
    let width = 2.0 * bins as f64 / outputs.len().max(1) as f64;
    let near = (max_offset / bin + width).ceil() as i64;
    let far = ((REACH / bin) as i64).min(bins as i64 / 2 - 1);
    let inside = (-near..=near).map(power).fold(0.0, f64::max);
    let (rival, outside) = (near + 1..=far)
        .flat_map(|k| [k, -k])
        .map(|k| (k, power(k)))
        .fold(
            (0, 0.0),
            |best, this| if this.1 > best.1 { this } else { best },
        );
    Rival {
        rate: 1.0 + rival as f64 * bin,
        ratio: if outside > 0.0 {
            inside / outside
        } else {
            f64::INFINITY
        },
    }
}
