//! Error ratios of Gray-mapped PAM-4 in white Gaussian noise.
//!
//! With half the level spacing `d`, noise `sigma` and `x = d / sigma`, so that `SNR = 5 x^2`:
//!
//! ```text
//! SER = 3/2 Q(x)
//! BER = 3/4 Q(x) + 1/2 Q(3x) - 1/4 Q(5x)
//! ```
//!
//! *Assumes* evenly spaced levels that occur equally often, thresholds half way between them, and
//! the same noise at each. *Source:* counting the bits that differ between Gray-mapped levels;
//! Cho and Yoon, IEEE Trans. Commun. 50 (2002) 1074.

use crate::fec::rising_root;
use crate::measure::statistics::q;

/// Half level spacing over noise for an SNR in dB (variance of the levels over that of the noise).
fn spacing(snr_db: f64) -> f64 {
    (10f64.powf(snr_db / 10.0) / 5.0).sqrt()
}

/// Returns the symbol error ratio at an SNR in dB.
pub fn ser(snr_db: f64) -> f64 {
    1.5 * q(spacing(snr_db))
}

/// Returns the bit error ratio at an SNR in dB.
pub fn ber(snr_db: f64) -> f64 {
    let x = spacing(snr_db);
    0.75 * q(x) + 0.5 * q(3.0 * x) - 0.25 * q(5.0 * x)
}

/// Returns the SNR in dB that a bit error ratio needs; `None` outside 1e-300 to 0.45.
pub fn snr_db_for_ber(ratio: f64) -> Option<f64> {
    (1e-300..=0.45).contains(&ratio).then(|| {
        let target = ratio.ln();
        rising_root(-20.0, 40.0, |snr_db| target - ber(snr_db).ln())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// science.md section 2, printed to four digits.
    #[test]
    fn ref_ber_over_snr() {
        let table = [
            (14.0, 9.376e-3),
            (15.0, 4.465e-3),
            (16.0, 1.791e-3),
            (17.0, 5.795e-4),
            (18.0, 1.432e-4),
            (19.0, 2.522e-5),
            (20.0, 2.904e-6),
            (22.0, 6.755e-9),
        ];
        for (snr_db, expected) in table {
            let found = ber(snr_db);
            assert!((found / expected - 1.0).abs() < 5e-4, "{snr_db}: {found}");
            // Half the SER is the BER to four digits below 1e-2.
            assert!((0.5 * ser(snr_db) / found - 1.0).abs() < 1e-4, "{snr_db}");
        }
    }

    /// Acceptance row 6 and its neighbours, printed to 0.001 dB.
    #[test]
    fn ref_snr_for_a_ber() {
        let table = [
            (1e-2, 13.903),
            (3.8e-3, 15.193),
            (2e-3, 15.890),
            (1e-3, 16.543),
            (2.4e-4, 17.655),
            (1e-4, 18.225),
            (1e-6, 20.422),
            (1e-12, 23.885),
        ];
        for (ratio, expected_db) in table {
            let found_db = snr_db_for_ber(ratio).unwrap();
            assert!((found_db - expected_db).abs() < 6e-4, "{ratio}: {found_db}");
        }
        for impossible in [0.0, 0.5, f64::NAN, -1.0] {
            assert_eq!(snr_db_for_ber(impossible), None);
        }
    }
}
