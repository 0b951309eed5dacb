//! Codeword error ratio for errors that come in bursts: an exact Markov chain.
//!
//! Line symbols are right or wrong by a chain of two states (Gilbert, Bell Syst. Tech. J. 39
//! (1960) 1253, without errors in the good state):
//!
//! ```text
//! P(wrong | wrong before) = a           P(wrong | right before) = p = SER (1-a) / (1-SER)
//! ```
//!
//! so that SER is the share of wrong symbols. A code symbol of L line symbols is wrong when one of
//! them is. Two 2x2 matrices carry the state of the line over one code symbol, one for "all right"
//! and one for "some wrong"; with them the probabilities of 0, 1, ..., t wrong code symbols of a
//! codeword go through its n code symbols, and what passes t is lost. With m codewords
//! interleaved the chain runs free over the L (m - 1) line symbols of the others. Behind the
//! receiver's `1 + D` of a precoded line a symbol is wrong where the state of the chain *changes*.
//! All terms are positive, so small ratios keep their digits.
//!
//! *Assumes* that errors in a burst alternate in sign (they do with feedback), where precoding is
//! concerned; one burst length distribution, geometric; a stationary chain. *Breaks* where the
//! error ratio wanders, as under slow interference: [`crate::measure::frame_errors`] tests for
//! that before it uses the chain.

use etalon_types::Modulation;
use etalon_types::kp4::framing::line_symbols_per_code_symbol;
use etalon_types::kp4::{Code, Precoding};

use crate::fec::rising_root;

/// A matrix over the two states of the line, right and wrong: `[from][to]`.
type Matrix = [[f64; 2]; 2];

/// How codewords go on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scheme {
    /// The code.
    pub code: Code,
    /// Levels of a line symbol.
    pub modulation: Modulation,
    /// Codewords interleaved symbol by symbol, 1 for none.
    pub interleave: usize,
    /// Precoding of the line.
    pub precoding: Precoding,
}

impl Scheme {
    /// RS(544,514) on PAM-4, neither interleaved nor precoded.
    pub const KP4_PAM4: Self = Self {
        code: Code::KP4,
        modulation: Modulation::Pam4,
        interleave: 1,
        precoding: Precoding::None,
    };

    /// Returns the line symbols from the first of a codeword to its last, those of the codewords
    /// interleaved with it among them.
    pub fn span_symbols(self) -> usize {
        self.code.n() * self.interleave * line_symbols_per_code_symbol(self.modulation)
    }
}

/// The chain that makes errors on the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurstChain {
    /// P(wrong | right before).
    onset: f64,
    /// P(wrong | wrong before).
    continuation: f64,
}

impl BurstChain {
    /// Makes a chain from the share of wrong line symbols and P(wrong | wrong before).
    ///
    /// `None` when no chain has both: outside 0 to 1, or a share so high that it needs longer
    /// bursts.
    pub fn new(ser: f64, continuation: f64) -> Option<Self> {
        let inside = (0.0..1.0).contains(&ser) && (0.0..1.0).contains(&continuation);
        let onset = ser * (1.0 - continuation) / (1.0 - ser);
        (inside && onset <= 1.0).then_some(Self {
            onset,
            continuation,
        })
    }

    /// Makes a chain from P(wrong | right before) and P(wrong | wrong before); both are brought
    /// into 0 to 1.
    pub fn from_transitions(onset: f64, continuation: f64) -> Self {
        Self {
            onset: onset.clamp(0.0, 1.0),
            continuation: continuation.clamp(0.0, 1.0),
        }
    }

    /// Returns the share of wrong line symbols.
    pub fn ser(self) -> f64 {
        let out = 1.0 - self.continuation + self.onset;
        if out > 0.0 { self.onset / out } else { 1.0 }
    }

    /// Returns P(wrong | right before).
    pub fn onset(self) -> f64 {
        self.onset
    }

    /// Returns P(wrong | wrong before).
    pub fn continuation(self) -> f64 {
        self.continuation
    }

    /// Returns the variance of the number of errors in a window of `window` line symbols over that
    /// of independent errors; for long windows `(1 + a) / (1 - a)` when errors are rare.
    ///
    /// The correlation of two symbols falls as `rho^distance`, `rho = a - p`:
    /// `1 + 2 sum over j < W of (1 - j/W) rho^j`, in closed form.
    pub fn variance_factor(self, window: usize) -> f64 {
        let rho = self.continuation - self.onset;
        let w = window.max(1) as f64;
        let rest = 1.0 - rho;
        if rest <= 0.0 {
            return w;
        }
        (1.0 + rho) / rest - 2.0 * rho * (1.0 - rho.powf(w)) / (w * rest * rest)
    }

