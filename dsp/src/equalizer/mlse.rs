//! Maximum-likelihood sequence estimation over a short channel: the Viterbi algorithm.
//!
//! Of all symbol sequences, the one whose noise-free samples are nearest to the received ones,
//!
//! ```text
//! minimize  sum_k ( y(k) - x(d(k), d(k-1), ..., d(k-m)) )^2
//! ```
//!
//! is the likeliest when the noise is white and Gaussian. The recursion keeps, for every state
//! (the last `m` symbols), the smallest sum that ends in it:
//!
//! ```text
//! M(k, n) = min over branches q -> n of  M(k-1, q) + ( y(k) - x(branch) )^2
//! ```
//!
//! and which branch it was; the way back from the best state gives the symbols (A. Viterbi, IEEE
//! Trans. Inf. Theory 13 (1967) 260; G. D. Forney, IEEE Trans. Inf. Theory 18 (1972) 363). The
//! table `x` is a [`Trellis`], so levels may be unequal and the channel need not be a sum.
//!
//! | function | does |
//! |---|---|
//! | [`detect`] | segments side by side in 16-bit metrics: [`crate::kernels::viterbi`] |
//! | [`detect_blocks`] | f32, blocks with a warm-up and a tail of [`overlap`] symbols; fixed memory |
//! | [`detect_sequence`] | f32, one pass over all: the oracle; memory grows with the capture |
//!
//! Ways that start in different states merge within a few times the memory, so a block whose
//! start state is not known is right after a warm-up, and one whose end state is not known is
//! right before its tail: 20 symbols each lose nothing that can be seen with four states.
//!
//! *Assumes* white noise of the same variance on every level; [`super::whitening`] makes it so.
//! *Breaks* when the channel is longer than the trellis (a floor of errors), and on channels with
//! a deep null and much memory, where ways merge late.

use fearless_simd::Level;

use crate::equalizer::trellis::Trellis;
use crate::kernels::viterbi::{Branches, Workspace, viterbi_into};

/// Symbols below which a capture is too short for segments side by side.
const SHORT: usize = 4096;
/// Symbols that a block of [`detect_blocks`] decides.
const BLOCK: usize = 4096;

/// Returns how many symbols a block looks at before and after those it decides: 32 for two to
/// sixteen states, 48 for 64.
///
/// Five to seven times `memory * log2(levels)` is the rule for codes; 32 is at least that up to
/// memory 2 on four levels.
pub fn overlap(trellis: &Trellis) -> usize {
    if trellis.states() <= 16 { 32 } else { 48 }
}

/// Decides every symbol, as fast as this machine can.
///
/// The decisions do not depend on `level`. Metrics have 16 bits: where two sequences are almost
/// equally near, the decision may differ from that of [`detect_sequence`]; the symbol error ratio
/// is the same to 1 %. Captures of fewer than 4096 symbols go to [`detect_blocks`].
pub fn detect(level: Level, samples: &[f32], trellis: &Trellis) -> Vec<u8> {
    let mut out = vec![0; samples.len()];
    detect_into(level, samples, trellis, &mut Workspace::default(), &mut out);
    out
}

/// Decides every symbol into `out`, as [`detect`]; with a workspace that was used before, nothing
/// as long as the capture is allocated.
///
/// *Shapes*: as many symbols are decided as the shorter of `samples` and `out` has.
pub fn detect_into(
    level: Level,
    samples: &[f32],
    trellis: &Trellis,
    workspace: &mut Workspace,
    out: &mut [u8],
) {
    let n = samples.len().min(out.len());
    let (samples, out) = (&samples[..n], &mut out[..n]);
    let branches = Branches::new(trellis.levels(), trellis.memory(), trellis.values());
    let Some(branches) = branches.filter(|_| n >= SHORT) else {
        out.copy_from_slice(&detect_blocks(samples, trellis));
        return;
    };
    viterbi_into(level, samples, &branches, workspace, out);
    // The kernel knows nothing of the capture's ends: there the start and the end are free.
    let reach = overlap(trellis).max(branches.reach());
    let mut survivors = Survivors::new(trellis);
    survivors.run(&samples[..2 * reach], 0..reach, &mut out[..reach]);
    survivors.run(
        &samples[n - 2 * reach..],
        reach..2 * reach,
        &mut out[n - reach..],
    );
}

