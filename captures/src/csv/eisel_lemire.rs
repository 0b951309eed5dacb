//! Decimal numbers of many digits, exactly rounded.
//!
//! `m / 10^k` is `m * 2^-k * 5^-k`. With the first 128 bits of `5^-k` in a table, two
//! multiplications give an interval that the quotient lies in, far narrower than what a last
//! bit of `f64` is worth. Where all of the interval rounds to one number, that is the answer
//! (D. Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51,
//! 2021, after M. Eisel). Where it does not, as at an exact half, the caller asks the standard
//! library, which has the long way.

/// `5^54 < 2^126` leaves room to double a remainder in 128 bits.
const LARGEST: usize = 54;

/// `floor(2^(127 + bits) / 5^k)`, of 128 bits, and how many bits `5^k` has; for `k` from 1.
const INVERSES: [(u128, u32); LARGEST + 1] = inverses();

const fn inverses() -> [(u128, u32); LARGEST + 1] {
    let mut table = [(0, 0); LARGEST + 1];
    let (mut k, mut power) = (1, 5_u128);
    while k <= LARGEST {
        let bits = 128 - power.leading_zeros();
        // Long division, bit by bit; the first remainder is below the power, which is odd.
        let (mut quotient, mut remainder, mut step) = (0_u128, 1 << (bits - 1), 0);
        while step < 128 {
            remainder *= 2;
            quotient *= 2;
            if remainder >= power {
                remainder -= power;
                quotient += 1;
            }
            step += 1;
        }
        table[k] = (quotient, bits);
        power *= 5;
        k += 1;
    }
    table
}

/// `mantissa / 10^k` to the nearest `f64`; none where that takes longer.
#[inline]
pub(super) fn quotient(mantissa: u64, k: usize) -> Option<f64> {
    /// Bits below the 53 of a result.
    const BELOW: u32 = 75;
    const HALF: u128 = 1 << (BELOW - 1);
    let &(inverse, bits) = INVERSES.get(k)?;
    if mantissa == 0 || k == 0 {
        return None;
    }
    let left = mantissa.leading_zeros();
    let factor = u128::from(mantissa << left);
    // The first 128 of 192 bits. What is cut off here and from the inverse is less than one
    // each: the true product is in `product..product + 2`.
    let low = (factor * (inverse & u128::from(u64::MAX))) >> 64;
    let product = factor * (inverse >> 64) + low;
    let shift = product.leading_zeros();
    let product = product << shift;
    // At most one place was shifted, so that the interval has doubled at most.
    let rest = product & (2 * HALF - 1);
    if rest <= HALF && rest + 4 > HALF {
        return None;
    }
    // The first of the 53 bits adds one to the exponent, as does a carry out of them.
    let rounded = (product >> BELOW) as u64 + u64::from(rest > HALF);
    let exponent = 1086 - u64::from(shift + left + bits) - k as u64;
    Some(f64::from_bits((exponent << 52) + rounded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(mantissa: u64, k: usize) -> Option<f64> {
        let found = quotient(mantissa, k);
        if let Some(found) = found {
            let expected: f64 = format!("{mantissa}e-{k}").parse().unwrap();
            assert_eq!(found.to_bits(), expected.to_bits(), "{mantissa}e-{k}");
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8192))]

        #[test]
        fn prop_quotients_are_those_of_the_standard_library(
            mantissa in any::<u64>(),
            short_by in 0_u32..64,
            k in 0_usize..60,
        ) {
            check(mantissa >> short_by, k);
            check(mantissa, k);
        }

        #[test]
        fn prop_next_to_exact_halves_too(odd in 0_u64..1 << 52, k in 1_usize..5, off in -1_i64..2) {
            // A mantissa of 54 bits that ends with 1, times a power of five within 64 bits.
            let half = (1 << 53 | odd << 1 | 1_u64) * 5_u64.pow(k as u32);
            let found = check(half.wrapping_add_signed(off), k);
            prop_assert!(found.is_some() || off == 0);
        }
    }

    #[test]
    fn every_power_of_the_table_is_met_at_both_ends() {
        for k in 1..=LARGEST {
            for mantissa in [1, 3, (1 << 53) + 1, u64::MAX - 1, u64::MAX] {
                assert!(check(mantissa, k).is_some(), "{mantissa}e-{k}");
            }
        }
        assert_eq!(quotient(1, LARGEST + 1), None);
        assert_eq!(quotient(0, 3), None);
    }
}
