//! RS(544,514) and RS(528,514) over GF(2^10): encoder and bounded-distance decoder.
//!
//! ```text
//! g(x) = (x - 1)(x - alpha) ... (x - alpha^(2t-1))
//! c(x) = x^(2t) m(x) + (x^(2t) m(x) mod g(x))
//! ```
//!
//! A word is a slice of code symbols in order of transmission: the highest coefficient first,
//! message before parity. The division by `g` is one shift register for encoder and decoder: ten
//! bits of each coefficient are packed six to a word, and one table of the 1024 multiples of `g`
//! makes a step of it a shift and an exclusive or. A word whose remainder is zero is a codeword,
//! and nothing more is computed; otherwise the syndromes `r(alpha^j)` are taken from the
//! remainder (which has 2t coefficients, not n), and errors are found by Berlekamp and Massey,
//! Chien and Forney (see `decoder.rs`).
//!
//! *Source:* IEEE 802.3 91.5.2.7; Blahut, Algebraic Codes for Data Transmission (2003), chapter 7.
//! *Assumes* errors without side information: erasures are not used.
//! *Breaks:* more than t wrong symbols are nearly always detected, not always: a random word lies
//! within distance t of some codeword with a probability of 5e-17 for RS(544,514) and 1.9e-6 for
//! RS(528,514) (see [`ReedSolomon::decodable_share`]).

mod decoder;

use super::{Code, field};

/// Words of the packed remainder: 5 times 6 coefficients hold 2t = 30.
const WORDS: usize = 5;
/// Coefficients in a packed word.
const PACKED: usize = 6;
/// The 60 bits that are used of a packed word.
const MASK: u64 = (1 << 60) - 1;

/// A remainder, its highest coefficient in the highest used bits of the first word.
type Packed = [u64; WORDS];

/// What a code cannot be asked to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The word has the wrong length.
    #[error("expected {expected} code symbols, found {found}")]
    Length {
        /// How many code symbols were expected.
        expected: usize,
        /// How many there were.
        found: usize,
    },
    /// A code symbol has more than ten bits.
    #[error("expected code symbols below 1024, found {found} at {at}")]
    Symbol {
        /// Where it stands in the word.
        at: usize,
        /// Its value.
        found: u16,
    },
}

/// What the decoder made of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// The word is now a codeword; so many code symbols were corrected (0: none was wrong).
    Corrected(usize),
    /// No codeword lies within distance t: more than t symbols are wrong. The word is as received.
    Uncorrectable,
}

/// A shortened Reed-Solomon code over GF(2^10).
#[derive(Clone, Debug)]
pub struct ReedSolomon {
    code: Code,
    /// Coefficients of g, lowest first, the last one 1.
    generator: Vec<u16>,
    /// The multiples of g without its highest coefficient.
    multiples: Vec<Packed>,
}

impl ReedSolomon {
    /// Makes encoder and decoder of a code: computes its generator polynomial and the table of
    /// its multiples (40 KiB).
    pub fn new(code: Code) -> Self {
        let t = code.t();
        let mut generator = vec![1u16];
        for j in 0..2 * t {
            let root = field::power(j);
            let mut product = vec![0; generator.len() + 1];
            for (i, &g) in generator.iter().enumerate() {
                product[i + 1] ^= g;
                product[i] ^= field::multiply(g, root);
            }
            generator = product;
        }
        let highest_first: Vec<u16> = generator[..2 * t].iter().rev().copied().collect();
        let multiples = (0..field::SIZE as u16)
            .map(|a| pack(highest_first.iter().map(|&g| field::multiply(a, g))))
            .collect();
        Self {
            code,
            generator,
            multiples,
        }
    }

    /// Returns the lengths of the code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns the coefficients of the generator polynomial, lowest first.
    pub fn generator(&self) -> &[u16] {
        &self.generator
    }

    /// Returns the share of all words that lie within distance t of a codeword: the probability
    /// that a random word is miscorrected, `sum over i to t of C(n,i) 1023^i / 1024^(2t)`.
    pub fn decodable_share(&self) -> f64 {
        let mut ball = 1.0;
        let mut shell = 1.0;
        for i in 1..=self.code.t() {
            shell *= (self.code.n() + 1 - i) as f64 / i as f64 * field::ORDER as f64;
            ball += shell;
        }
        ball / (field::SIZE as f64).powi(2 * self.code.t() as i32)
    }

