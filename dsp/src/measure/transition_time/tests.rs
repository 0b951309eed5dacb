use super::*;
use crate::measure::reference_receiver::filter_periodic;
use crate::signals::{Noise, pattern};

fn wave(samples: Vec<f32>, symbols: &[u8], per_symbol: usize) -> PatternWaveform {
    let centre = 0.5 * (per_symbol as f64 - 1.0);
    PatternWaveform::new(samples, symbols.to_vec(), per_symbol, centre).unwrap()
}

/// Symbols with straight edges of `width` unit intervals.
fn ramps(symbols: &[u8], per_symbol: usize, width: f64) -> Vec<f32> {
    let n = symbols.len();
    (0..n * per_symbol)
        .map(|i| {
            let t = (i as f64 + 0.5) / per_symbol as f64;
            let k = (t + 0.5) as usize;
            // The edge before symbol k lies at t = k.
            let (before, after) = (symbols[(k + n - 1) % n], symbols[k % n]);
            let share = ((t - k as f64) / width + 0.5).clamp(0.0, 1.0);
            (f64::from(before) + share * (f64::from(after) - f64::from(before))) as f32
        })
        .collect()
}

/// A straight edge of width w takes 0.6 w from 20 to 80 %. Its corners, beyond the crossings, are
/// not band-limited; at 16 samples a symbol what they leave at the crossings is below 0.5 % of
/// the swing, 0.004 UI. SSPRQ is read at five symbols, PRBS13Q at three.
#[test]
fn ref_straight_edges() {
    for (name, count, isolation) in [("ssprq", 65_535, 5), ("prbs13q", 8191, 3)] {
        let symbols = pattern(name, count);
        for width in [0.4, 0.7] {
            let wave = wave(ramps(&symbols, 16, width), &symbols, 16);
            let outer = wave.outer_levels().unwrap();
            let found = transition_time(&wave, &outer, 0.0);
            for figure in [&found.rise_ui, &found.fall_ui, &found.slower_ui] {
                let time = figure.value().unwrap();
                assert!((time - 0.6 * width).abs() < 0.005, "{name} {width}: {time}");
                let definition = &figure.estimate().unwrap().definition;
                assert!(
                    definition.contains(&format!("{isolation} symbols")),
                    "{definition}"
                );
            }
        }
    }
}

/// The step of the Bessel-Thomson filter by numbers: its 20-80 % time is the distance between the
/// crossings of the inverse transform of `H(f) / (j 2 pi f)`, summed here directly from a square
/// wave's harmonics, period 64 UI.
#[test]
fn ref_the_reference_receiver_alone() {
    use etalon_types::bessel_thomson::without_delay;
    let step = |t: f64| -> f64 {
        0.5 + (0..2000)
            .map(|i| {
                let h = f64::from(2 * i + 1);
                let gain = without_delay(h / 64.0 / 0.5);
                let angle = std::f64::consts::TAU * h * t / 64.0;
                2.0 / (std::f64::consts::PI * h) * (gain.re * angle.sin() + gain.im * angle.cos())
            })
            .sum::<f64>()
    };
    let cross = |level: f64| {
        let (mut low, mut high) = (-1.0, 1.0);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if step(middle) < level {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    };
    let expected = cross(0.8) - cross(0.2);
    // Its textbook value: a 4th-order Bessel filter has 10-90 % = 0.35 / fr, and 20-80 % = 0.69
    // of it for a Gaussian step response.
    assert!((expected - 0.35 / 0.5 * 0.69).abs() < 0.08, "{expected}");
    let symbols = pattern("ssprq", 65_535);
    let rectangular: Vec<f32> = symbols.iter().flat_map(|&s| [f32::from(s); 32]).collect();
    // 32 samples a symbol sample the edge within 1/64 UI of where it is; rise and fall alike.
    let filtered = filter_periodic(&rectangular, 32.0);
    let wave = wave(filtered, &symbols, 32);
    let outer = wave.outer_levels().unwrap();
    let found = transition_time(&wave, &outer, 0.0)
        .slower_ui
        .value()
        .unwrap();
    assert!((found - expected).abs() < 0.005, "{found} {expected}");
}

/// The slower edge counts; noise widens the interval, which holds the truth.
#[test]
fn the_slower_edge_counts() {
    let symbols = pattern("ssprq", 65_535);
    let (fast, slow) = (ramps(&symbols, 16, 0.4), ramps(&symbols, 16, 0.8));
    let mut noise = Noise::new(2);
    let n = symbols.len();
    let samples = (0..fast.len())
        .map(|i| {
            let edge = (i + 8) / 16;
            let rises = symbols[edge % n] > symbols[(edge + n - 1) % n];
            let clean = if rises { fast[i] } else { slow[i] };
            clean + (0.05 * noise.normal()) as f32
        })
        .collect();
    let wave = wave(samples, &symbols, 16);
    let outer = wave.outer_levels().unwrap();
    let found = transition_time(&wave, &outer, 0.05);
    assert_eq!(found.slower_ui, found.fall_ui);
    for (figure, expected) in [(&found.rise_ui, 0.24), (&found.fall_ui, 0.48)] {
        let spread = figure.high().unwrap() - figure.low().unwrap();
        assert!(spread > 0.0 && spread < 0.1, "{figure:?}");
        // Twice the interval of 95 %: four sigmas.
        assert!(
            (figure.value().unwrap() - expected).abs() < spread,
            "{figure:?}"
        );
    }
}

#[test]
fn without_transitions_there_is_no_number() {
    let symbols: Vec<u8> = (0..300).map(|k| [0, 1, 2, 3, 2, 1][k % 6]).collect();
    let wave = wave(ramps(&symbols, 16, 0.4), &symbols, 16);
    let outer = OuterLevels {
        top: (3.0, 0.0),
        bottom: (0.0, 0.0),
        runs: (1, 1),
    };
    let found = transition_time(&wave, &outer, 0.0);
    assert!(found.slower_ui.reason().unwrap().contains("no 2 symbols"));
}
