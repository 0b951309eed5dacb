//! One look at every sample, block by block, against levels that follow the beat.
//!
//! The level of symbol `i` is `P_i + c g sqrt(P_i)`, with `g` the late copy's amplitude, 1 when
//! it is unknown. A threshold half way between two levels moves by
//! `c g (sqrt(P_i) + sqrt(P_(i+1))) / 2`. A level is picked by comparisons with all
//! thresholds, not from a table, so that the inner loops become vectors. Sums are taken in eight
//! lanes, whatever the instruction set, so that every one gives the same bits.

use fearless_simd::{Level, Simd, dispatch};
use fearless_simd_macros::simd;

use crate::kernels::level;
use crate::slicer::Slicer;

/// Longest block.
pub(super) const LONGEST: usize = 64;

/// Symbols after which the beat is searched for anew, not only followed.
const SEARCH: usize = 4096;

/// Blocks that a search looks at.
const SPAN: usize = 4;

/// Largest beat that is searched for, over the mean amplitude: `2 sqrt(m)` at -10 dB.
const LARGEST: f32 = 0.63;

/// Sums taken side by side.
const LANES: usize = 8;

/// Thresholds half way between the levels: those of a slicer that was taught with the beat in
/// the samples are weighted by the beat's widths, which are gone once it is taken out.
#[derive(Clone, Debug)]
pub(super) struct Constellation {
    count: usize,
    power: [f32; 4],
    amplitude: [f32; 4],
    base: [f32; 3],
    slope: [f32; 3],
}

impl Constellation {
    /// Power and amplitude of a symbol's level.
    pub(super) fn of(&self, symbol: u8) -> (f32, f32) {
        let i = usize::from(symbol & 3);
        (self.power[i], self.amplitude[i])
    }

    /// Takes two or four levels; two leave thresholds that no sample is above.
    pub(super) fn new(slicer: &Slicer) -> Self {
        let count = slicer.means.len().min(4);
        let top = slicer.means[count - 1];
        let mut new = Self {
            count,
            power: [0.0; 4],
            amplitude: [0.0; 4],
            base: [f32::INFINITY; 3],
            slope: [0.0; 3],
        };
        for i in 0..count {
            new.power[i] = slicer.means[i] as f32;
            // A level at or below zero has no amplitude: a small fraction of the top one's
            // stands in.
            new.amplitude[i] = slicer.means[i].max(1e-3 * top).sqrt() as f32;
        }
        for i in 1..count {
            new.base[i - 1] = 0.5 * (new.power[i - 1] + new.power[i]);
            new.slope[i - 1] = 0.5 * (new.amplitude[i - 1] + new.amplitude[i]);
        }
        new
    }

    /// Mean amplitude of equally likely levels.
    fn mean_amplitude(&self) -> f32 {
        self.amplitude[..self.count].iter().sum::<f32>() / self.count as f32
    }
}

/// Amplitudes of the late copy.
///
/// A delay of `k + f` symbols, `f` from 0 to 1, mixes two symbols: with rectangular pulses and a
/// receiver that averages over the symbol, `g(t) = (1 - f) a(t - k) + f a(t - k - 1)`.
#[derive(Clone, Debug)]
pub(super) struct Late {
    /// One a symbol, or ones for a search.
    amplitudes: Vec<f32>,
    delay: Option<Delay>,
}

/// A delay in whole symbols and the rest, with what is known before the first symbol.
#[derive(Clone, Copy, Debug)]
struct Delay {
    whole: usize,
    fraction: f32,
    /// Amplitude of the symbol before the one that is kept next.
    before: f32,
    /// Amplitude that stands in before the first symbol.
    mean: f32,
}

impl Late {
    /// A copy with unknown data.
    pub(super) fn unknown() -> Self {
        Self {
            amplitudes: vec![1.0; SPAN * LONGEST],
            delay: None,
        }
    }

