//! Configurations that describe no link.

use etalon_types::PatternName;
use etalon_types::units::{Dbm, Metres, Seconds};

use super::*;
use crate::Error;
use crate::link::{
    AcCoupling, Adc, Baseline, Echo, Fibre, Jitter, LowFrequencyRin, Nuisances, Polarization,
    Rayleigh, Reflection, Tone, ToneOn,
};

#[test]
fn impossible_configurations_are_refused_by_name() {
    let refused = |config: LinkConfig| match simulate(&config) {
        Err(Error::OutOfRange { quantity, .. }) => quantity,
        other => panic!("expected a refusal, found {:?}", other.map(|s| s.truth)),
    };
    let base = || clean(100);
    let nan = f64::NAN;
    assert_eq!(
        refused(LinkConfig {
            symbols: 0,
            ..base()
        }),
        "symbols"
    );
    assert_eq!(
        refused(LinkConfig {
            samples_per_symbol: 0,
            ..base()
        }),
        "samples_per_symbol"
    );
    assert_eq!(
        refused(LinkConfig {
            baud: Baud(nan),
            ..base()
        }),
        "baud"
    );
    assert_eq!(
        refused(LinkConfig {
            rop: Dbm(nan),
            ..base()
        }),
        "rop"
    );
    assert_eq!(
        refused(LinkConfig {
            linewidth: Hertz(-1.0),
            ..base()
        }),
        "linewidth"
    );
    assert_eq!(
        refused(LinkConfig {
            extinction_ratio: Db(0.0),
            ..base()
        }),
        "extinction_ratio"
    );
    assert_eq!(
        refused(LinkConfig {
            levels: Some(vec![0.0, 2.0, 1.0, 3.0]),
            ..base()
        }),
        "levels"
    );
    assert_eq!(
        refused(LinkConfig {
            levels: Some(vec![0.0, nan, 1.0, 3.0]),
            ..base()
        }),
        "levels"
    );
    assert_eq!(
        refused(LinkConfig {
            tx_bandwidth: Some(Hertz(0.0)),
            ..base()
        }),
        "tx_bandwidth"
    );
    assert_eq!(
        refused(LinkConfig {
            rx_bandwidth: Some(Hertz(nan)),
            ..base()
        }),
        "rx_bandwidth"
    );
    assert_eq!(
        refused(LinkConfig {
            rin_db_per_hz: Some(nan),
            ..base()
        }),
        "rin_db_per_hz"
    );
    assert_eq!(
        refused(LinkConfig {
            noise: snr(nan),
            ..base()
        }),
        "noise.snr"
    );
    assert_eq!(
        refused(LinkConfig {
            clock_offset_ppm: 2e4,
            ..base()
        }),
        "clock_offset_ppm"
    );
    // Finite, but infinite watts.
    assert_eq!(
        refused(LinkConfig {
            rop: Dbm(1e5),
            ..base()
        }),
        "rop"
    );
    assert_eq!(
        refused(LinkConfig {
            extinction_ratio: Db(1e4),
            ..base()
        }),
        "extinction_ratio"
    );
    let adc = |adc: Adc| LinkConfig {
        adc: Some(adc),
        ..base()
    };
    assert_eq!(
        refused(adc(Adc {
            bits: 17,
            ..Adc::default()
        })),
        "adc.bits"
    );
    assert_eq!(
        refused(adc(Adc {
            enob: Some(9.0),
            ..Adc::default()
        })),
        "adc.enob"
    );
    assert_eq!(
        refused(adc(Adc {
            clip: 0.0,
            ..Adc::default()
        })),
        "adc.clip"
    );
    let path = |path: Reflection| LinkConfig {
        reflections: vec![path],
        ..base()
    };
    let reflection = Reflection::default;
    assert_eq!(
        refused(path(Reflection {
            delay: Seconds(-1e-9),
            ..reflection()
        })),
        "reflections.delay"
    );
    assert_eq!(
        refused(path(Reflection {
            polarization: Polarization::Overlap(1.1),
            ..reflection()
        })),
        "reflections.polarization"
    );
    let source = SymbolSource::Pattern {
        name: PatternName::Prbs(8),
    };
    assert_eq!(refused(LinkConfig { source, ..base() }), "source.name");
}

#[test]
fn impossible_nuisances_are_refused_by_name() {
    let refused = |nuisances: Nuisances| match simulate(&LinkConfig {
        nuisances,
        ..clean(100)
    }) {
        Err(Error::OutOfRange { quantity, .. }) => quantity,
        other => panic!("expected a refusal, found {:?}", other.map(|s| s.truth)),
    };
    let tone = |frequency_hz, amplitude, phase_rad| Nuisances {
        tones: vec![Tone {
            frequency: Hertz(frequency_hz),
            amplitude,
            on: ToneOn::Offset,
            phase_rad,
        }],
        ..Nuisances::default()
    };
    let none = Nuisances::default;
    let nan = f64::NAN;
    let coupling = |corner_hz| AcCoupling {
        corner: Hertz(corner_hz),
        baseline: Baseline::Removed,
    };
    let echo = |delay_s, amplitude| Nuisances {
        echoes: vec![Echo {
            delay: Seconds(delay_s),
            amplitude,
        }],
        ..none()
    };
    let cases = [
        (tone(-1.0, 0.1, 0.0), "nuisances.tones.frequency"),
        (tone(1e6, nan, 0.0), "nuisances.tones.amplitude"),
        (tone(1e6, 0.1, nan), "nuisances.tones.phase_rad"),
        (
            Nuisances {
                offset_ramp: Some(nan),
                ..none()
            },
            "nuisances.offset_ramp",
        ),
        (
            Nuisances {
                gain_ramp: Some(-1.1),
                ..none()
            },
            "nuisances.gain_ramp",
        ),
        (
            Nuisances {
                ac_coupling: Some(coupling(0.0)),
                ..none()
            },
            "nuisances.ac_coupling.corner",
        ),
        (echo(-1e-9, 0.1), "nuisances.echoes.delay"),
        (echo(1e-9, 1.5), "nuisances.echoes.amplitude"),
        (
            Nuisances {
                saturation: Some(0.3),
                ..none()
            },
            "nuisances.saturation",
        ),
    ];
    for (nuisances, quantity) in cases {
        assert_eq!(refused(nuisances), quantity);
    }
}

