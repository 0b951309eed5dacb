//! Measured channels, forwards and back: simulate PAM-4 through one, equalize, and find it again.
//!
//! The channels are public contributions to IEEE 802.3 that lie in the shared folder
//! (`../shared`, or `ETALON_SHARED`); `docs/how-to/measured-channel.md` says which. The last test
//! needs none.

#[path = "cli/harness.rs"]
#[allow(dead_code)]
mod harness;

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use etalon_dsp::equalizer::least_squares::cholesky_solve;
use etalon_dsp::measure::channel::{Channel, Span};
use etalon_dsp::measure::deviation::{SymbolShape, compare};
use etalon_dsp::{BaudChoice, EqualizerChoice, PatternChoice, ReceiveOptions, receive};
use etalon_twin::link::{
    LinkConfig, MeasuredChannel, Noise, Simulated, SymbolSource, simulate, theory,
};
use etalon_types::report::LinkReport;
use etalon_types::units::{Baud, Db, Hertz};
use etalon_types::{FrequencyResponse, Modulation, PatternName, WaveformSource};
use num_complex::Complex64;

/// 28G SMT connector with 4 inch of stripline (TE, IEEE P802.3bs): 4.2 dB from DC to 13.3 GHz.
const CONNECTOR: &str = "TEC_SMT_IO_42GHz_Thru_B5B6_4in.s4p";
/// Backplane (IEEE 802.3ap, for 10.3125 GBd): 37 dB from DC to 13.3 GHz.
const BACKPLANE: &str = "peters_01_0605_B12_thru.s4p";
/// The pair 1/3 to the pair 2/4.
const PAIR: &str = "2,4,1,3";
/// Samples a symbol.
const PER_SYMBOL: usize = 4;

/// Folder of the channels, or none with a line that says so; on CI they must be there.
fn channels() -> Option<PathBuf> {
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let folder = shared.join("captures/touchstone");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("left out: no measured channels in {}", folder.display());
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "CI must have them"
    );
    None
}

fn response(folder: &Path, name: &str, ports: &str) -> FrequencyResponse {
    let file = etalon_captures::touchstone(&folder.join(name)).unwrap();
    file.parameters.response(ports.parse().unwrap()).unwrap()
}

/// PAM-4 through a channel, PRBS13Q.
fn through(response: &FrequencyResponse, baud_hz: f64, snr_db: f64, symbols: usize) -> Simulated {
    simulate(&LinkConfig {
        symbols,
        baud: Baud(baud_hz),
        samples_per_symbol: PER_SYMBOL,
        source: SymbolSource::Pattern {
            name: PatternName::PrbsQ(13),
        },
        channel: Some(MeasuredChannel {
            name: "measured".into(),
            sha256: None,
            response: response.clone(),
        }),
        noise: Noise::Snr { snr: Db(snr_db) },
        linewidth: Hertz(0.0),
        ..LinkConfig::default()
    })
    .unwrap()
}

/// Samples in mW, a size that `f32` sums are good at.
fn samples(simulated: &Simulated) -> Vec<f32> {
    let mut watts = vec![0.0; simulated.waveform.samples().len()];
    simulated.waveform.read_at(0, &mut watts).unwrap();
    watts.iter().map(|&w| (1e3 * w) as f32).collect()
}

fn targets(simulated: &Simulated) -> Vec<f32> {
    let nominal = |&s: &u8| 2.0 * f32::from(s) - 3.0;
    simulated.symbols.iter().map(nominal).collect()
}

/// Receives with a feed-forward equalizer of so many taps, half a symbol apart.
fn received(
    simulated: &Simulated,
    given: &FrequencyResponse,
    baud_hz: f64,
    taps: usize,
) -> LinkReport {
    let options = ReceiveOptions {
        baud: BaudChoice::Is(baud_hz),
        pattern: PatternChoice::Named(PatternName::PrbsQ(13)),
        equalizer: EqualizerChoice::Ffe,
        taps: Some(taps),
        reference_channel: Some(given.clone()),
        ..ReceiveOptions::default()
    };
    let interval_s = 1.0 / (PER_SYMBOL as f64 * baud_hz);
    receive(samples(simulated), interval_s, &options, &mut ())
        .unwrap()
        .report
}

/// Symbols on either side that the prediction's pulse reaches.
const REACH: i64 = 200;

