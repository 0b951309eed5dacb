//! The receiver: condition, timing, align, equalize, measure, interference.
//!
//! [`receive`] walks a capture through the stages; each stage has a file here, the algorithms
//! are the crate's public modules. What the stages share is a [`Lane`]: the samples at one or two
//! a symbol, the transmitted symbols if known, and the trained equalizer with its output.

mod amplitude;
mod cancellation;
mod doubt;
mod error_statistics;
mod errors;
mod features;
mod front_end;
mod interference;
mod lane;
mod pattern_search;
mod report;
mod transmitter;
mod unmeasured;
mod validity;

use std::borrow::Cow;
use std::ops::Range;

use etalon_types::report::QualityFlag;

use crate::condition::condition;
use crate::options::ReceiveOptions;
use crate::traces::Traces;
use crate::{Error, Observer, Reception};
use front_end::front_end;
use lane::Lane;
use unmeasured::unmeasured;
use validity::check_options;

/// Turns samples into figures.
///
/// # Shapes
/// `samples` are in the unit of the capture, at a constant interval of `sample_interval_s`
/// seconds. Given away instead of lent, they are let go of as soon as no measure needs them.
///
/// # Errors
/// [`Error`] when the options make no sense. Trouble within the capture is a quality flag.
///
/// # Example
/// ```
/// use etalon_dsp::{BaudChoice, PatternChoice, ReceiveOptions, receive};
/// use etalon_types::PatternName;
///
/// let name: PatternName = "prbs13q".parse().unwrap();
/// // Four noiseless levels at one sample a symbol; the noise is a small deterministic wobble.
/// let samples: Vec<f32> = name
///     .symbols(20_000)
///     .iter()
///     .enumerate()
///     .map(|(k, &s)| 1.0 + 0.5 * f32::from(s) + 0.02 * ((k * k) as f32).sin())
///     .collect();
/// let options = ReceiveOptions {
///     baud: BaudChoice::Is(26.5625e9),
///     pattern: PatternChoice::Named(name),
///     ..Default::default()
/// };
/// let report = receive(&samples, 1.0 / 26.5625e9, &options, &mut ()).unwrap().report;
/// assert_eq!(report.link.lag, Some(0));
/// assert_eq!(report.estimates.pre_fec_ber.low(), Some(0.0)); // no errors: an upper bound
/// ```
pub fn receive<'a>(
    samples: impl Into<Cow<'a, [f32]>>,
    sample_interval_s: f64,
    options: &ReceiveOptions,
    observer: &mut dyn Observer,
) -> Result<Reception, Error> {
    check_options(sample_interval_s, options)?;
    observer.stage("condition");
    let samples = samples.into();
    let count = samples.len();
    let condition = condition(&samples);
    let mut quality = condition.flags;
    let used = cut(samples, condition.range);
    let nothing = |quality: Vec<QualityFlag>, reason: &str| {
        unmeasured(count, sample_interval_s, options, quality, reason)
    };
    if let Some(reason) = condition.fatal {
        return Ok(nothing(quality, &reason));
    }
    let used = transmitter::behind_reference_receiver(used, 1.0 / sample_interval_s, options)?;
    observer.stage("timing");
    let front = match front_end(&used, 1.0 / sample_interval_s, options, &mut quality)? {
        Ok(front) => front,
        Err(reason) => return Ok(nothing(quality, &reason)),
    };
    // Shadowing alone would keep them.
    let used = match options.measures.eye || options.measures.tdecq {
        true => used,
        false => {
            drop(used);
            Cow::default()
        }
    };
    observer.stage("align");
    let mut lane = Lane::start(front, options, &mut quality);
    observer.stage("equalize");
    lane.equalize(options, &mut quality);
    let levels = lane.doubt_levels(options, &mut quality);
    observer.stage("measure");
    let mut report = lane.report(&levels, count, sample_interval_s, options, quality);
    if options.measures.tdecq {
        lane.measure_transmitter(&used, &mut report);
    }
    let mut traces = Traces {
        error_positions: lane.error_positions(),
        eye: options.measures.eye.then(|| lane.eye(&used)),
        levels: options.measures.eye.then(|| lane.histogram()),
        ..Traces::default()
    };
    observer.stage("mpi");
    if options.measures.mpi {
        lane.assess_mpi(options, &mut report, &mut traces);
    }
    if options.measures.mpi && options.measures.cancellation {
        observer.stage("cancellation");
        lane.cancel_interference(options, &traces, &mut report);
    }
    Ok(Reception { report, traces })
}

/// The samples of a range, without copying.
fn cut(samples: Cow<[f32]>, range: Range<usize>) -> Cow<[f32]> {
    match samples {
        Cow::Borrowed(samples) => Cow::Borrowed(&samples[range]),
        Cow::Owned(mut samples) => {
            samples.truncate(range.end);
            samples.drain(..range.start);
            Cow::Owned(samples)
        }
    }
}
