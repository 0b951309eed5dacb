//! The spectral line at the symbol rate, from the band around half of it.
//!
//! The square of a band-limited PAM signal has a line at the symbol rate whose phase is the
//! timing (Oerder and Meyr, IEEE Trans. Commun. 36 (1988) 605). Only the band around half the
//! symbol rate makes that line; everything else makes pattern noise (Godard, IEEE Trans. Commun.
//! 26 (1978) 517). So the signal is band-passed there before it is squared:
//!
//! ```text
//! u(m)   = sum_n h(n - m T) x(n) exp(-j pi n / T)       T: samples per symbol
//! tau(b) = -arg( sum over block b of u(m)^2 ) / 2 pi    in unit intervals
//! ```
//!
//! and squaring `u` instead of `x` needs no more than 1.1 samples per symbol. The sum pairs the
//! frequencies `1/2T + f` and `1/2T - f`, and their product hardly depends on a channel that
//! falls smoothly: behind a Gaussian channel of a quarter of the symbol rate, 12 dB down at the
//! band edge, blocks of 256 symbols still tell the phase to 0.006 UI rms.
//!
//! A clock that stands still needs no more than a quarter of the blocks: bursts of four, for twice
//! the phase noise. 1,024 blocks of 0.008 UI each still leave 0.0003 UI; over the shortest average
//! for which bursts are believed, 17 blocks, it is 0.002 UI. What moves between bursts shows as
//! blocks that the average of their neighbours does not tell, and then all the rest is taken.
//!
//! *Assumes* a pulse with energy on both sides of half the symbol rate, and a sampler behind an
//! anti-alias filter: what lies beyond half the sample rate moves the phase as the clocks slide.
//! *Breaks* when the channel leaves no energy there, as partial response `1 + D` does: then
//! [`super::rectifier`] takes over.

use std::ops::Range;

use fearless_simd::Level;
use num_complex::Complex64;

use crate::kernels::timing::{BandEdge, Tone};

/// Symbols of a block, about: the kernel takes a whole number of vectors.
const BLOCK: usize = 256;

/// Samples that tell the magnitude.
const SCALE_SAMPLES: usize = 256;

/// Blocks at a capture's beginning that are looked at in any case: they tell the clock's offset
/// without ambiguity.
pub(super) const FIRST_LOOK: usize = 128;
/// Blocks of a burst.
const BURST: usize = 4;
/// Blocks from burst to burst, on average.
pub(super) const PERIOD: usize = 16;
/// Blocks from which on bursts are enough for a clock that stands still.
const MIN_SPARSE: usize = 1024;

/// The line's phasor in the blocks of a capture.
#[derive(Clone, Debug)]
pub(super) struct Tones {
    /// One phasor a block, with a phase of minus two pi times the timing; zero where none was
    /// looked for.
    pub values: Vec<Complex64>,
    /// Which blocks were looked at.
    pub seen: Vec<bool>,
    /// Sums over the blocks of the squared real and imaginary parts of `even conj(odd)`, from two
    /// halves of each block that have no symbol in common: how much their phases differ.
    pub in_phase: f64,
    pub in_quadrature: f64,
    /// Squared magnitude that the sum over all blocks would have by chance.
    pub chance: f64,
    /// Centre of the first block in unit intervals after the first sample.
    pub first_ui: f64,
    /// Length of a block in unit intervals.
    pub block_ui: f64,
}

/// Computes the phasors of a capture, some or all.
pub(super) struct Looker<'a> {
    level: Level,
    samples: &'a [f32],
    plan: BandEdge,
    streams: Vec<f32>,
    tones: Tones,
}

impl<'a> Looker<'a> {
    /// Plans the blocks of a capture; there is at least one.
    pub fn new(level: Level, samples: &'a [f32], samples_per_symbol: f64) -> Self {
        let plan = BandEdge::new(samples_per_symbol, BLOCK, gain(samples));
        let outputs = samples.len() as f64 / plan.stride() as f64;
        let (whole, rest) = (
            outputs as usize / plan.outputs(),
            outputs as usize % plan.outputs(),
        );
        // A last block of which little is there would weigh as much as a full one in the track.
        let blocks = (whole + usize::from(4 * rest >= 3 * plan.outputs())).max(1);
        let block_ui = plan.block_symbols();
        let first_ui = 0.5 * (block_ui - plan.stride() as f64 / samples_per_symbol);
        Self {
            level,
            samples,
            plan,
            streams: Vec::new(),
            tones: Tones::unseen(blocks, first_ui, block_ui),
        }
    }

    /// Looks at the first blocks and at bursts of the others, a quarter of them; at all when there
    /// are few.
    ///
    /// Bursts begin at thirteen different places of their periods in turn, so that no jitter has
    /// the same phase in all of them.
    pub fn some(&mut self) -> &Tones {
        let blocks = self.tones.values.len();
        if blocks < MIN_SPARSE {
            return self.all();
        }
        let bursts = (FIRST_LOOK / PERIOD..blocks / PERIOD).map(|period| {
            let first = period * PERIOD + 5 * period % (PERIOD - BURST + 1);
            first..first + BURST
        });
        std::iter::once(0..FIRST_LOOK)
            .chain(bursts)
            .for_each(|range| self.look(range));
        &self.tones
    }

