//! Any configuration is simulated whole or refused: no panic, no sample that is not a number.
//! (Delays of tens of kilometres are among them, and take most of the time.)

use etalon_types::units::{Dbm, Metres, Seconds};
use proptest::prelude::*;

use super::*;
use crate::Error;
use crate::link::{
    AcCoupling, Baseline, Echo, Fibre, Jitter, LowFrequencyRin, Nuisances, Polarization, Rayleigh,
    Reflection, Reflector, Tone, ToneOn,
};

/// A number over many decades, of either sign, or one of the awkward ones.
fn any_size() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (-15.0f64..15.0, prop::bool::ANY)
            .prop_map(|(decades, negative)| 10f64.powf(decades) * if negative { -1.0 } else { 1.0 }),
        2 => prop_oneof![Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(f64::MAX)],
    ]
}

fn polarization() -> impl Strategy<Value = Polarization> {
    prop_oneof![
        Just(Polarization::Aligned),
        Just(Polarization::Random),
        Just(Polarization::Scrambled),
        (0.0f64..1.2).prop_map(Polarization::Overlap),
    ]
}

/// A sound value most of the time, any other now and then.
fn mostly(sound: impl Strategy<Value = f64> + 'static) -> BoxedStrategy<f64> {
    prop_oneof![30 => sound, 1 => any_size()].boxed()
}

fn fibre() -> impl Strategy<Value = Fibre> {
    let reflector = (mostly(-5.0f64..50.0), mostly(5.0f64..60.0)).prop_map(|(m, db)| Reflector {
        position: Metres(m),
        return_loss: Db(db),
    });
    (
        prop::collection::vec(reflector, 0..4),
        mostly(0.0f64..2.0),
        polarization(),
        prop::option::of(mostly(0.1f64..60.0)),
    )
        .prop_map(|(reflectors, loss_db_per_km, polarization, length)| Fibre {
            reflectors,
            loss_db_per_km,
            polarization,
            rayleigh: length.map(|m| Rayleigh {
                length: Metres(m),
                ..Rayleigh::default()
            }),
        })
}

fn nuisances() -> impl Strategy<Value = Nuisances> {
    let tone = (mostly(0.0f64..1e9), mostly(0.0f64..1.0), prop::bool::ANY).prop_map(
        |(hertz, amplitude, gain)| Tone {
            frequency: Hertz(hertz),
            amplitude,
            on: if gain { ToneOn::Gain } else { ToneOn::Offset },
            phase_rad: 1.0,
        },
    );
    let echo = (mostly(0.0f64..2e-8), mostly(-1.0f64..1.0)).prop_map(|(s, amplitude)| Echo {
        delay: Seconds(s),
        amplitude,
    });
    let coupling = (mostly(1e4f64..1e12), prop::bool::ANY).prop_map(|(hertz, kept)| AcCoupling {
        corner: Hertz(hertz),
        baseline: if kept {
            Baseline::Kept
        } else {
            Baseline::Removed
        },
    });
    (
        prop::collection::vec(tone, 0..3),
        prop::option::of(mostly(-1.0f64..1.0)),
        prop::option::of(mostly(-1.0f64..1.0)),
        prop::option::of(coupling),
        prop::collection::vec(echo, 0..3),
        prop::option::of(mostly(0.0f64..0.25)),
    )
        .prop_map(
            |(tones, offset_ramp, gain_ramp, ac_coupling, echoes, saturation)| Nuisances {
                tones,
                offset_ramp,
                gain_ramp,
                ac_coupling,
                echoes,
                saturation,
            },
        )
}

fn wanderers() -> impl Strategy<Value = (Option<Jitter>, Option<LowFrequencyRin>)> {
    let jitter = (
        mostly(0.0f64..1e-10),
        prop::option::of(mostly(1e3f64..1e12)),
    );
    let rin = (mostly(0.0f64..1.0), mostly(1e3f64..1e12));
    (
        prop::option::of(jitter.prop_map(|(s, corner)| Jitter {
            rms: Seconds(s),
            corner: corner.map(Hertz),
        })),
        prop::option::of(rin.prop_map(|(rms, hertz)| LowFrequencyRin {
            rms,
            corner: Hertz(hertz),
        })),
    )
}

fn optics() -> impl Strategy<Value = LinkConfig> {
    (
        mostly(0.0f64..1e9),
        mostly(-5.0f64..5.0),
        mostly(0.0f64..5e12),
        mostly(0.0f64..2e10),
        mostly(-20.0f64..10.0),
        prop::option::of((mostly(-60.0f64..0.0), mostly(0.0f64..1e-8), polarization())),
        mostly(-1e4f64..1e4),
    )
        .prop_map(
            |(linewidth, chirp, adiabatic, scrambling, rop, path, ppm)| LinkConfig {
                linewidth: Hertz(linewidth),
                chirp,
                adiabatic_chirp_hz_per_w: adiabatic,
                scrambling_rate: Hertz(scrambling),
                rop: Dbm(rop),
                reflections: path
                    .into_iter()
                    .map(|(db, s, polarization)| Reflection {
                        level: Db(db),
                        delay: Seconds(s),
                        polarization,
                    })
                    .collect(),
                clock_offset_ppm: ppm,
                noise: Noise::thermal_and_shot(),
                ..LinkConfig::default()
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn prop_a_link_is_simulated_whole_or_refused(
        optics in optics(),
        fibre in fibre(),
        nuisances in nuisances(),
        (jitter, low_frequency_rin) in wanderers(),
        symbols in 1usize..200,
        samples_per_symbol in 1usize..5,
    ) {
        let config = LinkConfig {
            symbols,
            samples_per_symbol,
            fibre,
            nuisances,
            jitter,
            low_frequency_rin,
            ..optics
        };
        match simulate(&config) {
            Ok(simulated) => {
                let samples = watts(&simulated);
                prop_assert_eq!(samples.len(), symbols * samples_per_symbol);
                prop_assert!(samples.iter().all(|x| x.is_finite()));
                let pairs = config.fibre.reflectors.len();
                let paths = config.reflections.len() + pairs * pairs.saturating_sub(1) / 2;
                prop_assert_eq!(simulated.truth.paths.len(), paths);
                let interfered = paths > 0 || config.fibre.rayleigh.is_some();
                prop_assert_eq!(simulated.truth.mpi.is_some(), interfered);
            }
            Err(Error::OutOfRange { .. } | Error::TooLarge { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
