//! Links that are broken in a way that can look like an answer, with every equalizer there is: a
//! flag or a reason, never a plausible wrong number.

use crate::signals::{Noise, noisy, pattern};
use crate::{BAUD_HZ, at, plain};
use etalon_dsp::equalizer::registry::KINDS;
use etalon_dsp::{
    BaudChoice, EqualizerChoice, Measures, ModulationChoice, PatternChoice, ReceiveOptions,
    Reception,
};
use etalon_types::{Figure, Modulation};

/// Samples a symbol of the oversampled captures.
const PER_SYMBOL: usize = 4;

/// Symbols with edges of a third of a symbol, at levels that may be anything, with noise.
fn wave(sent: &[u8], levels: [f64; 4], sigma: f64) -> Vec<f32> {
    let mut noise = Noise::new(77);
    let mut value = levels[usize::from(sent[0])];
    sent.iter()
        .flat_map(|&s| {
            let to = levels[usize::from(s)];
            let steps = [0.35, 0.85, 1.0, 1.0].map(|share| value + share * (to - value));
            value = to;
            steps
        })
        .map(|x| (x + sigma * noise.normal()) as f32)
        .collect()
}

const EVEN: [f64; 4] = [1.0, 2.0, 3.0, 4.0];

/// Samples at other places: straight between neighbours.
fn warped(samples: &[f32], place: impl Fn(f64) -> f64) -> Vec<f32> {
    let last = (samples.len() - 2) as f64;
    (0..samples.len())
        .map(|i| {
            let x = place(i as f64).clamp(0.0, last);
            let (k, f) = (x as usize, x.fract() as f32);
            samples[k] * (1.0 - f) + samples[k + 1] * f
        })
        .collect()
}

/// Every equalizer, told the pattern or not, with TDECQ and without interference.
fn ways(pattern: &PatternChoice) -> Vec<ReceiveOptions> {
    KINDS
        .iter()
        .map(|kind| ReceiveOptions {
            baud: BaudChoice::Is(BAUD_HZ),
            pattern: pattern.clone(),
            equalizer: kind.choice,
            measures: Measures {
                mpi: false,
                reflectogram: false,
                eye: false,
                tdecq: true,
                cancellation: false,
            },
            ..Default::default()
        })
        .collect()
}

fn told(name: &str) -> PatternChoice {
    PatternChoice::Named(name.parse().unwrap())
}

fn has(found: &Reception, flag: &str) -> bool {
    found.report.quality.iter().any(|q| q.flag == flag)
}

/// Nothing is said of what cannot be known: errors, TDECQ, Ceq and frame errors.
fn assert_unmeasured(found: &Reception, case: &str) {
    let e = &found.report.estimates;
    let figures: [&Figure; 5] = [
        &e.pre_fec_ber,
        &e.ser,
        &e.tdecq_db,
        &e.ceq_db,
        &e.frame_error_ratio_kp4,
    ];
    for figure in figures {
        assert_eq!(figure.estimate(), None, "{case}");
        assert!(!figure.reason().unwrap_or_default().is_empty(), "{case}");
    }
}

fn assert_no_levels(found: &Reception, case: &str) {
    let e = &found.report.estimates;
    for figure in [&e.snr_db, &e.rlm_120d, &e.rlm_94, &e.oma_outer] {
        assert_eq!(figure.estimate(), None, "{case}");
    }
}

fn case(name: &str, options: &ReceiveOptions) -> String {
    format!("{name}, {:?}, {:?}", options.equalizer, options.pattern)
}

#[test]
fn too_few_symbols_to_train() {
    let samples = wave(&pattern("prbs13q", 300), EVEN, 0.1);
    for options in ways(&told("prbs13q")) {
        let found = at(&samples, PER_SYMBOL as f64, &options);
        let name = case("300 symbols", &options);
        assert!(has(&found, "too-short"), "{name}");
        assert_unmeasured(&found, &name);
        assert_no_levels(&found, &name);
    }
    // Enough to begin, too few for an equalizer of this length or for its products: it says so,
    // or it says what it did; errors are never told to a part of what was judged.
    let samples = wave(&pattern("prbs13q", 1_200), EVEN, 0.1);
    for options in ways(&told("prbs13q")) {
        let options = ReceiveOptions {
            taps: Some(301),
            ..options
        };
        let report = at(&samples, PER_SYMBOL as f64, &options).report;
        let name = case("301 taps on 1200 symbols", &options);
        if let Some(ber) = report.estimates.pre_fec_ber.estimate() {
            assert_eq!(ber.n, 2 * report.equalizer.judged_symbols, "{name}");
            assert!(ber.high > 2e-3, "{name}: {ber:?}");
        }
        assert_eq!(report.estimates.tdecq_db.estimate(), None, "{name}");
    }
}

