//! Multipath interference against theory.

use etalon_types::units::Seconds;
use num_complex::Complex64;
use rustfft::FftPlanner;

use super::*;
use crate::link::theory::{self, Interference};
use crate::link::{Polarization, Reflection};

fn path(level_db: f64, delay_s: f64, polarization: Polarization) -> Reflection {
    Reflection {
        level: Db(level_db),
        delay: Seconds(delay_s),
        polarization,
    }
}

/// A delay of whole symbols in seconds. With one sample a symbol and a line as wide as here the
/// field between two samples is not on the straight line that joins them; the closed forms hold
/// for a delay that needs no interpolation.
fn whole_symbols(symbols: f64) -> f64 {
    symbols / clean(1).baud.0
}

/// A wide line, so that the phase is sampled well in a short capture.
fn incoherent(symbols: usize, polarization: Polarization) -> LinkConfig {
    LinkConfig {
        extinction_ratio: Db(6.0),
        linewidth: Hertz(5e9),
        reflections: vec![path(-30.0, whole_symbols(5312.0), polarization)],
        ..clean(symbols)
    }
}

fn level_variances(config: &LinkConfig) -> Vec<(f64, f64)> {
    let simulated = run(config);
    let samples = watts(&simulated);
    let truth = &simulated.truth;
    (0..4)
        .map(|level| {
            let (_, variance) = moments(at_level(&samples, &simulated.symbols, level));
            let power = truth.levels_w[usize::from(level)];
            (
                variance,
                theory::level_variance(power, truth.mean_power_w, Db(-30.0)),
            )
        })
        .collect()
}

/// Acceptance row 21. A level has 260k draws; the beat's correlation time of 0.85 symbols
/// leaves about half of them independent, and the kurtosis of a random-phase beat of random
/// levels is near 1.7: a standard error of 0.2 to 0.3 %. Terms in m^2 are below 0.2 %.
#[test]
fn ref_beat_variance_of_each_level() {
    for (variance, expected) in level_variances(&incoherent(1 << 20, Polarization::Aligned)) {
        assert_close("variance", variance, expected, 0.02);
    }
}

/// The overlap's square scales the beat's variance; what lies across adds no beat, only its own
/// power: m^2 times the variance of the levels, seven thousandths of the aligned variance or less.
#[test]
fn ref_polarisation_scales_the_beat() {
    for (variance, expected) in level_variances(&incoherent(1 << 19, Polarization::Overlap(0.6))) {
        assert_close("variance", variance, 0.36 * expected, 0.02);
    }
    for (variance, expected) in level_variances(&incoherent(1 << 16, Polarization::Orthogonal)) {
        assert!(variance < 7e-3 * expected, "{variance:e} {expected:e}");
    }
}

/// The mean over scrambled states is half: overlap squared is uniform, so 400 seeds give its
/// mean to 0.29 / sqrt(400) = 0.015.
#[test]
fn ref_scrambled_polarisation_loses_3_db_in_the_mean() {
    let mean = (0..400)
        .map(|seed| {
            let config = LinkConfig {
                seed,
                ..incoherent(1, Polarization::Scrambled)
            };
            run(&config).truth.paths[0].overlap.powi(2)
        })
        .sum::<f64>()
        / 400.0;
    assert!((mean - 0.5).abs() < 0.045, "{mean}");
}

/// Paths add: three equal ones give three times the beat variance (their phases are
/// independent), and the truth gives their sum. Same standard error as for one path.
#[test]
fn ref_beat_variances_of_paths_add() {
    let mut config = incoherent(1 << 19, Polarization::Aligned);
    let each_db = -30.0 - Db::from_linear(3.0).0;
    config.reflections = [5312.0, 3639.0, 10_917.0]
        .map(|symbols| path(each_db, whole_symbols(symbols), Polarization::Aligned))
        .to_vec();
    assert!((run(&config).truth.mpi.unwrap().0 + 30.0).abs() < 1e-9);
    for (variance, expected) in level_variances(&config) {
        assert_close("variance", variance, expected, 0.02);
    }
}

