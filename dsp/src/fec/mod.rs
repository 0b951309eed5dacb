//! Theory of error correction: what a pre-FEC error ratio means for codewords.
//!
//! | file | answers |
//! |---|---|
//! | [`pam4_noise`] | error ratios of Gray-mapped PAM-4 in white noise, and the SNR they need |
//! | [`independent`] | codeword error ratio for errors without memory |
//! | [`burst_chain`] | the same for errors that come in bursts, exactly, with precoding and interleaving |
//!
//! What is *measured* is in [`crate::measure::frame_errors`]; it extrapolates with the chain.
//! The code itself, encoder and decoder, is [`etalon_types::kp4`].
//!
//! ```
//! use etalon_dsp::fec::{burst_chain::{BurstChain, Scheme}, independent};
//! use etalon_types::kp4::Code;
//!
//! // The threshold of KP4, and how much more a feedback equalizer's bursts cost at the same BER.
//! let alone = independent::codeword_error_ratio(Code::KP4, 2.4e-4);
//! assert!((alone / 8.152e-13 - 1.0).abs() < 0.005);
//! let bursts = BurstChain::new(4.8e-4, 0.5).unwrap().codeword_error_ratio(Scheme::KP4_PAM4);
//! assert!(bursts > 80.0 * alone);
//! ```

pub mod burst_chain;
pub mod independent;
pub mod pam4_noise;

/// Solves `f(x) = 0` for a function that rises through zero between `low` and `high`, by
/// bisection to the last bits.
fn rising_root(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if f(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}