    /// Returns the probabilities of 0, 1, ..., t wrong code symbols in a codeword, and last that
    /// of more than t.
    ///
    /// *Shapes:* t + 2 values that sum to 1.
    pub fn wrong_code_symbols(self, scheme: Scheme) -> Vec<f64> {
        let each = line_symbols_per_code_symbol(scheme.modulation);
        let (right, wrong) = self.over_code_symbol(scheme.precoding, each);
        let gap = self.free_run(each * scheme.interleave.saturating_sub(1));
        let (right, wrong) = (product(&right, &gap), product(&wrong, &gap));
        let either = sum(&right, &wrong);
        let lost = scheme.code.t() + 1;
        let mut counts = vec![[0.0; 2]; lost + 1];
        counts[0] = [1.0 - self.ser(), self.ser()];
        for _ in 0..scheme.code.n() {
            for k in (1..=lost).rev() {
                // What is lost stays lost, whatever comes.
                let stay = step(counts[k], if k == lost { &either } else { &right });
                let come = step(counts[k - 1], &wrong);
                counts[k] = [stay[0] + come[0], stay[1] + come[1]];
            }
            counts[0] = step(counts[0], &right);
        }
        counts.iter().map(|c| c[0] + c[1]).collect()
    }

    /// Returns the share of codewords with more than t wrong code symbols.
    pub fn codeword_error_ratio(self, scheme: Scheme) -> f64 {
        self.wrong_code_symbols(scheme)
            .last()
            .copied()
            .unwrap_or(0.0)
    }

    /// Returns the share of wrong line symbols at which bursts of this continuation give a
    /// codeword error ratio; `None` outside 1e-200 to 0.1.
    pub fn ser_for(continuation: f64, scheme: Scheme, ratio: f64) -> Option<f64> {
        let ratio_at = |ln_ser: f64| {
            Self::new(ln_ser.exp(), continuation).map_or(1.0, |c| c.codeword_error_ratio(scheme))
        };
        (1e-200..=0.1)
            .contains(&ratio)
            .then(|| rising_root(-60.0, -1.0, |ln_ser| ratio_at(ln_ser).ln() - ratio.ln()).exp())
    }

    /// The chain over one code symbol: (all its line symbols right, some wrong).
    fn over_code_symbol(self, precoding: Precoding, each: usize) -> (Matrix, Matrix) {
        let chain = self.transitions();
        let mut right = [[1.0, 0.0], [0.0, 1.0]];
        let mut wrong = [[0.0; 2]; 2];
        for _ in 0..each {
            let (mut clean, mut hit) = ([[0.0; 2]; 2], [[0.0; 2]; 2]);
            for from in 0..2 {
                for (to, &probability) in chain[from].iter().enumerate() {
                    let errs = match precoding {
                        Precoding::None => to == 1,
                        Precoding::OneOverOnePlusD => from != to,
                    };
                    if errs {
                        hit[from][to] = probability;
                    } else {
                        clean[from][to] = probability;
                    }
                }
            }
            wrong = sum(&product(&wrong, &chain), &product(&right, &hit));
            right = product(&right, &clean);
        }
        (right, wrong)
    }

    fn transitions(self) -> Matrix {
        [
            [1.0 - self.onset, self.onset],
            [1.0 - self.continuation, self.continuation],
        ]
    }

    /// The chain over `count` symbols that belong to other codewords.
    fn free_run(self, count: usize) -> Matrix {
        let chain = self.transitions();
        (0..count).fold([[1.0, 0.0], [0.0, 1.0]], |m, _| product(&m, &chain))
    }
}

fn step(state: [f64; 2], m: &Matrix) -> [f64; 2] {
    [
        state[0] * m[0][0] + state[1] * m[1][0],
        state[0] * m[0][1] + state[1] * m[1][1],
    ]
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    [step(a[0], b), step(a[1], b)]
}

fn sum(a: &Matrix, b: &Matrix) -> Matrix {
    [
        [a[0][0] + b[0][0], a[0][1] + b[0][1]],
        [a[1][0] + b[1][0], a[1][1] + b[1][1]],
    ]
}

#[cfg(test)]
mod tests;