/// A state that wanders fast beats with half the variance within one capture, where a random one
/// stands still at any part of it; at the rate zero the two are the same.
///
/// 2^20 symbols at 40 MHz of 26.5625 GBd are 2 pi 40 MHz 39.5 us = 9,900 independent states of
/// squared overlap uniform from 0 to 1: standard error 0.6 %. The beat's own is 0.3 %.
#[test]
fn ref_a_scrambled_state_averages_within_a_capture() {
    let rate = |hertz: f64, polarization| LinkConfig {
        scrambling_rate: Hertz(hertz),
        ..incoherent(1 << 20, polarization)
    };
    for (variance, expected) in level_variances(&rate(40e6, Polarization::Scrambled)) {
        assert_close("variance", variance, 0.5 * expected, 0.03);
    }
    let [still, random] = [Polarization::Scrambled, Polarization::Random].map(|polarization| {
        let mut config = incoherent(2000, polarization);
        config.scrambling_rate = Hertz(0.0);
        run(&config).waveform
    });
    assert_eq!(still, random);
    let truth = run(&rate(40e6, Polarization::Scrambled)).truth;
    assert!(truth.paths[0].scrambled);
}

/// Acceptance row 22: half of the beat's power lies below a frequency equal to the linewidth.
///
/// A constant carrier at 1 GS/s, 20 MHz, 2 us: 2^21 samples hold 2 pi 20 MHz 2.1 ms = 264,000
/// coherence angles, so the split of power at the half point is known to about
/// 1 / sqrt(264,000) = 0.2 %, and its frequency to three times that.
#[test]
fn ref_half_of_the_beat_power_lies_below_the_linewidth() {
    const SEGMENT: usize = 1 << 14;
    let config = LinkConfig {
        linewidth: Hertz(20e6),
        reflections: vec![path(-40.0, 2e-6, Polarization::Aligned)],
        ..carrier(1 << 21, 1e9)
    };
    let samples = watts(&run(&config));
    let (mean, _) = moments(samples.iter().copied());
    let mut density = vec![0.0; SEGMENT / 2];
    let fft = FftPlanner::new().plan_fft_forward(SEGMENT);
    for segment in samples.chunks_exact(SEGMENT) {
        let mut bins: Vec<Complex64> = segment
            .iter()
            .map(|x| Complex64::new(x - mean, 0.0))
            .collect();
        fft.process(&mut bins);
        for (sum, bin) in density.iter_mut().zip(&bins) {
            *sum += bin.norm_sqr();
        }
    }
    let total: f64 = density.iter().sum();
    let mut below = 0.0;
    let half = density.iter().position(|bin| {
        below += bin;
        below >= 0.5 * total
    });
    let frequency_hz = half.unwrap() as f64 * 1e9 / SEGMENT as f64;
    assert_close("half-power frequency", frequency_hz, 20e6, 0.05);
}

/// The beat's autocorrelation falls as exp(-2 pi linewidth t): at eight samples of 1 ns and
/// 20 MHz to 0.3659. Its error is that of the spectrum, 0.3 % of full scale or so.
#[test]
fn ref_beat_autocorrelation() {
    let config = LinkConfig {
        linewidth: Hertz(20e6),
        reflections: vec![path(-40.0, 2e-6, Polarization::Aligned)],
        ..carrier(1 << 21, 1e9)
    };
    let samples = watts(&run(&config));
    let (mean, variance) = moments(samples.iter().copied());
    let later = samples[8..].iter();
    let product: f64 = samples
        .iter()
        .zip(later)
        .map(|(a, b)| (a - mean) * (b - mean))
        .sum();
    let found = product / (samples.len() - 8) as f64 / variance;
    let expected = (-2.0 * std::f64::consts::PI * 20e6 * 8e-9f64).exp();
    assert!((found - expected).abs() < 0.015, "{found} {expected}");
}

/// Acceptance row 25: BER with one path, thermal noise for 1e-6 without it, against the
/// semi-analytic ratio and against the published Monte Carlo value.
///
/// At 2 GHz the phase lives for about two symbols, so the 11,700 bit errors of 2^21 symbols come
/// in groups of a few: a standard error of 1 to 1.5 %.
#[test]
fn ref_ber_with_a_single_path() {
    for (mpi_db, published) in [(-26.0, 2.80e-3), (-24.0, 1.06e-2)] {
        let levels = theory::levels(Db(6.0), 4);
        let sigma = theory::sigma_for_ber(&levels, 1e-6, None, Interference::Single).unwrap();
        let noise = Db::from_linear(theory::level_set_variance(&levels) / (sigma * sigma));
        let config = LinkConfig {
            extinction_ratio: Db(6.0),
            linewidth: Hertz(2e9),
            reflections: vec![path(mpi_db, whole_symbols(7968.0), Polarization::Aligned)],
            noise: Noise::Snr { snr: noise },
            ..clean(1 << 21)
        };
        let simulated = run(&config);
        let pedestal_w = simulated.truth.mean_power_w * Db(mpi_db).to_linear();
        let (_, ber) = error_ratios(&watts(&simulated), &simulated, pedestal_w);
        assert_close("published", ber, published, 0.04);
        let analytic = theory::ber(&levels, sigma, Some(Db(mpi_db)), Interference::Single);
        assert_close("semi-analytic", ber, analytic, 0.04);
    }
}