/// A period that is one symbol too short or too long, half of it, and another pattern.
#[test]
fn a_pattern_with_the_wrong_period() {
    let period = pattern("prbs13q", 8191);
    let samples = wave(&period.repeat(3), EVEN, 0.1);
    let mut long = period.clone();
    long.push(2);
    for (name, symbols) in [
        ("short", period[..8190].to_vec()),
        ("long", long),
        ("half", period[..4095].to_vec()),
        ("tiny", vec![0, 3, 1, 2, 2]),
    ] {
        let pattern = PatternChoice::Symbols {
            name: name.into(),
            symbols,
        };
        for options in ways(&pattern) {
            let found = at(&samples, PER_SYMBOL as f64, &options);
            let name = case(name, &options);
            assert!(has(&found, "pattern-not-found"), "{name}");
            assert_unmeasured(&found, &name);
            assert_eq!(found.report.link.pattern, None, "{name}");
        }
    }
}

/// A symbol is lost or sent twice somewhere: the pattern fits what is before or what is behind,
/// and half of the symbols are no errors of the link.
#[test]
fn a_symbol_that_was_lost() {
    let whole = pattern("prbs13q", 3 * 8191);
    for at_symbol in [3_000, 12_000, 20_000] {
        let mut sent = whole.clone();
        sent.remove(at_symbol);
        let samples = wave(&sent, EVEN, 0.1);
        for options in ways(&told("prbs13q")) {
            let found = at(&samples, PER_SYMBOL as f64, &options);
            let name = case("lost", &options);
            assert!(has(&found, "pattern-not-found"), "{name}: {at_symbol}");
            assert_unmeasured(&found, &name);
        }
    }
}

#[test]
fn symbols_that_are_all_equal() {
    let samples = wave(&[2; 9_000], EVEN, 0.05);
    for pattern in [PatternChoice::Auto, told("prbs13q")] {
        for options in ways(&pattern) {
            for per_symbol in [1, PER_SYMBOL] {
                let found = at(&samples, per_symbol as f64, &options);
                let name = case("equal", &options);
                let flags = ["wrong-rate", "eye-closed"].map(|flag| has(&found, flag));
                assert!(flags.contains(&true), "{name}: {:?}", found.report.quality);
                assert_unmeasured(&found, &name);
                assert_no_levels(&found, &name);
            }
        }
    }
    // Two values, one of them hardly ever, and no noise.
    let rare: Vec<f32> = (0..9_000)
        .map(|i| if i % 997 == 5 { 2.0 } else { 1.0 })
        .collect();
    for options in ways(&PatternChoice::Auto) {
        let found = at(&rare, 1.0, &options);
        let name = case("rare", &options);
        assert!(
            has(&found, "level-missing"),
            "{name}: {:?}",
            found.report.quality
        );
        assert_unmeasured(&found, &name);
        assert_no_levels(&found, &name);
    }
}

/// Three symbols to and fro within 300: no loop follows that. At one sample a symbol nothing can
/// be followed; a clock 0.2 % off goes over every instant of a symbol in 500 of them.
#[test]
fn drift_beyond_tracking() {
    let samples = wave(&pattern("prbs13q", 2 * 8191), EVEN, 0.1);
    let per_symbol = PER_SYMBOL as f64;
    let turn = std::f64::consts::TAU / (300.0 * per_symbol);
    let wobbling = warped(&samples, |i| i + 3.0 * per_symbol * (turn * i).sin());
    for options in ways(&told("prbs13q")) {
        let found = at(&wobbling, per_symbol, &options);
        let name = case("wobbling", &options);
        assert!(has(&found, "wrong-rate"), "{name}");
        assert_unmeasured(&found, &name);
        assert_no_levels(&found, &name);
    }
    let drifting = warped(&samples, |i| 1.002 * i);
    let drifting: Vec<f32> = drifting[..64_000].iter().step_by(4).copied().collect();
    for pattern in [PatternChoice::None, told("prbs13q")] {
        for options in ways(&pattern) {
            let found = at(&drifting, 1.0, &options);
            let name = case("one sample a symbol", &options);
            assert!(has(&found, "eye-closed"), "{name}");
            assert_unmeasured(&found, &name);
            assert_no_levels(&found, &name);
        }
    }
}

