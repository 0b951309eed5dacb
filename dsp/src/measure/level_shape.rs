//! The shape of each level: mean, width, skewness, with their standard errors.
//!
//! ```text
//! mean = sum x / n,   sigma^2 = sum (x - mean)^2 / (n - 1),   skewness = m3 / m2^(3/2)
//! ```
//!
//! A Gaussian level has mean and sigma for its fit, which is also the likeliest one, and no
//! skewness: that has a standard error of `sqrt(6 / n)` then. Interference from a reflection or a
//! compressed modulator leans the outer levels; noise does not.
//!
//! *Source:* moments as in Kendall and Stuart, The Advanced Theory of Statistics, volume 1,
//! chapter 12. *Breaks* when symbols are decided rather than known and the eye is not open: what
//! crossed a threshold is missing from its level, which narrows and leans it.

use etalon_types::report::LevelShape;

/// Takes the shape of every level that has at least three samples.
///
/// # Shapes
/// `samples` one a symbol, at the eye's centre; `symbols` as many, below `levels`. `None` stands
/// for a level with fewer than three samples or without any width.
pub fn level_shapes(samples: &[f32], symbols: &[u8], levels: usize) -> Vec<Option<LevelShape>> {
    let of = |level: usize| {
        samples
            .iter()
            .zip(symbols)
            .filter(move |(_, s)| usize::from(**s) == level)
            .map(|(&x, _)| f64::from(x))
    };
    (0..levels)
        .map(|level| {
            let n = of(level).count();
            if n < 3 {
                return None;
            }
            let count = n as f64;
            let mean = of(level).sum::<f64>() / count;
            let moment = |power: i32| of(level).map(|x| (x - mean).powi(power)).sum::<f64>();
            let (m2, m3) = (moment(2) / count, moment(3) / count);
            (m2 > 0.0).then(|| LevelShape {
                mean,
                sigma: (m2 * count / (count - 1.0)).sqrt(),
                skewness: m3 / (m2 * m2.sqrt()),
                skewness_error: (6.0 / count).sqrt(),
                count: n as u64,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::{Noise, symbols};

    /// Gaussian levels have none, squares of Gaussians (chi-squared with one degree of freedom)
    /// have sqrt(8). 16 000 samples a level: five standard errors of mean, sigma and skewness; the
    /// skewness of the latter scatters by 0.25 (its sixth moment), of which three.
    #[test]
    fn ref_moments_of_known_distributions() {
        let sent = symbols(1, 64_000, 4);
        let mut noise = Noise::new(2);
        let samples: Vec<f32> = sent
            .iter()
            .map(|&s| {
                let x = noise.normal();
                let lean = if s == 3 { x * x } else { x };
                (f64::from(s) + 0.1 * lean) as f32
            })
            .collect();
        let shapes = level_shapes(&samples, &sent, 4);
        for (level, shape) in shapes.iter().enumerate() {
            let shape = shape.unwrap();
            let root = (shape.count as f64).sqrt();
            assert!((shape.count as f64 - 16_000.0).abs() < 600.0);
            let (mean, sigma, skewness, scatter) = if level == 3 {
                (3.1, 0.1 * 2f64.sqrt(), 8f64.sqrt(), 0.75)
            } else {
                (level as f64, 0.1, 0.0, 5.0 * shape.skewness_error)
            };
            assert!((shape.mean - mean).abs() < 5.0 * sigma / root, "{shape:?}");
            assert!(
                (shape.sigma - sigma).abs() < 12.0 * sigma / root,
                "{shape:?}"
            );
            assert!((shape.skewness - skewness).abs() < scatter, "{shape:?}");
        }
    }

    #[test]
    fn levels_without_samples_or_width_have_no_shape() {
        let shapes = level_shapes(&[1.0, 1.0, 1.0, 0.0], &[1, 1, 1, 0], 3);
        assert_eq!(shapes, [None, None, None]);
    }
}
