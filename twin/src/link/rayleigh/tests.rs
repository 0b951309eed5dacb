use rand::SeedableRng;

use super::*;

/// The closed form against the sum over all pairs of 2000 short pieces: 0.05 % of discretization.
#[test]
fn ref_the_level_is_the_sum_over_all_pairs() {
    for (length_m, loss_db_per_km) in [(2e3, 0.35), (20e3, 0.35), (20e3, 0.0), (80e3, 0.2)] {
        let fibre = Rayleigh {
            length: Metres(length_m),
            ..Rayleigh::default()
        };
        const PIECES: usize = 2000;
        let piece = length_m / PIECES as f64;
        let each = (fibre.backscatter_per_m() * piece).powi(2);
        let loss = 2.0 * attenuation_per_m(loss_db_per_km) * piece;
        let sum: f64 = (0..PIECES)
            .map(|apart| {
                // A piece pairs with itself for one half of its square.
                let pairs = if apart == 0 {
                    0.5 * PIECES as f64
                } else {
                    (PIECES - apart) as f64
                };
                each * pairs * (-loss * apart as f64).exp()
            })
            .sum();
        let found = fibre.level(loss_db_per_km).to_linear();
        assert!(
            (found / sum - 1.0).abs() < 2e-3,
            "{length_m}: {found} {sum}"
        );
    }
}

/// A long fibre sends back `b / (2 a)` of the light: near -32 dB at 1550 nm, a figure of every
/// textbook on reflectometry; from the double integral, whose slope over the length is its
/// square times `2 a`.
#[test]
fn ref_a_long_fibre_returns_near_minus_32_db() {
    let fibre = |length_m| Rayleigh {
        length: Metres(length_m),
        backscatter_1ns: Db(-82.0),
    };
    let [near, far] = [200e3, 300e3].map(|m| fibre(m).level(0.2).to_linear());
    let returned = ((far - near) / 100e3 / (2.0 * attenuation_per_m(0.2))).sqrt();
    let returned_db = 10.0 * returned.log10();
    assert!((returned_db + 32.0).abs() < 0.5, "{returned_db}");
}

/// 100 realisations of 256 scatterers: power within 4 x 0.6 %, aligned part within 4 x 0.9 %,
/// and the mean distance that the density has.
#[test]
fn ref_realisations_follow_the_density() {
    let fibre = Rayleigh::default();
    let (mut power, mut aligned, mut delay) = (0.0, 0.0, 0.0);
    for seed in 0..100 {
        let drawn = fibre.draw(0.35, Xoshiro256PlusPlus::seed_from_u64(seed));
        assert_eq!(drawn.len(), SCATTERERS);
        let truth = fibre.truth(0.35, &drawn);
        power += truth.level.to_linear() / 100.0;
        aligned += truth.aligned.to_linear() / 100.0;
        delay += drawn.iter().map(|s| s.delay_s).sum::<f64>() / 25_600.0;
    }
    let level = fibre.level(0.35).to_linear();
    assert!((power / level - 1.0).abs() < 0.024, "{power} {level}");
    assert!((aligned / level * 9.0 / 5.0 - 1.0).abs() < 0.035);
    // Mean of x under (L - x) e^(-c x), by a sum of 10,000 pieces.
    let c = 2.0 * attenuation_per_m(0.35);
    let (mut weight, mut moment) = (0.0, 0.0);
    for i in 0..10_000 {
        let x = f64::from(i) + 0.5;
        let density = (10e3 - x) * (-c * x).exp();
        weight += density;
        moment += density * x;
    }
    let expected = round_trip_s(moment / weight);
    // Strata leave 1/256 of a stratum's width: far below 0.1 %.
    assert!((delay / expected - 1.0).abs() < 1e-3, "{delay} {expected}");
}