/// The pulse that response and held symbol make, at half-symbol spacing from `-REACH` symbols on,
/// behind an ideal low-pass at the symbol rate:
///
/// `h(t) = integral from -1 to 1 of H(f) P(f) exp(j 2 pi f t) df`, `f` in symbol rates. Steps of
/// 1/2048 make it repeat every 2048 symbols, ten times the reach.
fn pulse(response: &FrequencyResponse, baud_hz: f64) -> Vec<f64> {
    const STEPS: usize = 2048;
    let shape = SymbolShape::Held {
        samples: PER_SYMBOL,
    };
    let delay = response.delay_s(0.5 * baud_hz) * baud_hz;
    let interpolator = response.interpolator();
    let gains: Vec<Complex64> = (0..=STEPS)
        .map(|i| {
            let f = i as f64 / STEPS as f64;
            let weight = if i % STEPS == 0 { 1.0 } else { 2.0 } / STEPS as f64;
            interpolator.at(f * baud_hz) * Complex64::cis(TAU * f * delay) * shape.gain(f) * weight
        })
        .collect();
    (-2 * REACH..=2 * REACH)
        .map(|half| {
            let step = TAU * half as f64 / 2.0 / STEPS as f64;
            let parts = gains.iter().enumerate();
            parts
                .map(|(i, g)| (g * Complex64::cis(step * i as f64)).re)
                .sum()
        })
        .collect()
}

/// Signal-to-noise ratio of the unbiased MMSE equalizer with taps half a symbol apart, in dB.
///
/// With `x = H d + n`, `R = E x x^T`, `p = E x d` and `d` of variance 5: `beta = p^T R^-1 p / 5`
/// and the ratio is `beta / (1 - beta)` (Proakis, Digital Communications, section 9.4). White
/// noise of `5 / snr` in a band of the symbol rate has twice that behind a low-pass at the symbol
/// rate, two samples a symbol.
fn mmse_snr_db(response: &FrequencyResponse, baud_hz: f64, snr_db: f64, taps: usize) -> f64 {
    let pulse = pulse(response, baud_hz);
    let at = |half: i64| -> f64 {
        let place = usize::try_from(half + 2 * REACH).ok();
        place.and_then(|i| pulse.get(i)).copied().unwrap_or(0.0)
    };
    let place = |tap: usize| tap as i64 - (taps / 2) as i64;
    let noise = 2.0 * 5.0 / Db(snr_db).to_linear();
    let mut correlation = vec![0.0; taps * taps];
    for i in 0..taps {
        for j in 0..taps {
            let symbols = (-REACH..=REACH).map(|k| at(place(i) - 2 * k) * at(place(j) - 2 * k));
            correlation[i * taps + j] = 5.0 * symbols.sum::<f64>();
        }
        correlation[i * taps + i] += noise;
    }
    let wanted: Vec<f64> = (0..taps).map(|i| 5.0 * at(place(i))).collect();
    let best = cholesky_solve(&mut correlation, &wanted, taps).unwrap();
    let beta = best.iter().zip(&wanted).map(|(w, p)| w * p).sum::<f64>() / 5.0;
    Db::from_linear(beta / (1.0 - beta)).0
}

/// 30 dB at 26.5625 GBd. Through the connector the prediction is 26.7 dB, an error ratio of 1e-20:
/// there is no error, and the slicer's ratio says how near the equalizer comes. 0.1 dB is what
/// its standard error (60,000 symbols: 0.025 dB), the training (31 taps on as many symbols: 0.002
/// dB) and the clock leave. Through the backplane the eye stays shut, as
/// predicted.
#[test]
fn ref_equalized_at_30_db_as_the_mmse_predicts() {
    let Some(folder) = channels() else { return };
    let baud_hz = 26.5625e9;
    let connector = response(&folder, CONNECTOR, PAIR);
    let predicted_db = mmse_snr_db(&connector, baud_hz, 30.0, 31);
    let report = received(
        &through(&connector, baud_hz, 30.0, 1 << 17),
        &connector,
        baud_hz,
        31,
    );
    let found_db = report.estimates.snr_db.value().unwrap();
    println!("connector at 30 dB: {found_db:.3} dB, predicted {predicted_db:.3} dB");
    assert!(
        (found_db - predicted_db).abs() < 0.1,
        "{found_db} {predicted_db}"
    );
    assert!(theory::pam4_ser(Db(predicted_db)) < 1e-15);
    assert_eq!(
        report.estimates.ser.low(),
        Some(0.0),
        "{:?}",
        report.estimates.ser
    );
    check_shut(&folder, BACKPLANE, PAIR, 30.0, 61);
}

