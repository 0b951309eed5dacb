//! Codeword error ratio for independent bit errors.
//!
//! ```text
//! p   = 1 - (1 - BER)^10                            a code symbol is wrong
//! CER = sum over k > t of C(n,k) p^k (1-p)^(n-k)    more than t of n are
//! ```
//!
//! The terms are summed as logarithms, from the largest: `1 - (sum up to t)` would be 0 below
//! 1e-16. *Assumes* a bounded-distance decoder that leaves what it cannot correct, bit errors
//! without memory. *Breaks* on bursts: there [`super::burst_chain`] is the answer.

use etalon_types::kp4::{BITS_PER_CODE_SYMBOL, Code};

use crate::fec::rising_root;

/// Returns the share of wrong code symbols (10 bits) at a bit error ratio.
pub fn code_symbol_error_ratio(ber: f64) -> f64 {
    -(BITS_PER_CODE_SYMBOL as f64 * (-ber).ln_1p()).exp_m1()
}

/// Returns the natural logarithm of the codeword error ratio at a bit error ratio; minus infinity
/// at zero.
///
/// It reaches where the ratio itself is too small for an `f64`.
pub fn ln_codeword_error_ratio(code: Code, ber: f64) -> f64 {
    let terms = failing_terms(code, code_symbol_error_ratio(ber));
    ln_sum(terms.iter().map(|&(_, ln)| ln))
}

/// Returns the share of codewords with more than t wrong symbols at a bit error ratio.
pub fn codeword_error_ratio(code: Code, ber: f64) -> f64 {
    ln_codeword_error_ratio(code, ber).exp()
}

/// Returns the bit error ratio behind the decoder: the wrong symbols of the codewords that could
/// not be corrected, ten bits each that err independently.
pub fn post_fec_ber(code: Code, ber: f64) -> f64 {
    let n = code.n() as f64;
    let terms = failing_terms(code, code_symbol_error_ratio(ber));
    let symbols = ln_sum(terms.iter().map(|&(k, ln)| ln + (k as f64 / n).ln())).exp();
    -((-symbols).ln_1p() / BITS_PER_CODE_SYMBOL as f64).exp_m1()
}

/// Returns the bit error ratio before the decoder that gives a codeword error ratio; `None`
/// outside 1e-300 to 0.5.
pub fn ber_for_codeword_error_ratio(code: Code, ratio: f64) -> Option<f64> {
    (1e-300..=0.5).contains(&ratio).then(|| {
        let target = ratio.ln();
        rising_root(-40.0, -1.0, |ln_ber| {
            ln_codeword_error_ratio(code, ln_ber.exp()) - target
        })
        .exp()
    })
}

/// Returns the loss ratio of 64-octet frames for a codeword error ratio with `interleave`
/// codewords side by side.
///
/// A codeword carries 8 such frames with their gaps, and one reaches into the next; a frame
/// is spread over all codewords of a round: `m CER (1 + 8 m) / (8 m)`. *Source:* the frame-loss
/// figures of IEEE 802.3 (9.2e-13 for one codeword, 1.7e-12 for two) follow from it.
pub fn frame_loss_ratio(codeword_error_ratio: f64, interleave: usize) -> f64 {
    let m = interleave.max(1) as f64;
    codeword_error_ratio * (1.0 + 8.0 * m) / 8.0
}

/// (k, ln probability) of k wrong symbols, for all k beyond t.
fn failing_terms(code: Code, p: f64) -> Vec<(usize, f64)> {
    let ln_factorial = |k: usize| libm::lgamma(k as f64 + 1.0);
    let n = code.n();
    (code.t() + 1..=n)
        .map(|k| {
            let choose = ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
            let right = if k == n {
                0.0
            } else {
                (n - k) as f64 * (-p).ln_1p()
            };
            (k, choose + k as f64 * p.ln() + right)
        })
        .collect()
}

/// The logarithm of a sum of exponentials, without overflow.
fn ln_sum(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + terms.map(|t| (t - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Acceptance row 9 and the table of science.md section 2, printed to four digits.
    #[test]
    fn ref_kp4_codeword_error_ratios() {
        let table = [
            (1e-3, 1.530e-4),
            (5e-4, 2.793e-8),
            (4e-4, 1.296e-9),
            (3.2e-4, 5.445e-11),
            (2.4e-4, 8.152e-13),
            (2.2e-4, 2.240e-13),
            (2e-4, 5.390e-14),
            (1e-4, 1.360e-18),
        ];
        for (ber, expected) in table {
            let found = codeword_error_ratio(Code::KP4, ber);
            assert!((found / expected - 1.0).abs() < 1e-3, "{ber}: {found}");
            let back = ber_for_codeword_error_ratio(Code::KP4, found).unwrap();
            assert!((back / ber - 1.0).abs() < 1e-9, "{ber}: {back}");
        }
    }

    /// science.md section 2, printed to three digits.
    #[test]
    fn ref_kr4_codeword_error_ratios() {
        for (ber, expected) in [(1e-4, 8.93e-8), (5e-5, 4.40e-10), (2.1e-5, 4.87e-13)] {
            let found = codeword_error_ratio(Code::KR4, ber);
            assert!((found / expected - 1.0).abs() < 5e-3, "{ber}: {found}");
        }
    }

    /// science.md section 2: the pre-FEC ratios of three post-FEC ones, printed to three digits;
    /// a post-FEC ratio goes with the 17th (9th) power, so 0.3 % before are 5 % behind.
    #[test]
    fn ref_post_fec_ber() {
        let table = [
            (Code::KP4, 2.27e-4, 1e-15),
            (Code::KP4, 3.10e-4, 1e-13),
            (Code::KR4, 5.27e-5, 1e-12),
        ];
        for (code, ber, expected) in table {
            let found = post_fec_ber(code, ber);
            assert!((found / expected - 1.0).abs() < 0.06, "{ber}: {found}");
        }
    }

    /// The frame-loss figures of IEEE 802.3 at 2.4e-4, printed to two digits.
    #[test]
    fn ref_frame_loss_ratios_of_the_standard() {
        let ratio = codeword_error_ratio(Code::KP4, 2.4e-4);
        for (interleave, expected) in [(1, 9.17e-13), (2, 1.73e-12)] {
            let found = frame_loss_ratio(ratio, interleave);
            assert!(
                (found / expected - 1.0).abs() < 5e-3,
                "{interleave}: {found}"
            );
        }
    }

    #[test]
    fn the_tail_goes_on_where_a_double_ends() {
        let ln = ln_codeword_error_ratio(Code::KP4, 1e-30);
        // 16 wrong symbols of 544: C(544,16) (1e-29)^16.
        let choose: f64 = (0..16)
            .map(|i| ((544 - i) as f64 / (i + 1) as f64).ln())
            .sum();
        assert!(
            (ln - (choose - 16.0 * 29.0 * 10f64.ln())).abs() < 1e-6,
            "{ln}"
        );
        assert_eq!(codeword_error_ratio(Code::KP4, 0.0), 0.0);
        assert!((codeword_error_ratio(Code::KP4, 0.5) - 1.0).abs() < 1e-9);
    }
}
