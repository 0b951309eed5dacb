//! Reflecting connectors: what pairs of them make.

use etalon_types::units::Metres;

use super::*;
use crate::link::theory;
use crate::link::{Between, Fibre, Polarization, Rayleigh, Reflector};

fn connectors(return_loss_db: f64, positions_m: &[f64], loss_db_per_km: f64) -> Fibre {
    let reflectors = positions_m.iter().map(|&m| Reflector {
        position: Metres(m),
        return_loss: Db(return_loss_db),
    });
    Fibre {
        reflectors: reflectors.collect(),
        loss_db_per_km,
        polarization: Polarization::Aligned,
        rayleigh: None,
    }
}

/// `N (N - 1) / 2` equal pairs without loss: the published sums, printed to 0.1 dB.
#[test]
fn ref_the_sum_over_all_pairs() {
    for (count, return_loss_db, expected_db) in
        [(4, 26.0, -44.2), (4, 35.0, -62.2), (6, 35.0, -58.2)]
    {
        let positions: Vec<f64> = (0..count).map(|i| f64::from(i * i) + 1.0).collect();
        let config = LinkConfig {
            fibre: connectors(return_loss_db, &positions, 0.0),
            ..clean(10)
        };
        let truth = run(&config).truth;
        assert_eq!(truth.paths.len() as i32, count * (count - 1) / 2);
        let found = truth.mpi.unwrap().0;
        assert!((found - expected_db).abs() < 0.05, "{count}: {found} dB");
    }
}

/// Delay and loss of one pair by hand: 1.5 km apart, 0.35 dB/km there and back.
#[test]
fn ref_delay_and_loss_of_a_pair() {
    let mut fibre = connectors(30.0, &[2000.0, 500.0], 0.35);
    fibre.reflectors[0].return_loss = Db(24.0);
    let pairs = fibre.pairs();
    assert_eq!(pairs.len(), 1);
    // The nearer one is the second in the list.
    assert_eq!(pairs[0].between, Between { near: 1, far: 0 });
    let path = &pairs[0].reflection;
    assert!((path.level.0 + 54.0 + 1.05).abs() < 1e-12, "{}", path.level);
    // 3 km at c / 1.468.
    let delay_s = 3000.0 * 1.468 / 299_792_458.0;
    assert_close("delay", path.delay.0, delay_s, 1e-12);
}

/// The fibre's pairs and the same paths given by level and delay make the same samples.
#[test]
fn pairs_are_paths() {
    let fibre = connectors(15.0, &[0.0, 3.0, 8.0], 0.35);
    let with_fibre = LinkConfig {
        linewidth: Hertz(1e6),
        fibre: fibre.clone(),
        ..clean(2000)
    };
    let given = LinkConfig {
        fibre: Fibre::default(),
        reflections: fibre.pairs().into_iter().map(|p| p.reflection).collect(),
        ..with_fibre.clone()
    };
    let (a, b) = (run(&with_fibre), run(&given));
    assert_eq!(a.waveform, b.waveform);
    let between: Vec<_> = a.truth.paths.iter().map(|path| path.between).collect();
    let expected = [[0, 1], [0, 2], [1, 2]].map(|[near, far]| Some(Between { near, far }));
    assert_eq!(between, expected);
    assert!(b.truth.paths.iter().all(|path| path.between.is_none()));
}

/// Rayleigh backscatter of a constant carrier: its 256 weak paths beat as one of the same aligned
/// power would, `2 P^2 m` for all delays far beyond the coherence time.
///
/// A line of 200 MHz over 2^20 ns has 1.3e6 coherence angles: standard error 0.2 %; of 2 km 1 % of
/// the pairs are closer than the coherence time, and beat less.
#[test]
fn ref_scattered_light_beats_like_one_path_of_its_aligned_power() {
    let config = LinkConfig {
        linewidth: Hertz(200e6),
        fibre: Fibre {
            rayleigh: Some(Rayleigh {
                length: Metres(2e3),
                backscatter_1ns: Db(-60.0),
            }),
            ..Fibre::default()
        },
        ..carrier(1 << 20, 1e9)
    };
    let simulated = run(&config);
    let truth = &simulated.truth;
    let drawn = truth.rayleigh.unwrap();
    assert_eq!(truth.mpi, Some(drawn.level));
    assert!(drawn.longest_delay.0 > 15e-6 && drawn.longest_delay.0 < 19.6e-6);
    let level = truth.levels_w[1];
    let (mean, variance) = moments(watts(&simulated).into_iter());
    let expected = theory::level_variance(level, level, drawn.aligned);
    assert_close("variance", variance, expected, 0.03);
    assert_close("mean", mean, level * (1.0 + drawn.level.to_linear()), 1e-3);
}

/// 256 paths of random phase are Gaussian: kurtosis 3, where one path has 1.5.
///
/// Over 2^20 ns at 200 MHz some 600,000 independent values: standard error of the kurtosis
/// sqrt(24 / 6e5) = 0.006; the weights of the drawn paths leave 1.5 x 2 / 256 = 0.012 below 3.
#[test]
fn ref_scattered_light_is_gaussian() {
    let config = LinkConfig {
        linewidth: Hertz(200e6),
        fibre: Fibre {
            rayleigh: Some(Rayleigh {
                length: Metres(2e3),
                backscatter_1ns: Db(-60.0),
            }),
            ..Fibre::default()
        },
        ..carrier(1 << 20, 1e9)
    };
    let samples = watts(&run(&config));
    let (mean, variance) = moments(samples.iter().copied());
    let fourth = samples.iter().map(|x| (x - mean).powi(4)).sum::<f64>() / samples.len() as f64;
    let kurtosis = fourth / variance / variance;
    assert!((kurtosis - 3.0).abs() < 0.05, "{kurtosis}");
}