/// An eye that is predicted to stay shut is either counted as predicted or declined with a flag,
/// never measured as something better.
fn check_shut(folder: &Path, name: &str, ports: &str, snr_db: f64, taps: usize) {
    let baud_hz = 26.5625e9;
    let response = response(folder, name, ports);
    let predicted = theory::pam4_ser(Db(mmse_snr_db(&response, baud_hz, snr_db, taps)));
    assert!(predicted > 0.3, "{predicted}");
    let report = received(
        &through(&response, baud_hz, snr_db, 1 << 18),
        &response,
        baud_hz,
        taps,
    );
    let flags: Vec<&str> = report.quality.iter().map(|q| q.flag.as_str()).collect();
    println!("{name} {ports} at {snr_db} dB: predicted {predicted:.3}, flags {flags:?}");
    match report.estimates.ser.value() {
        Some(found) => assert!((1.0 / 1.2..1.2).contains(&(found / predicted)), "{found}"),
        None => assert!(
            ["wrong-rate", "pattern-not-found", "eye-closed", "drift"]
                .iter()
                .any(|flag| flags.contains(flag)),
            "{flags:?}"
        ),
    }
}

/// Noise enough to count errors: 19 dB differential and 25 dB single-ended, hundreds of errors
/// and more in 126,000 judged symbols, so that a factor of 1.2 is four standard errors.
#[test]
fn ref_error_ratio_as_the_mmse_predicts() {
    let Some(folder) = channels() else { return };
    check_error_ratio(&folder, CONNECTOR, PAIR, 19.0, 31);
    check_error_ratio(&folder, CONNECTOR, "2,1", 25.0, 31);
}

fn check_error_ratio(folder: &Path, name: &str, ports: &str, snr_db: f64, taps: usize) {
    let baud_hz = 26.5625e9;
    let response = response(folder, name, ports);
    let predicted = theory::pam4_ser(Db(mmse_snr_db(&response, baud_hz, snr_db, taps)));
    let report = received(
        &through(&response, baud_hz, snr_db, 1 << 18),
        &response,
        baud_hz,
        taps,
    );
    let found = report.estimates.ser.value().unwrap();
    let judged = report.equalizer.judged_symbols as f64;
    println!("{name} {ports} at {snr_db} dB: SER {found:.3e}, predicted {predicted:.3e}");
    assert!(
        predicted * judged > 500.0,
        "too few errors to tell: {predicted} of {judged}"
    );
    let ratio = found / predicted;
    assert!(
        (1.0 / 1.2..1.2).contains(&ratio),
        "{name} {ports}: {found:.3e} {predicted:.3e}"
    );
}

/// Each channel at the rate that it was made for and 30 dB: found from samples and known symbols
/// within 0.5 dB of its file up to half the symbol rate. The fit's own error is far below: a
/// coefficient has `sigma / sqrt(5 n)` = 2e-4 of half a level spacing, 320 of them 3e-3, on a
/// response of 0.1 and more, 0.3 dB for the backplane's weakest frequency and a tenth of that for
/// the connector.
#[test]
fn ref_a_channel_is_found_within_half_a_decibel() {
    let Some(folder) = channels() else { return };
    for (name, baud_hz) in [(CONNECTOR, 26.5625e9), (BACKPLANE, 10.3125e9)] {
        let given = response(&folder, name, PAIR);
        let simulated = through(&given, baud_hz, 30.0, 1 << 17);
        let span = Span {
            before: 15,
            after: 64,
        };
        let found = Channel::fit_over(&samples(&simulated), &targets(&simulated), PER_SYMBOL, span);
        let held = SymbolShape::Held {
            samples: PER_SYMBOL,
        };
        let deviation = compare(&found.unwrap(), &given, baud_hz, held).unwrap();
        println!("{name}: {deviation:?}");
        assert!(
            deviation.worst_db < 0.5 && deviation.rms_db < 0.1,
            "{name}: {deviation:?}"
        );
        // The receiver finds clock and pattern by itself, at two samples a symbol.
        let features = received(&simulated, &given, baud_hz, 31).features;
        let (worst, rms) = (
            features["channel_deviation_db"],
            features["channel_deviation_rms_db"],
        );
        println!("{name} by the receiver: {worst:.3} dB, {rms:.3} dB rms");
        assert!(worst < 0.5 && rms < worst, "{name}: {worst} {rms}");
        // Against another channel it tells the difference.
        let other = if name == CONNECTOR {
            BACKPLANE
        } else {
            CONNECTOR
        };
        let other = response(&folder, other, PAIR);
        let features = received(&simulated, &other, baud_hz, 31).features;
        assert!(
            features["channel_deviation_db"] > 3.0,
            "{name}: {features:?}"
        );
    }
}