    /// Encodes a message: the message, then its parity.
    ///
    /// # Errors
    /// [`CodeError`] when the message has not `k` symbols, or one of them more than ten bits.
    pub fn encode(&self, message: &[u16]) -> Result<Vec<u16>, CodeError> {
        check(message, self.code.k())?;
        let mut codeword = message.to_vec();
        let remainder = self.divide(message, &[]);
        codeword.extend((0..2 * self.code.t()).map(|i| coefficient(&remainder, i)));
        Ok(codeword)
    }

    /// Says whether a word of `n` symbols is a codeword.
    ///
    /// # Errors
    /// [`CodeError`] when the word has not `n` symbols, or one of them more than ten bits.
    pub fn is_codeword(&self, word: &[u16]) -> Result<bool, CodeError> {
        check(word, self.code.n())?;
        Ok(self.remainder(word) == [0; WORDS])
    }

    /// Corrects a received word in place, up to t wrong symbols.
    ///
    /// # Errors
    /// [`CodeError`] when the word has not `n` symbols, or one of them more than ten bits. Too
    /// many wrong symbols are no error but [`Decoded::Uncorrectable`].
    pub fn decode(&self, word: &mut [u16]) -> Result<Decoded, CodeError> {
        check(word, self.code.n())?;
        let remainder = self.remainder(word);
        if remainder == [0; WORDS] {
            return Ok(Decoded::Corrected(0));
        }
        let lowest_first: Vec<u16> = (0..2 * self.code.t())
            .rev()
            .map(|i| coefficient(&remainder, i))
            .collect();
        let syndromes: Vec<u16> = (0..2 * self.code.t())
            .map(|j| field::evaluate(&lowest_first, j))
            .collect();
        let Some(errors) = decoder::locate(&syndromes, self.code.n(), self.code.t()) else {
            return Ok(Decoded::Uncorrectable);
        };
        for &(degree, value) in &errors {
            word[self.code.n() - 1 - degree] ^= value;
        }
        Ok(Decoded::Corrected(errors.len()))
    }

    /// The remainder of a whole word: the message's parity against the parity received.
    fn remainder(&self, word: &[u16]) -> Packed {
        let (message, parity) = word.split_at(self.code.k());
        self.divide(message, parity)
    }

    /// `x^(2t) m(x) + parity(x)` mod `g(x)`; no parity counts as zeros.
    fn divide(&self, message: &[u16], parity: &[u16]) -> Packed {
        let mut register = [0u64; WORDS];
        for &symbol in message {
            let out = (register[0] >> 50) as u16 ^ symbol;
            let multiple = &self.multiples[usize::from(out) % field::SIZE];
            for w in 0..WORDS {
                let next = register.get(w + 1).map_or(0, |n| n >> 50);
                register[w] = ((register[w] << 10 & MASK) | next) ^ multiple[w];
            }
        }
        for (r, p) in register.iter_mut().zip(pack(parity.iter().copied())) {
            *r ^= p;
        }
        register
    }
}

fn check(word: &[u16], expected: usize) -> Result<(), CodeError> {
    if word.len() != expected {
        return Err(CodeError::Length {
            expected,
            found: word.len(),
        });
    }
    // One pass without a branch first: words are nearly always sound.
    if word.iter().fold(0, |all, &s| all | s) < field::SIZE as u16 {
        return Ok(());
    }
    match word.iter().position(|&s| s >= field::SIZE as u16) {
        Some(at) => Err(CodeError::Symbol {
            at,
            found: word[at],
        }),
        None => Ok(()),
    }
}

/// Packs coefficients, highest first; places that are not filled stay zero.
fn pack(coefficients: impl Iterator<Item = u16>) -> Packed {
    let mut packed = [0; WORDS];
    for (i, c) in coefficients.enumerate().take(WORDS * PACKED) {
        packed[i / PACKED] |= u64::from(c) << (50 - 10 * (i % PACKED));
    }
    packed
}

/// The coefficient at place `i`, counted from the highest.
fn coefficient(packed: &Packed, i: usize) -> u16 {
    (packed[i / PACKED] >> (50 - 10 * (i % PACKED)) & 0x3FF) as u16
}

#[cfg(test)]
mod tests;
