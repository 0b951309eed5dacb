//! The spectrum of the twin through its analyzer, against the measure of the receiver's room.

use etalon_dsp::measure::osnr::{OsnrWindow, osnr_01nm};
use etalon_twin::line::{Amplifier, Analyzer, C, Channel, Echoes, Light};
use etalon_types::OsaTrace;
use etalon_types::units::{Db, Dbm};

/// A PAM-4 channel behind an amplifier, at this level before it.
fn amplified(level_dbm: f64) -> Light {
    let share = Channel::carrier_share_of(&[0.2, 0.35, 0.5, 0.6]);
    let channel = Channel {
        level: Dbm(level_dbm),
        baud_hz: 26.5625e9,
        carrier_share: share,
        bandwidth_hz: 18.6e9,
        ..Channel::default()
    };
    let light = Light {
        channels: vec![channel],
        ..Light::default()
    };
    let amplifier = Amplifier {
        small_signal_gain: Db(20.0),
        tilt_db_m: 0.05e9,
        ..Amplifier::c_band()
    };
    amplifier.amplified(&light)
}

fn read(light: &Light, resolution_m: f64) -> OsaTrace {
    let analyzer = Analyzer {
        resolution_m,
        ..Analyzer::default()
    };
    let levels = analyzer.sweep(light, &Echoes::default(), 1548.5e-9, 1551.5e-9, 3001);
    OsaTrace {
        resolution_m: Some(resolution_m),
        wavelength_m: levels.wavelength_m,
        level_dbm: levels.level.iter().map(|level| level.0).collect(),
        ..OsaTrace::default()
    }
}

#[test]
fn ref_the_osnr_of_a_spectrum_is_that_of_the_light() {
    let mut truths = Vec::new();
    for level_dbm in [-42.0, -36.0, -30.0, -24.0, -18.0] {
        let light = amplified(level_dbm);
        let truth = light.osnr_01nm(&light.channels[0]).0;
        truths.push(truth);
        for resolution_m in [0.02e-9, 0.05e-9, 0.1e-9] {
            let window = OsnrWindow {
                centre_m: C / light.channels[0].frequency_hz,
                half_width_m: 0.6e-9,
                noise_m: (0.7e-9, 1.2e-9),
                // The analyzer scatters 60 dB below all of the light, of which the carrier's
                // 97 % are what the highest level shows.
                stray: 1.1e-6,
            };
            let figure = osnr_01nm(&read(&light, resolution_m), window);
            let found = figure.estimate().expect("measurable");
            // Asked: 0.2 dB.
            assert!(
                (found.value - truth).abs() < 0.1,
                "{truth} at {resolution_m}: {found:?}"
            );
            assert!(
                found.low <= truth && truth <= found.high,
                "{truth}: {found:?}"
            );
        }
    }
    // The series spans what links have.
    assert!(truths[0] < 12.0 && truths[4] > 34.0, "{truths:?}");
}