/// Acceptance row 36: 170 ps/nm at 1550 nm leave a null at 19.16 GHz in the estimated response,
/// within 3 %.
#[test]
fn ref_dispersion_null_in_the_estimated_response() {
    for baud_hz in [26.5625e9, 53.125e9] {
        let simulated = simulate(&LinkConfig {
            symbols: 1 << 15,
            baud: Baud(baud_hz),
            samples_per_symbol: 8,
            dispersion_ps_per_nm: 170.0,
            source: SymbolSource::Random {
                modulation: Modulation::Pam4,
            },
            noise: Noise::Snr { snr: Db(25.0) },
            ..LinkConfig::default()
        })
        .unwrap();
        let span = Span {
            before: 15,
            after: 15,
        };
        let channel = Channel::fit_over(&samples(&simulated), &targets(&simulated), 8, span);
        let channel = channel.unwrap();
        let shape = SymbolShape::Held { samples: 8 };
        let gain = |hz: f64| channel.response(hz / baud_hz).norm() / shape.gain(hz / baud_hz);
        // Up to below the symbol rate, where the rectangular symbol has a null of its own.
        let null_hz = (500..2500)
            .map(|i| 1e7 * f64::from(i))
            .filter(|hz| *hz < 0.95 * baud_hz)
            .min_by(|a, b| gain(*a).total_cmp(&gain(*b)))
            .unwrap();
        let depth_db = 20.0 * (gain(null_hz) / gain(1e9)).log10();
        println!("{baud_hz:e} Bd: null at {null_hz:e} Hz, {depth_db:.1} dB deep");
        assert!((null_hz / 19.16e9 - 1.0).abs() < 0.03, "{null_hz}");
        assert!(depth_db < -25.0, "{depth_db}");
    }
}

/// The same by commands, with a channel of our own: truth and report tell it.
#[test]
fn the_command_line_simulates_and_compares() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("! a 15 GHz low-pass, 1 ns long\n# GHz S MA R 50\n");
    for i in 0..=400 {
        let f = 0.1 * f64::from(i);
        let gain = 1.0 / Complex64::new(1.0, f / 15.0);
        let angle = gain.arg().to_degrees() - 360.0 * f;
        text += &format!("{f} 0 0 {m} {angle} {m} {angle} 0 0\n", m = gain.norm());
    }
    std::fs::write(folder.path().join("low.s2p"), text).unwrap();
    let words = "simulate link --out a.npy --symbols 40000 --samples-per-symbol 8 --snr 30dB \
                 --pattern prbs13q --touchstone low.s2p --ports 2,1 --json";
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    let truth = harness::etalon_in(folder.path(), &words).expect(0).object();
    assert_eq!(truth["config"]["channel"]["name"], "low.s2p 2,1");
    assert_eq!(
        truth["config"]["channel"]["sha256"].as_str().unwrap().len(),
        64
    );
    let points = &truth["config"]["channel"]["response"]["magnitude"];
    assert_eq!(points.as_array().unwrap().len(), 401);
    let loss_db = truth["channel"]["nyquist_loss"].as_f64().unwrap();
    let expected_db = 10.0 * (1.0 + (13.28125f64 / 15.0).powi(2)).log10();
    assert!(
        (loss_db - expected_db).abs() < 1e-3,
        "{loss_db} {expected_db}"
    );
    let words = "analyze a.npy --baud 26.5625G --sample-rate 212.5G --pattern prbs13q \
                 --touchstone low.s2p --json";
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    let ran = harness::etalon_in(folder.path(), &words);
    assert!(ran.code <= 1, "{}", ran.stderr);
    let worst = ran.object()["features"]["channel_deviation_db"]
        .as_f64()
        .unwrap();
    // Eight held samples stand 0.06 dB above the rectangle at half the symbol rate; 20,000
    // symbols and more leave 0.05 dB.
    assert!(worst < 0.25, "{worst}");
}
