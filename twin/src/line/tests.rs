use super::*;

fn noisy(density_w_hz: f64) -> Light {
    Light {
        channels: vec![],
        noise: vec![Noise {
            density_w_hz,
            reference_m: 1550e-9,
            tilt_db_m: 0.0,
            band_m: (1528e-9, 1568e-9),
        }],
    }
}

/// A flat density times 40 nm of bandwidth: c (1/1528 nm - 1/1568 nm) = 5.0052 THz.
#[test]
fn ref_noise_power_is_density_times_bandwidth() {
    let light = noisy(1e-15);
    assert!((light.power_w() / 5.0052e-3 - 1.0).abs() < 1e-4);
    let tilted = Noise {
        tilt_db_m: 0.1e9,
        ..light.noise[0]
    };
    assert!((tilted.density(1560e-9) / 1e-15 - Db(1.0).to_linear()).abs() < 1e-9);
    assert_eq!(tilted.density(1520e-9), 0.0);
}

/// The cascade of equal spans against the textbook's rule (science.md, section 7), of which
/// only the zero-point term is left out there.
#[test]
fn ref_a_cascade_has_the_textbooks_osnr() {
    for (spans, loss, figure) in [(1, 20.0, 5.0), (4, 22.0, 5.0), (20, 16.0, 6.5)] {
        let mut light = Light {
            channels: vec![Channel::default()],
            ..Light::default()
        };
        let amplifier = Amplifier {
            small_signal_gain: Db(loss),
            noise_figure: Db(figure),
            ..Amplifier::linear()
        };
        for _ in 0..spans {
            light = amplifier.amplified(&light.attenuated(Db(loss)));
        }
        let rule = 57.95 - figure - loss - Db::from_linear(f64::from(spans)).0;
        let osnr = light.osnr_01nm(&light.channels[0]).0;
        assert!((osnr - rule).abs() < 0.05, "{osnr} {rule}");
        assert!((light.channels[0].level.0).abs() < 1e-9);
    }
}

#[test]
fn ref_gain_halves_at_the_saturation_power_and_output_is_bounded() {
    let amplifier = Amplifier {
        small_signal_gain: Db(30.0),
        saturation: Dbm(20.0),
        ..Amplifier::c_band()
    };
    // 20 dBm out at 27 dB less the 3.0103 dB of a half: -6.99 dBm come in.
    let input = Dbm(20.0 - 30.0 + 3.0103).to_watts();
    assert!((amplifier.gain(input).0 - (30.0 - 3.0103)).abs() < 1e-3);
    assert!((amplifier.gain(1e-9).0 - 30.0).abs() < 1e-3);
    let mut last = 30.1;
    for dbm in [-40.0, -20.0, -10.0, 0.0, 10.0] {
        let gain = amplifier.gain(Dbm(dbm).to_watts()).0;
        assert!(gain < last && gain > 0.0, "{dbm}: {gain}");
        last = gain;
    }
    // What comes out is what went in, raised, and its noise.
    let light = Light {
        channels: vec![Channel {
            level: Dbm(-10.0),
            ..Channel::default()
        }],
        ..Light::default()
    };
    let out = amplifier.amplified(&light);
    let gain = amplifier.gain(light.power_w());
    assert!((out.channels[0].level.0 - (-10.0 + gain.0)).abs() < 1e-9);
    assert!(
        (out.power_w() - out.channels[0].level.to_watts() - out.noise[0].power_w()).abs() < 1e-12
    );
}

/// Rectangular pulses: all of the power is in the carrier and the sidebands.
#[test]
fn ref_sidebands_and_carrier_hold_the_power() {
    let levels = [1.0, 2.0, 3.0, 4.0];
    let share = Channel::carrier_share_of(&levels);
    // ((1 + sqrt 2 + sqrt 3 + 2) / 4)^2 / 2.5
    assert!((share - 0.944_414).abs() < 1e-5, "{share}");
    let channel = Channel {
        baud_hz: 26.5625e9,
        carrier_share: share,
        ..Channel::default()
    };
    let step = 0.05e9;
    for bandwidth_hz in [f64::INFINITY, 18.6e9, 5e9] {
        let channel = Channel {
            bandwidth_hz,
            ..channel
        };
        let peak = channel.sideband_peak();
        let sum: f64 = (-200_000..200_000)
            .map(|k| channel.sidebands(f64::from(k) * step, peak) * step)
            .sum();
        assert!((sum + share - 1.0).abs() < 1e-4, "{bandwidth_hz}: {sum}");
    }
}

