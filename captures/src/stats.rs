//! What a trace amounts to, without loading it: one pass by blocks.

use etalon_types::{ReadError, WaveformSource};

/// Samples read at a time: 128 KiB as `f64`, within L2.
pub(crate) const BLOCK: usize = 16_384;
/// How many samples from either end are kept.
const ENDS: usize = 5;

/// Count, extremes, mean and ends of a trace, in the trace's unit.
///
/// `min`, `max` and `mean` are over the finite samples, and NaN when there are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// Number of samples.
    pub samples: u64,
    /// Number of samples that are infinite or not a number.
    pub non_finite: u64,
    /// Smallest finite sample.
    pub min: f64,
    /// Largest finite sample.
    pub max: f64,
    /// Mean of the finite samples.
    pub mean: f64,
    /// The first five samples, or fewer.
    pub first: Vec<f64>,
    /// The last five samples, or fewer.
    pub last: Vec<f64>,
}

/// Sums a trace up.
///
/// The mean uses Neumaier's compensated summation, whose error does not grow with the number of
/// samples (A. Neumaier, ZAMM 54, 1974).
///
/// # Errors
/// [`ReadError`] when the trace cannot be read to its announced end.
///
/// # Example
/// ```
/// use etalon_captures::stats;
/// use etalon_types::Waveform;
///
/// let sums = stats(&Waveform::from_f32(vec![1.0, f32::NAN, 3.0], 1e-9, "V"))?;
/// assert_eq!((sums.samples, sums.non_finite, sums.mean), (3, 1, 2.0));
/// # Ok::<(), etalon_types::ReadError>(())
/// ```
pub fn stats(trace: &dyn WaveformSource) -> Result<Stats, ReadError> {
    let total = trace.info().samples;
    let mut block = vec![0.0; BLOCK];
    let (mut done, mut non_finite) = (0, 0_u64);
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    let (mut first, mut last) = (Vec::new(), Vec::new());
    while done < total {
        let got = trace.read_at(done, &mut block)?;
        if got == 0 {
            return Err(ended_early(done, total));
        }
        let part = &block[..got];
        for &x in part {
            if !x.is_finite() {
                non_finite += 1;
                continue;
            }
            min = min.min(x);
            max = max.max(x);
            let next = sum + x;
            // What the addition rounded away comes from the smaller operand.
            lost += if sum.abs() >= x.abs() {
                (sum - next) + x
            } else {
                (x - next) + sum
            };
            sum = next;
        }
        first.extend(part.iter().take(ENDS - first.len()));
        last.extend_from_slice(&part[got.saturating_sub(ENDS)..]);
        last.drain(..last.len().saturating_sub(ENDS));
        done += got as u64;
    }
    let finite = done - non_finite;
    let mut mean = (sum + lost) / finite as f64;
    if finite == 0 {
        (min, max) = (f64::NAN, f64::NAN);
    } else if !mean.is_finite() {
        mean = mean_of_parts(trace, finite)?.clamp(min, max);
    }
    Ok(Stats {
        samples: done,
        non_finite,
        min,
        max,
        mean,
        first,
        last,
    })
}

/// Adds up `x / count`, which cannot overflow where the samples' own sum does.
fn mean_of_parts(trace: &dyn WaveformSource, count: u64) -> Result<f64, ReadError> {
    let total = trace.info().samples;
    let mut block = vec![0.0; BLOCK];
    let (mut done, mut mean) = (0, 0.0);
    while done < total {
        let got = trace.read_at(done, &mut block)?;
        if got == 0 {
            return Err(ended_early(done, total));
        }
        let finite = block[..got].iter().filter(|x| x.is_finite());
        mean += finite.map(|x| x / count as f64).sum::<f64>();
        done += got as u64;
    }
    Ok(mean)
}

/// A source that has fewer samples than it announced.
pub(crate) fn ended_early(done: u64, total: u64) -> ReadError {
    ReadError {
        first: done,
        wanted: BLOCK,
        reason: format!("the trace ends after {done} of the {total} samples it announced"),
    }
}
