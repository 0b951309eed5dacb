//! A cliff detector: a capture of 2^17 symbols at 4 samples a symbol, with everything on.

use std::time::{Duration, Instant};

use etalon_twin::link::{Adc, LinkConfig, Reflection, simulate};
use etalon_types::units::Hertz;

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
