//! A cliff detector: a capture of 2^17 symbols at 4 samples a symbol, with everything on.

use std::time::{Duration, Instant};

use etalon_twin::link::{Adc, Fibre, LinkConfig, Rayleigh, Reflection, simulate};
use etalon_types::units::{Hertz, Metres};

/// Takes about 0.1 s on a busy shared core; the limit is ten times that, so that only a
/// change of order (a transform of prime length, a lost vectorization) trips it.
#[test]
fn a_full_simulation_stays_fast() {
    let config = LinkConfig {
        reflections: vec![Reflection::default()],
        linewidth: Hertz(1e7),
        tx_bandwidth: Some(Hertz(20e9)),
        rx_bandwidth: Some(Hertz(13.28125e9)),
        rin_db_per_hz: Some(-140.0),
        adc: Some(Adc::default()),
        ..LinkConfig::default()
    };
    assert_eq!((config.symbols, config.samples_per_symbol), (1 << 17, 4));
    let plain = LinkConfig::default();
    let best = |config: &LinkConfig| {
        (0..5)
            .map(|_| {
                let start = Instant::now();
                simulate(config).expect("a valid configuration");
                start.elapsed()
            })
            .min()
            .expect("five runs")
    };
    let (full, plain) = (best(&config), best(&plain));
    println!("full {full:?}, noise alone {plain:?}");
    assert!(full < Duration::from_secs(1), "{full:?}");
}

/// 256 scatterers over 2^18 samples: about 0.4 s on a busy shared core. The limit is ten times
/// that.
#[test]
fn scattering_glass_stays_fast() {
    let config = LinkConfig {
        fibre: Fibre {
            rayleigh: Some(Rayleigh {
                length: Metres(1e3),
                ..Rayleigh::default()
            }),
            ..Fibre::default()
        },
        symbols: 1 << 16,
        ..LinkConfig::default()
    };
    let best = (0..3)
        .map(|_| {
            let start = Instant::now();
            simulate(&config).expect("a valid configuration");
            start.elapsed()
        })
        .min()
        .expect("three runs");
    println!("scattering {best:?}");
    assert!(best < Duration::from_secs(4), "{best:?}");
}