/// Many paths together reach the Gaussian ratio, far above that of one path of the same power.
///
/// 128 paths leave 1.5 / 128 = 1.2 % of kurtosis to the Gaussian, which at the 2 to 3 standard
/// deviations of these gaps is 1 to 2 % of the tail; the error counts have 1 % (13,000 and more
/// errors in groups of two).
#[test]
fn ref_ber_with_many_paths_is_gaussian() {
    const PATHS: usize = 128;
    let levels = theory::levels(Db(6.0), 4);
    let sigma = theory::sigma_for_ber(&levels, 1e-6, None, Interference::Gauss).unwrap();
    let noise = Db::from_linear(theory::level_set_variance(&levels) / (sigma * sigma));
    for mpi_db in [-26.0, -24.0] {
        let each_db = mpi_db - Db::from_linear(PATHS as f64).0;
        let delays = (0..PATHS).map(|i| whole_symbols((1000 + 41 * i) as f64));
        let config = LinkConfig {
            extinction_ratio: Db(6.0),
            linewidth: Hertz(2e9),
            reflections: delays
                .map(|delay_s| path(each_db, delay_s, Polarization::Aligned))
                .collect(),
            noise: Noise::Snr { snr: noise },
            ..clean(1 << 20)
        };
        let simulated = run(&config);
        let pedestal_w = simulated.truth.mean_power_w * Db(mpi_db).to_linear();
        let (_, found) = error_ratios(&watts(&simulated), &simulated, pedestal_w);
        let [gauss, single] = [Interference::Gauss, Interference::Single]
            .map(|kind| theory::ber(&levels, sigma, Some(Db(mpi_db)), kind));
        assert_close("Gaussian", found, gauss, 0.05);
        assert!(found > 1.2 * single, "{found} {single}");
    }
}

/// Acceptance row 29: a single path alone makes no error at all below the level that closes the
/// eye (10^7 bits here), and the beat's floor of 1.48e-3 at -24 dB.
///
/// The formula counts the beat and leaves out the interferer's own power `m P_j`, which at the
/// very edge decides: with it -24 dB makes no error either. So it is taken out symbol by symbol
/// in the second half. 6,200 bit errors in groups of a few: a standard error of 2 to 3 %.
#[test]
fn ref_floor_of_a_single_path() {
    const DELAY: usize = 7968;
    let config = |mpi_db, symbols| LinkConfig {
        extinction_ratio: Db(6.0),
        linewidth: Hertz(2e9),
        reflections: vec![path(
            mpi_db,
            whole_symbols(DELAY as f64),
            Polarization::Aligned,
        )],
        ..clean(symbols)
    };
    for mpi_db in [-26.0, -24.0] {
        let simulated = run(&config(mpi_db, 5_000_000));
        let pedestal_w = simulated.truth.mean_power_w * Db(mpi_db).to_linear();
        let (_, ber) = error_ratios(&watts(&simulated), &simulated, pedestal_w);
        assert_eq!(ber, 0.0, "{mpi_db} dB");
    }
    let mut simulated = run(&config(-24.0, 1 << 21));
    let levels = &simulated.truth.levels_w;
    let beats: Vec<f64> = watts(&simulated)[DELAY..]
        .iter()
        .zip(&simulated.symbols)
        .map(|(power, &late)| power - Db(-24.0).to_linear() * levels[usize::from(late)])
        .collect();
    simulated.symbols.drain(..DELAY);
    let (_, ber) = error_ratios(&beats, &simulated, 0.0);
    assert_close("floor", ber, 1.48e-3, 0.05);
    let levels = theory::levels(Db(6.0), 4);
    assert_close(
        "closed",
        ber,
        theory::ber_floor(&levels, Db(-24.0), Interference::Single),
        0.05,
    );
}