    /// Looks at all blocks that were not looked at yet.
    pub fn all(&mut self) -> &Tones {
        let blocks = self.tones.values.len();
        let mut first = 0;
        while first < blocks {
            let unseen = self.tones.seen[first..].iter().take_while(|s| !**s).count();
            self.look(first..first + unseen);
            first += unseen;
            first += self.tones.seen[first..].iter().take_while(|s| **s).count();
        }
        &self.tones
    }

    fn look(&mut self, range: Range<usize>) {
        let mut found = [Tone::default(); FIRST_LOOK];
        for first in range.clone().step_by(FIRST_LOOK) {
            let found = &mut found[..FIRST_LOOK.min(range.end - first)];
            let streams = &mut self.streams;
            self.plan
                .tones_with_scratch(self.level, self.samples, first, streams, found);
            for (b, tone) in (first..).zip(found) {
                self.tones.put(b, *tone);
            }
        }
    }
}

impl Tones {
    /// Sums outputs of one every two symbols into blocks; the first output stands at `centre_ui`.
    pub fn from_outputs(outputs: &[Complex64], centre_ui: f64) -> Self {
        let half = |part: &[Complex64]| part.iter().sum::<Complex64>();
        // The last block is left out unless there is no other.
        let whole = (outputs.len() / (BLOCK / 2)).max(1);
        let first_ui = centre_ui + 0.5 * BLOCK as f64 - 1.0;
        let mut tones = Self::unseen(whole, first_ui, BLOCK as f64);
        for (b, block) in outputs.chunks(BLOCK / 2).take(whole).enumerate() {
            // Halves that interleave by sixteens have no symbol in common but at their seams.
            let (even, odd) = block.chunks(16).enumerate().fold(
                (Complex64::ZERO, Complex64::ZERO),
                |(even, odd), (i, part)| match i % 2 {
                    0 => (even + half(part), odd),
                    _ => (even, odd + half(part)),
                },
            );
            let power = block.iter().map(Complex64::norm_sqr).sum();
            tones.put(b, Tone { even, odd, power });
        }
        tones
    }

    fn unseen(blocks: usize, first_ui: f64, block_ui: f64) -> Self {
        Self {
            values: vec![Complex64::ZERO; blocks],
            seen: vec![false; blocks],
            in_phase: 0.0,
            in_quadrature: 0.0,
            chance: 0.0,
            first_ui,
            block_ui,
        }
    }

    /// Says whether every block was looked at.
    pub fn are_complete(&self) -> bool {
        self.seen.iter().all(|&seen| seen)
    }

    /// Puts a block in its place. One that a sample beyond single precision has spoilt counts
    /// nothing.
    fn put(&mut self, block: usize, tone: Tone) {
        let tone = if (tone.even + tone.odd).is_finite() && tone.power.is_finite() {
            tone
        } else {
            Tone::default()
        };
        self.values[block] = tone.even + tone.odd;
        self.seen[block] = true;
        let common = tone.even * tone.odd.conj();
        self.in_phase += common.re * common.re;
        self.in_quadrature += common.im * common.im;
        self.chance += tone.power;
    }
}

/// Computes the squared and mixed outputs themselves, one every two symbols or a little more often,
/// for about the first `symbols` symbols; with their spacing in unit intervals.
pub(super) fn outputs(
    level: Level,
    samples: &[f32],
    samples_per_symbol: f64,
    symbols: usize,
) -> (Vec<Complex64>, f64) {
    let plan = BandEdge::new(samples_per_symbol, BLOCK, gain(samples));
    let whole = samples.len() / (plan.outputs() * plan.stride());
    let blocks = (symbols / BLOCK).min(whole).max(1);
    let mut z = plan.outputs_of(level, samples, blocks);
    z.iter_mut()
        .filter(|z| !z.is_finite())
        .for_each(|z| *z = Complex64::ZERO);
    (z, plan.stride() as f64 / samples_per_symbol)
}

/// Reciprocal of the samples' rough magnitude, so that squares stay within single precision.
pub(super) fn gain(samples: &[f32]) -> f64 {
    let step = samples.len().div_ceil(SCALE_SAMPLES).max(1);
    let some = || samples.iter().step_by(step).map(|&x| f64::from(x));
    let n = some().count().max(1) as f64;
    let mean = some().sum::<f64>() / n;
    let variance = some().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    if variance > 0.0 {
        return variance.sqrt().recip();
    }
    let largest = samples
        .iter()
        .fold(0.0f64, |m, &x| m.max((f64::from(x) - mean).abs()));
    if largest > 0.0 { largest.recip() } else { 1.0 }
}