/// Decides a whole sequence in one pass: the oracle of every other form.
///
/// The start and the end state are free. Ties go to the lower old symbol and the lower state.
///
/// *Complexity*: `samples * states * levels`; memory `samples * states` bytes.
pub fn detect_sequence(samples: &[f32], trellis: &Trellis) -> Vec<u8> {
    let mut out = vec![0; samples.len()];
    Survivors::new(trellis).run(samples, 0..samples.len(), &mut out);
    out
}

/// Decides in blocks of 4096 symbols with [`overlap`] symbols before and after each.
///
/// *Complexity*: `samples * states * levels`; memory `4096 * states` bytes.
pub fn detect_blocks(samples: &[f32], trellis: &Trellis) -> Vec<u8> {
    let reach = overlap(trellis);
    let mut out = vec![0; samples.len()];
    let mut survivors = Survivors::new(trellis);
    for (b, block) in out.chunks_mut(BLOCK).enumerate() {
        let first = b * BLOCK;
        let seen = first.saturating_sub(reach)..(first + block.len() + reach).min(samples.len());
        let decided = first - seen.start..first - seen.start + block.len();
        survivors.run(&samples[seen], decided, block);
    }
    out
}

/// Path metrics and the branches that survived.
struct Survivors<'a> {
    trellis: &'a Trellis,
    /// Smallest sum that ends in each state.
    metrics: Vec<f32>,
    next: Vec<f32>,
    /// Oldest symbol of the surviving branch, a row of states for each sample.
    branches: Vec<u8>,
}

impl<'a> Survivors<'a> {
    fn new(trellis: &'a Trellis) -> Self {
        Self {
            trellis,
            metrics: vec![0.0; trellis.states()],
            next: vec![0.0; trellis.states()],
            branches: vec![],
        }
    }

    /// Runs over `samples` and writes the symbols `decided` of them to `out`.
    fn run(&mut self, samples: &[f32], decided: std::ops::Range<usize>, out: &mut [u8]) {
        let states = self.trellis.states();
        self.metrics.fill(0.0);
        self.branches.clear();
        self.branches.resize(samples.len() * states, 0);
        for (k, &y) in samples.iter().enumerate() {
            match self.trellis.levels() {
                2 => self.step::<2>(k, y),
                _ => self.step::<4>(k, y),
            }
        }
        let mut state = (0..states)
            .min_by(|&a, &b| self.metrics[a].total_cmp(&self.metrics[b]))
            .unwrap_or(0);
        let levels = self.trellis.levels();
        let rest = states / levels;
        for k in (decided.start..samples.len()).rev() {
            if k < decided.end {
                out[k - decided.start] = (state / rest) as u8;
            }
            let oldest = self.branches[k * states + state];
            state = state % rest * levels + usize::from(oldest);
        }
    }

    /// Adds, compares and selects for one sample.
    fn step<const LEVELS: usize>(&mut self, k: usize, y: f32) {
        let states = self.metrics.len();
        let rest = states / LEVELS;
        let values = self.trellis.values();
        let mut least = f32::MAX;
        for n in 0..states {
            let from = n % rest * LEVELS;
            let (mut best, mut which) = (f32::MAX, 0);
            for o in 0..LEVELS {
                let d = y - values[n * LEVELS + o];
                let sum = self.metrics[from + o] + d * d;
                if sum < best {
                    (best, which) = (sum, o as u8);
                }
            }
            self.next[n] = best;
            self.branches[k * states + n] = which;
            least = least.min(best);
        }
        // Only differences count: without this the sums would lose their last bits.
        for (m, next) in self.metrics.iter_mut().zip(&self.next) {
            *m = next - least;
        }
    }
}

#[cfg(test)]
mod tests;