    /// A copy late by `delay` symbols.
    pub(super) fn of_symbols(symbols: &[u8], levels: &Constellation, delay: f64) -> Self {
        let mean = levels.mean_amplitude();
        let mut late = Self {
            amplitudes: vec![mean; symbols.len()],
            delay: Some(Delay {
                whole: delay as usize,
                fraction: (delay - delay.floor()) as f32,
                before: mean,
                mean,
            }),
        };
        let own: Vec<f32> = symbols
            .iter()
            .map(|&s| levels.amplitude[usize::from(s & 3)])
            .collect();
        late.keep(0, &own);
        late
    }

    /// The amplitudes, one a symbol.
    pub(super) fn amplitudes(&self) -> &[f32] {
        &self.amplitudes
    }

    #[inline(always)]
    fn of_block(&self, start: usize, length: usize) -> &[f32] {
        let start = if self.delay.is_some() { start } else { 0 };
        &self.amplitudes[start..start + length]
    }

    /// Keeps a block's amplitudes for when they come back late.
    #[inline(always)]
    fn keep(&mut self, start: usize, own: &[f32]) {
        let Some(delay) = &mut self.delay else {
            return;
        };
        let mut before = if start == 0 { delay.mean } else { delay.before };
        delay.before = own.last().copied().unwrap_or(before);
        if let Some(later) = self.amplitudes.get_mut(start + delay.whole..) {
            for (late, &a) in later.iter_mut().zip(own) {
                *late = a + delay.fraction * (before - a);
                before = a;
            }
        }
    }
}

/// Beats of all blocks. Decisions with each block's own beat replace the late ones.
pub(super) fn beats(
    power: &[f32],
    levels: &Constellation,
    block: usize,
    late: &mut Late,
) -> Vec<f32> {
    beats_at(level(), power, levels, block, late)
}

pub(super) fn beats_at(
    level: Level,
    power: &[f32],
    levels: &Constellation,
    block: usize,
    late: &mut Late,
) -> Vec<f32> {
    let block = block.clamp(1, LONGEST);
    let mut beats = vec![0.0; power.len().div_ceil(block)];
    dispatch!(level, simd => estimate(simd, power, levels, block, late, &mut beats));
    beats
}

/// Subtracts `gain` times the beats; symbols decided without them, and the samples.
pub(super) fn subtract(
    power: &[f32],
    levels: &Constellation,
    block: usize,
    late: &mut Late,
    beats: &[f32],
    gain: f64,
) -> (Vec<u8>, Vec<f32>) {
    let block = block.clamp(1, LONGEST);
    let (mut symbols, mut samples) = (vec![0u8; power.len()], vec![0.0; power.len()]);
    let out = (&mut symbols[..], &mut samples[..]);
    dispatch!(level(), simd => take_out(simd, power, levels, (block, gain as f32), late, beats, out));
    (symbols, samples)
}

#[simd]
fn estimate<S: Simd>(
    _: S,
    power: &[f32],
    levels: &Constellation,
    block: usize,
    late: &mut Late,
    beats: &mut [f32],
) {
    let mut beat = 0.0f32;
    let mut own = [0.0f32; LONGEST];
    for (b, part) in power.chunks(block).enumerate() {
        let start = b * block;
        if start % SEARCH < block {
            let end = (start + SPAN * block).min(power.len());
            let copy = late.of_block(start, end - start);
            beat = search(&power[start..end], copy, levels, beat);
        }
        for _ in 0..2 {
            beat = of_block(part, late.of_block(start, part.len()), levels, beat);
        }
        beats[b] = beat;
        if late.delay.is_some() {
            let copy = late.of_block(start, part.len());
            for ((&y, &g), own) in part.iter().zip(copy).zip(own.iter_mut()) {
                *own = decide(y, g * beat, levels).1;
            }
            late.keep(start, &own[..part.len()]);
        }
    }
}