#[test]
fn impossible_fibres_and_wanderers_are_refused_by_name() {
    let refused = |config: LinkConfig| match simulate(&config) {
        Err(Error::OutOfRange { quantity, .. }) => quantity,
        other => panic!("expected a refusal, found {:?}", other.map(|s| s.truth)),
    };
    let fibre = |change: fn(&mut Fibre)| {
        let mut config = clean(100);
        config.fibre.reflectors = [0.0, 2.0].map(connector).to_vec();
        change(&mut config.fibre);
        config
    };
    let position = "fibre.reflectors.position";
    assert_eq!(
        refused(fibre(|f| f.reflectors[0].position = Metres(f64::NAN))),
        position
    );
    assert_eq!(
        refused(fibre(|f| f.reflectors[0].position = Metres(2.0))),
        position
    );
    assert_eq!(
        refused(fibre(|f| f.reflectors[1].return_loss = Db(-26.0))),
        "fibre.reflectors.return_loss"
    );
    assert_eq!(
        refused(fibre(|f| f.loss_db_per_km = -0.1)),
        "fibre.loss_db_per_km"
    );
    assert_eq!(
        refused(fibre(|f| f.polarization = Polarization::Overlap(2.0))),
        "fibre.polarization"
    );
    assert_eq!(
        refused(fibre(
            |f| f.reflectors = (0..33).map(|m| connector(f64::from(m))).collect()
        )),
        "fibre.reflectors"
    );
    let rayleigh = |length_m, backscatter_db| {
        let mut config = clean(100);
        config.fibre.rayleigh = Some(Rayleigh {
            length: Metres(length_m),
            backscatter_1ns: Db(backscatter_db),
        });
        refused(config)
    };
    assert_eq!(rayleigh(0.0, -77.0), "fibre.rayleigh.length");
    assert_eq!(rayleigh(1e3, f64::NAN), "fibre.rayleigh.backscatter_1ns");
    let jitter = |rms_s, corner_hz: f64| LinkConfig {
        jitter: Some(Jitter {
            rms: Seconds(rms_s),
            corner: Some(Hertz(corner_hz)),
        }),
        ..clean(100)
    };
    assert_eq!(refused(jitter(1.0, 1e6)), "jitter.rms");
    assert_eq!(refused(jitter(1e-12, -1.0)), "jitter.corner");
    let rin = |rms, corner_hz: f64| LinkConfig {
        low_frequency_rin: Some(LowFrequencyRin {
            rms,
            corner: Hertz(corner_hz),
        }),
        ..clean(100)
    };
    // 1e14 Hz/W at 1 mW, chirp 3: 11 GHz at the highest level, of 26.6 GS/s.
    let chirped = |adiabatic_chirp_hz_per_w, launch_dbm| LinkConfig {
        chirp: 3.0,
        adiabatic_chirp_hz_per_w,
        launch: Dbm(launch_dbm),
        ..clean(100)
    };
    let adiabatic = "adiabatic_chirp_hz_per_w";
    assert_eq!(refused(chirped(1e14, 0.0)), adiabatic);
    assert_eq!(refused(chirped(f64::NAN, 0.0)), adiabatic);
    assert_eq!(refused(chirped(1e12, f64::NAN)), "launch");
    assert!(simulate(&chirped(1e14, -10.0)).is_ok());
    let scrambled = LinkConfig {
        scrambling_rate: Hertz(-1.0),
        ..clean(100)
    };
    assert_eq!(refused(scrambled), "scrambling_rate");
    assert_eq!(refused(rin(-0.1, 1e6)), "low_frequency_rin.rms");
    assert_eq!(refused(rin(0.1, f64::NAN)), "low_frequency_rin.corner");
}

#[test]
fn the_other_refusals_carry_what_was_found() {
    let refusal = |config: LinkConfig| simulate(&config).map(|s| s.truth).unwrap_err();
    let levels = Some(vec![1.0, 2.0]);
    assert_eq!(
        refusal(LinkConfig {
            levels,
            ..clean(10)
        }),
        Error::LevelCount {
            expected: 4,
            found: 2
        }
    );
    let source = SymbolSource::Explicit {
        modulation: Modulation::Nrz,
        symbols: vec![0, 1, 2],
    };
    assert_eq!(
        refusal(LinkConfig {
            source,
            ..clean(10)
        }),
        Error::Symbol {
            index: 2,
            levels: 2,
            found: 2
        }
    );
    let endless = Reflection {
        delay: Seconds(1e30),
        ..Reflection::default()
    };
    assert!(matches!(
        refusal(LinkConfig {
            reflections: vec![endless],
            ..clean(10)
        }),
        Error::TooLarge { .. }
    ));
    assert!(matches!(refusal(clean(usize::MAX)), Error::TooLarge { .. }));
}