/// A delay between samples is the linear interpolation of the complex field: without phase
/// noise, and across the signal's polarisation, the detected power is known in closed form.
#[test]
fn ref_fractional_delay_interpolates_the_field() {
    let mut config = clean(500);
    config.baud = Baud(1e9);
    config.samples_per_symbol = 2;
    config.reflections = vec![path(-3.0, 3.8e-9, Polarization::Orthogonal)];
    let simulated = run(&config);
    let levels = &simulated.truth.levels_w;
    let field = |n: usize| levels[usize::from(simulated.symbols[n / 2])].sqrt();
    // 3.8 ns at 2 GS/s are 7.6 samples.
    let samples = watts(&simulated);
    for (n, &sample) in samples.iter().enumerate().skip(8) {
        let copy = 0.4 * field(n - 7) + 0.6 * field(n - 8);
        let expected = field(n) * field(n) + Db(-3.0).to_linear() * copy * copy;
        assert_close("power", sample, expected, 1e-6); // f32
    }
}

/// Aligned and with a still laser, a copy moves the level by 2 sqrt(m) P cos(theta) + m P: the
/// coherent limit, with the phase that the truth tells.
#[test]
fn ref_a_still_laser_makes_a_static_shift() {
    let config = LinkConfig {
        reflections: vec![path(-30.0, 10e-9, Polarization::Aligned)],
        ..carrier(200, 1e9)
    };
    let simulated = run(&config);
    let power = simulated.truth.levels_w[1];
    let (m, theta) = (1e-3f64, simulated.truth.paths[0].phase_rad);
    let expected = power * (1.0 + 2.0 * m.sqrt() * theta.cos() + m);
    for found in watts(&simulated) {
        assert_close("power", found, expected, 1e-6); // f32
    }
}

/// The beat of a delay that is not long against the coherence time, about its static part
/// `exp(-V / 2) cos(theta)` with `V = 2 pi dnu tau`: over the square of its amplitude it has the
/// variance `(1 - exp(-2 V)) / 2` at quadrature and `(1 - exp(-V))^2 / 2` in phase.
///
/// 64 captures of 2^15 ns at 5 ns and 20 MHz have static phases all around, so both are fitted,
/// on `sin^2` and `cos^2` of them. A capture holds some 4,000 coherence times: 3 % each, 1 % in
/// the fit at quadrature and, the other being a third of it, 3 % in phase.
#[test]
fn ref_variance_of_a_short_delay() {
    let (linewidth_hz, tau_s, m) = (20e6, 5e-9, 1e-6f64);
    let v = 2.0 * std::f64::consts::PI * linewidth_hz * tau_s;
    // Normal equations of y = q sin^2 + i cos^2.
    let [mut ss, mut sc, mut cc, mut sy, mut cy] = [0.0; 5];
    for seed in 0..64 {
        let config = LinkConfig {
            seed,
            linewidth: Hertz(linewidth_hz),
            reflections: vec![path(-60.0, tau_s, Polarization::Aligned)],
            ..carrier(1 << 15, 1e9)
        };
        let simulated = run(&config);
        let power = simulated.truth.levels_w[1];
        let cosine = simulated.truth.paths[0].phase_rad.cos();
        let amplitude = 2.0 * m.sqrt() * power;
        let still = (-0.5 * v).exp() * cosine;
        let samples = watts(&simulated);
        let beats = samples
            .iter()
            .map(|x| (x - power * (1.0 + m)) / amplitude - still);
        let y = beats.map(|beat| beat * beat).sum::<f64>() / samples.len() as f64;
        let (c, s) = (cosine * cosine, 1.0 - cosine * cosine);
        ss += s * s;
        sc += s * c;
        cc += c * c;
        sy += s * y;
        cy += c * y;
    }
    let determinant = ss * cc - sc * sc;
    let quadrature = (sy * cc - cy * sc) / determinant;
    let in_phase = (cy * ss - sy * sc) / determinant;
    let expected = theory::beat_quadrature_variance(Hertz(linewidth_hz), Seconds(tau_s));
    assert_close("at quadrature", quadrature, expected, 0.03);
    assert_close("in phase", in_phase, 0.5 * (1.0 - (-v).exp()).powi(2), 0.09);
}