/// Power and amplitude of the level that a sample is nearest to.
#[inline(always)]
fn decide(y: f32, beat: f32, levels: &Constellation) -> (f32, f32) {
    let (mut power, mut amplitude) = (levels.power[0], levels.amplitude[0]);
    for i in 0..3 {
        let above = y - beat * levels.slope[i] > levels.base[i];
        power = if above { levels.power[i + 1] } else { power };
        amplitude = if above {
            levels.amplitude[i + 1]
        } else {
            amplitude
        };
    }
    (power, amplitude)
}

/// The beat with the least squared residual among the one followed and a grid of them.
///
/// A beat that is larger than half the distance of two levels makes the decisions of a whole
/// block wrong in one direction, and following from there keeps them wrong: at the start of a
/// capture nothing is known, and a slow beat would stay lost for long.
#[inline(always)]
fn search(part: &[f32], late: &[f32], levels: &Constellation, followed: f32) -> f32 {
    let top = levels.count - 1;
    let step = (levels.power[top] - levels.power[0]) / top as f32;
    let copy = late.iter().sum::<f32>() / late.len() as f32;
    let step = step / (4.0 * levels.amplitude[top]);
    let reach = (LARGEST * levels.mean_amplitude() / step).min(64.0) as i32;
    let mut best = (misfit(part, late, levels, followed), followed);
    for k in -reach..=reach {
        let mut beat = k as f32 * step / copy;
        beat = of_block(part, late, levels, beat);
        let found = misfit(part, late, levels, beat);
        if found < best.0 {
            best = (found, beat);
        }
    }
    best.1
}

/// `sum (r - c w)^2` over a block.
#[inline(always)]
fn misfit(part: &[f32], late: &[f32], levels: &Constellation, beat: f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    for (part, late) in part.chunks(LANES).zip(late.chunks(LANES)) {
        for ((&y, &g), sum) in part.iter().zip(late).zip(&mut sums) {
            let (power, amplitude) = decide(y, g * beat, levels);
            let residual = y - power - g * beat * amplitude;
            *sum += residual * residual;
        }
    }
    sums.iter().sum()
}

/// `sum r w / sum w^2` over a block.
#[inline(always)]
fn of_block(part: &[f32], late: &[f32], levels: &Constellation, beat: f32) -> f32 {
    let (mut up, mut down) = ([0.0f32; LANES], [0.0f32; LANES]);
    for (part, late) in part.chunks(LANES).zip(late.chunks(LANES)) {
        for (((&y, &g), up), down) in part.iter().zip(late).zip(&mut up).zip(&mut down) {
            let (power, amplitude) = decide(y, g * beat, levels);
            let weight = amplitude * g;
            *up += (y - power) * weight;
            *down += weight * weight;
        }
    }
    up.iter().sum::<f32>() / down.iter().sum::<f32>().max(f32::MIN_POSITIVE)
}

#[simd]
fn take_out<S: Simd>(
    _: S,
    power: &[f32],
    levels: &Constellation,
    (block, gain): (usize, f32),
    late: &mut Late,
    beats: &[f32],
    (symbols, samples): (&mut [u8], &mut [f32]),
) {
    let mut own = [0.0f32; LONGEST];
    let blocks = symbols.chunks_mut(block).zip(samples.chunks_mut(block));
    for (b, (part, (symbols, samples))) in power.chunks(block).zip(blocks).enumerate() {
        let (start, beat) = (b * block, gain * beats[b]);
        let copy = late.of_block(start, part.len());
        let out = symbols.iter_mut().zip(samples.iter_mut()).zip(&mut own);
        for ((&y, &g), ((symbol, sample), own)) in part.iter().zip(copy).zip(out) {
            let beat = g * beat;
            let mut number = 0u8;
            for i in 0..3 {
                number += u8::from(y - beat * levels.slope[i] > levels.base[i]);
            }
            *own = decide(y, beat, levels).1;
            *symbol = number;
            *sample = y - beat * *own;
        }
        late.keep(start, &own[..part.len()]);
    }
}