#[test]
fn ref_an_analyzer_reads_lines_and_noise_by_its_slit() {
    let analyzer = Analyzer {
        resolution_m: 0.1e-9,
        floor: Dbm(-200.0),
        stray: Db(-200.0),
    };
    let none = Echoes::default();
    let line = Light {
        channels: vec![Channel::default()],
        ..Light::default()
    };
    let sweep = analyzer.sweep(&line, &none, 1549.9e-9, 1550.1e-9, 201);
    let peak = sweep
        .level
        .iter()
        .map(|l| l.0)
        .fold(f64::NEG_INFINITY, f64::max);
    assert!(peak.abs() < 1e-3, "{peak}");
    // Half a resolution beside it, half of the power.
    let beside = analyzer
        .sweep(&line, &none, 1550.05e-9, 1550.06e-9, 2)
        .level[0]
        .0;
    assert!((beside + 3.01).abs() < 0.02, "{beside}");
    let flat = analyzer.sweep(&noisy(1e-15), &none, 1549e-9, 1551e-9, 5);
    let wanted = Dbm::from_watts(1e-15 * 12.478e9 * 1.0645).0;
    assert!((flat.level[2].0 - wanted).abs() < 1e-3, "{:?}", flat.level);
    assert!(
        analyzer
            .sweep(&noisy(1e-15), &none, 1500e-9, 1501e-9, 2)
            .level[0]
            .0
            < -190.0
    );
}

/// At 0.02 nm (2.5 GHz) a copy of -30 dB shows as a ripple of 0.55 dB while its period is far
/// above that, and not at all when it is far below.
#[test]
fn ref_a_resolution_shows_short_delays_and_hides_long_ones() {
    let analyzer = Analyzer {
        resolution_m: 0.02e-9,
        floor: Dbm(-200.0),
        stray: Db(-200.0),
    };
    let spread = |delay_s: f64| {
        let echoes = Echoes {
            copies: vec![(Db(-30.0), delay_s, 0.0)],
        };
        let of = |echoes| analyzer.sweep(&noisy(1e-15), echoes, 1549e-9, 1551e-9, 2001);
        // A slit of so many nanometres takes in more hertz at shorter wavelengths.
        let (sweep, without) = (of(&echoes), of(&Echoes::default()));
        let pairs = || sweep.level.iter().zip(&without.level);
        let levels = || pairs().map(|(with, without)| with.0 - without.0);
        let (low, high) = (
            levels().fold(f64::INFINITY, f64::min),
            levels().fold(f64::NEG_INFINITY, f64::max),
        );
        // Upward crossings of the middle, for the period.
        let middle = 0.5 * (low + high);
        let above: Vec<bool> = levels().map(|l| l > middle).collect();
        let rises: Vec<usize> = (1..above.len())
            .filter(|&k| above[k] && !above[k - 1])
            .collect();
        let frequency = |k: usize| C / sweep.wavelength_m[k];
        let period = match (rises.first(), rises.last()) {
            (Some(&a), Some(&b)) if b > a => {
                (frequency(a) - frequency(b)) / (rises.len() - 1) as f64
            }
            _ => f64::NAN,
        };
        (high - low, period)
    };
    let (ripple, period) = spread(0.1e-9);
    // 20 log((1 + r) / (1 - r)) with r = 10^-1.5, less what 2.5 GHz of 10 GHz take: exp(-0.222).
    let whole = 20.0 * ((1.0 + 10f64.powf(-1.5)) / (1.0 - 10f64.powf(-1.5))).log10();
    let sigma = width_hz(0.02e-9, 1550e-9) / 2.3548;
    let left = (-2.0 * (std::f64::consts::PI * 0.1e-9 * sigma).powi(2)).exp();
    assert!((ripple / (whole * left) - 1.0).abs() < 2e-3, "{ripple}");
    assert!((period / 10e9 - 1.0).abs() < 0.01, "{period}");
    let (hidden, _) = spread(100e-9);
    assert!(hidden < 1e-9, "{hidden}");
    let echoes = Echoes {
        copies: vec![(Db(-30.0), 100e-9, 0.0)],
    };
    assert!((echoes.mean() - 1.001).abs() < 1e-12);
}
