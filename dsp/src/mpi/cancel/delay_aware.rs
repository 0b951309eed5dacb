//! The delay-aware canceller: rebuilds the interferer and subtracts it.
//!
//! ```text
//! c(b) = sum r w / sum w^2      w(t) = sqrt(P(d(t))) sqrt(P(d(t - tau)))
//! y'(t) = y(t) - g c(b) w(t)
//! ```
//!
//! The decisions a delay ago come from the block tracker at first and are replaced, block by
//! block, as better ones are made; one more iteration over the whole capture decides with them
//! and with the Wiener gain. The first `tau` symbols have no known past: the mean amplitude
//! stands in, which is the block tracker.
//!
//! A delay of `k + f` symbols, `f` below 1, takes
//! `sqrt(P(d(t - tau))) = (1 - f) a(t - k) + f a(t - k - 1)`, `a` the decided amplitudes: exact
//! for rectangular pulses and a receiver that averages over the symbol. Behind raised-cosine
//! pulses a copy late by half a symbol also holds a little of their neighbours, which stays in.
//!
//! *Source*: as [`super`]. *Assumes* that the delay is right to a few tenths of a symbol.
//!
//! *Breaks* as [`super`], and when the delay is wrong: then `w` carries the wrong data and this
//! does worse than the block tracker.

use super::walk::{self, Constellation, Late};
use super::{Action, Cancelled, Input, Refusal, block_length, bypass, check, wiener};

/// Cancels the copy that is late by the input's delay.
///
/// # Errors
///
/// A [`Refusal`] for input that cannot be worked on, among them a delay that is missing, zero or
/// longer than half of the capture.
///
/// # Complexity
///
/// Nine looks at every sample: 25 ms of one core for 2^20 symbols.
pub fn cancel(input: &Input) -> Result<Cancelled, Refusal> {
    check(input)?;
    let longest = input.power.len() / 2;
    let delay = input.delay.filter(|&d| d >= 1.0 && d <= longest as f64);
    let Some(delay) = delay else {
        return Err(Refusal::Delay {
            longest,
            found: input.delay,
        });
    };
    let levels = Constellation::new(input.slicer);
    let start = block_length(input, 64, 16);
    let beats = walk::beats(input.power, &levels, start, &mut Late::unknown());
    let (symbols, _) = walk::subtract(
        input.power,
        &levels,
        start,
        &mut Late::unknown(),
        &beats,
        1.0,
    );

    let block = block_length(input, 64, 8);
    let mut late = Late::of_symbols(&symbols, &levels, delay);
    let Some(found) = wiener::find(input, &levels, block, &mut late) else {
        return Ok(bypass(input, block));
    };
    let wiener::Found { beats, gain, block } = found;
    walk::subtract(input.power, &levels, block, &mut late, &beats, gain);
    let beats = walk::beats(input.power, &levels, block, &mut late);
    let gain = wiener::gain(&beats, input, block).unwrap_or(gain);
    let (symbols, samples) = walk::subtract(input.power, &levels, block, &mut late, &beats, gain);
    Ok(Cancelled {
        symbols,
        samples,
        block,
        action: Action::Subtracted { gain },
    })
}