#[test]
fn a_rate_that_is_one_percent_off() {
    let samples = wave(&pattern("prbs13q", 2 * 8191), EVEN, 0.1);
    for factor in [0.99, 1.01] {
        for options in ways(&told("prbs13q")) {
            let found = at(&samples, PER_SYMBOL as f64 * factor, &options);
            let name = case("1 % off", &options);
            assert!(has(&found, "wrong-rate"), "{name}");
            assert_unmeasured(&found, &name);
            assert_no_levels(&found, &name);
        }
    }
}

/// A converter that ends inside the outer levels: flagged whatever is counted, and no extreme is
/// told of what was cut off.
#[test]
fn a_saturated_converter() {
    let samples = wave(&pattern("prbs13q", 2 * 8191), EVEN, 0.1);
    let clipped: Vec<f32> = samples.iter().map(|x| x.clamp(1.2, 3.8)).collect();
    for options in ways(&told("prbs13q")) {
        let found = at(&clipped, PER_SYMBOL as f64, &options);
        let name = case("clipped", &options);
        assert!(has(&found, "clipping"), "{name}");
        let transmitter = found.report.transmitter.as_ref().expect(&name);
        for figure in [
            &transmitter.overshoot_percent,
            &transmitter.undershoot_percent,
            &transmitter.power_excursion,
        ] {
            let reason = figure.reason().unwrap_or_default();
            assert!(reason.contains("clipped"), "{name}: {figure:?}");
        }
    }
}

/// One level stands where another does: flagged, no linearity or TDECQ as if nothing was, no
/// errors of two levels where four were sent.
#[test]
fn one_level_is_missing() {
    let sent = pattern("prbs13q", 2 * 8191);
    for (missing, instead) in [(0, 1), (1, 0), (2, 1), (3, 2)] {
        let mut levels = EVEN;
        levels[missing] = levels[instead];
        let samples = wave(&sent, levels, 0.06);
        for pattern in [PatternChoice::Auto, PatternChoice::None, told("prbs13q")] {
            for options in ways(&pattern) {
                let found = at(&samples, PER_SYMBOL as f64, &options);
                let name = case(&format!("level {missing} at {instead}"), &options);
                let flags = ["level-missing", "pattern-not-found", "eye-closed"];
                assert!(
                    flags.iter().any(|flag| has(&found, flag)),
                    "{name}: {:?}",
                    found.report.estimates
                );
                let e = &found.report.estimates;
                assert_eq!(e.tdecq_db.estimate(), None, "{name}");
                // With the sent symbols known, the level that is not there shows as no opening.
                let rlm = e.rlm_120d.value();
                assert!(rlm.is_none_or(|rlm| rlm < 0.1), "{name}: {:?}", e.rlm_120d);
                // A quarter of the symbols cannot be told from another quarter: one bit in eight.
                if let Some(ber) = e.pre_fec_ber.estimate() {
                    assert!(ber.high > 0.1, "{name}: {ber:?}");
                }
            }
        }
    }
}

/// Three of four levels are sent, or two, and four are asked for.
#[test]
fn fewer_levels_than_were_told() {
    let mut noise = Noise::new(5);
    for values in [vec![0u8, 1, 3], vec![0, 1, 2], vec![0, 3]] {
        let sent: Vec<u8> = (0..9_000)
            .map(|_| values[usize::from(noise.symbol(values.len()))])
            .collect();
        let samples = noisy(&sent, 4, 0.15, 6);
        for equalizer in [EqualizerChoice::Auto, EqualizerChoice::None] {
            let options = ReceiveOptions {
                modulation: ModulationChoice::Is(Modulation::Pam4),
                pattern: PatternChoice::None,
                equalizer,
                ..plain("prbs13q")
            };
            let found = at(&samples, 1.0, &options);
            let name = case(&format!("{values:?}"), &options);
            let flags = ["level-missing", "eye-closed"].map(|flag| has(&found, flag));
            assert!(flags.contains(&true), "{name}: {:?}", found.report.levels);
            assert_no_levels(&found, &name);
        }
    }
}
