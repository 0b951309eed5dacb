//! KP4 and its relatives: the Reed-Solomon codes behind PAM-4 links, forwards and backwards.
//!
//! | file | holds |
//! |---|---|
//! | [`field`] | arithmetic in GF(2^10) |
//! | [`reed_solomon`] | RS(544,514) and RS(528,514): systematic encoder, bounded-distance decoder |
//! | [`precoder`] | 1/(1+D) mod 4 and its inverse |
//! | [`framing`] | code symbols to PAM-4 or NRZ symbols and back, interleaving of codewords |
//!
//! RS(544,514) ("KP4") corrects 15 wrong 10-bit symbols a codeword, RS(528,514) ("KR4") 7. What
//! a link sends is: codewords, interleaved symbol by symbol ([`framing::interleave`]), spread
//! into PAM-4 symbols by the Gray map ([`framing::to_line`]), precoded ([`precoder::precode`]).
//! A receiver undoes the four in the opposite order.
//!
//! *Source:* IEEE 802.3 91.5.2.7 (code and generator polynomials), 120.5.7 (Gray map and
//! precoding). Left out, because the error statistics do not depend on them: scrambling,
//! transcoding, alignment markers, the distribution over lanes and the bit multiplexing of lanes.
//!
//! ```
//! use etalon_types::Modulation;
//! use etalon_types::kp4::{Code, Decoded, ReedSolomon, framing, precoder};
//!
//! let code = ReedSolomon::new(Code::KP4);
//! let message: Vec<u16> = (0..514).collect();
//! let codeword = code.encode(&message)?;
//! let mut line = framing::to_line(&codeword, Modulation::Pam4);
//! precoder::precode(&mut line, Modulation::Pam4);
//!
//! // A burst of 40 wrong slicer decisions, each one level off to alternate sides.
//! for k in 100..140 {
//!     line[k] = (line[k] + if k % 2 == 0 { 1 } else { 3 }) % 4;
//! }
//! precoder::decode(&mut line, Modulation::Pam4);
//! let mut received = framing::from_line(&line, Modulation::Pam4);
//! // Behind the precoder's decoder only its two ends are left.
//! assert_eq!(code.decode(&mut received)?, Decoded::Corrected(2));
//! assert_eq!(received[..514], message[..]);
//! # Ok::<(), etalon_types::kp4::CodeError>(())
//! ```

pub mod field;
pub mod framing;
pub mod precoder;
pub mod reed_solomon;

pub use precoder::Precoding;
pub use reed_solomon::{CodeError, Decoded, ReedSolomon};

/// Bits of a code symbol.
pub const BITS_PER_CODE_SYMBOL: usize = 10;

/// Lengths of a Reed-Solomon code over GF(2^10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    n: usize,
    t: usize,
}

impl Code {
    /// RS(544,514): corrects 15 code symbols. *Source:* IEEE 802.3 91.5.2.7.
    pub const KP4: Self = Self { n: 544, t: 15 };
    /// RS(528,514): corrects 7 code symbols. *Source:* IEEE 802.3 91.5.2.7.
    pub const KR4: Self = Self { n: 528, t: 7 };

    /// Returns the code symbols of a codeword.
    pub const fn n(self) -> usize {
        self.n
    }

    /// Returns the code symbols of a message.
    pub const fn k(self) -> usize {
        self.n - 2 * self.t
    }

    /// Returns how many wrong code symbols can be corrected.
    pub const fn t(self) -> usize {
        self.t
    }
}
