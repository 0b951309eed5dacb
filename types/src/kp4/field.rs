//! GF(2^10) with the primitive polynomial x^10 + x^3 + 1.
//!
//! An element is a `u16` below 1024: bit `i` is the coefficient of `x^i`. Addition is exclusive
//! or. Products go through logarithms to the base `alpha = x`: `a b = alpha^(log a + log b)`.
//!
//! *Source:* IEEE 802.3 91.5.2.7.

/// Number of elements.
pub const SIZE: usize = 1024;
/// Order of the multiplicative group.
pub const ORDER: usize = SIZE - 1;
/// x^10 + x^3 + 1.
const POLYNOMIAL: u16 = 0x409;

/// `alpha^i`, twice round, so that a sum of two logarithms needs no reduction.
static POWERS: [u16; 2 * ORDER] = tables().0;
/// Logarithms of 1 to 1023; place 0 is not used.
static LOGARITHMS: [u16; SIZE] = tables().1;

const fn tables() -> ([u16; 2 * ORDER], [u16; SIZE]) {
    let mut powers = [0; 2 * ORDER];
    let mut logarithms = [0; SIZE];
    let mut element: u16 = 1;
    let mut i = 0;
    while i < ORDER {
        powers[i] = element;
        powers[i + ORDER] = element;
        logarithms[element as usize] = i as u16;
        element <<= 1;
        if element & 0x400 != 0 {
            element ^= POLYNOMIAL;
        }
        i += 1;
    }
    (powers, logarithms)
}

/// Returns `alpha^exponent`.
pub fn power(exponent: usize) -> u16 {
    POWERS[exponent % ORDER]
}

/// Returns the logarithm of an element to the base alpha, or `None` for zero.
///
/// Only the ten lowest bits count.
pub fn logarithm(element: u16) -> Option<usize> {
    let element = usize::from(element) % SIZE;
    (element != 0).then(|| usize::from(LOGARITHMS[element]))
}

/// Returns the product of two elements; only their ten lowest bits count.
pub fn multiply(a: u16, b: u16) -> u16 {
    match (logarithm(a), logarithm(b)) {
        (Some(a), Some(b)) => POWERS[a + b],
        _ => 0,
    }
}

/// Returns `a / b`, or `None` when `b` is zero.
pub fn divide(a: u16, b: u16) -> Option<u16> {
    let b = logarithm(b)?;
    Some(logarithm(a).map_or(0, |a| POWERS[a + ORDER - b]))
}

/// Evaluates a polynomial, lowest coefficient first, at `alpha^exponent`.
pub fn evaluate(polynomial: &[u16], exponent: usize) -> u16 {
    let step = exponent % ORDER;
    let (mut sum, mut at) = (0, 0);
    for &coefficient in polynomial {
        if let Some(log) = logarithm(coefficient) {
            sum ^= POWERS[log + at];
        }
        at += step;
        if at >= ORDER {
            at -= ORDER;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Carry-less product reduced by the polynomial: the definition, bit by bit.
    fn schoolbook(a: u16, b: u16) -> u16 {
        let mut product = (0..10)
            .filter(|i| b >> i & 1 == 1)
            .fold(0u32, |sum, i| sum ^ u32::from(a) << i);
        for bit in (10..20).rev() {
            if product >> bit & 1 == 1 {
                product ^= u32::from(POLYNOMIAL) << (bit - 10);
            }
        }
        product as u16
    }

    #[test]
    fn ref_products_are_those_of_polynomials() {
        for a in 0..1024 {
            for b in (0..1024).step_by(7).chain([1, 2, 1023]) {
                assert_eq!(multiply(a, b), schoolbook(a, b), "{a} {b}");
            }
        }
    }

    #[test]
    fn every_element_but_zero_is_a_power_and_has_an_inverse() {
        let mut met = [false; SIZE];
        for i in 0..ORDER {
            met[usize::from(power(i))] = true;
            assert_eq!(logarithm(power(i)), Some(i));
            let inverse = divide(1, power(i)).unwrap();
            assert_eq!(multiply(inverse, power(i)), 1);
        }
        assert!(!met[0] && met[1..].iter().all(|&m| m));
        assert_eq!(divide(5, 0), None);
        assert_eq!(divide(0, 5), Some(0));
    }

    #[test]
    fn evaluation_is_horner() {
        let polynomial = [7, 0, 1000, 3, 512];
        for exponent in [0, 1, 5, 1022, 1023, 5000] {
            let x = power(exponent);
            let horner = polynomial.iter().rev().fold(0, |s, &c| multiply(s, x) ^ c);
            assert_eq!(evaluate(&polynomial, exponent), horner);
        }
    }
}
