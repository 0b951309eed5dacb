use num_complex::Complex64;

use super::*;
use crate::measure::channel::Span;

/// A decaying pulse with an echo, two samples a symbol.
fn channel() -> Channel {
    let span = Span {
        before: 4,
        after: 15,
    };
    let mut pulse = vec![0.0; 2 * span.symbols()];
    for (i, h) in [(7, 0.2), (8, 1.0), (9, 0.7), (10, 0.3), (27, -0.1)] {
        pulse[i] = h;
    }
    Channel {
        pulse,
        spacing: 2,
        span,
        residual_power: 0.0,
    }
}

const BAUD_HZ: f64 = 26.5625e9;

/// The channel's own response in hertz, without the symbol's shape, behind a delay and a gain,
/// and with a slope of `tilt_db` from zero to half the symbol rate.
fn given(shape: SymbolShape, delay_s: f64, tilt_db: f64) -> FrequencyResponse {
    let channel = channel();
    let frequency_hz: Vec<f64> = (0..1500).map(|i| 1e7 * f64::from(i)).collect();
    let gains: Vec<Complex64> = frequency_hz
        .iter()
        .map(|&hz| {
            let f = hz / BAUD_HZ;
            let tilt = 10f64.powf(tilt_db * 2.0 * f / 20.0);
            channel.response(f) * Complex64::cis(-TAU * hz * delay_s) * 0.25 * tilt / shape.gain(f)
        })
        .collect();
    FrequencyResponse::from_gains(frequency_hz, &gains).unwrap()
}

/// Against itself nothing is left but what interpolation between points 10 MHz apart costs; gain
/// and delay are taken out and told.
#[test]
fn ref_a_channel_does_not_deviate_from_itself() {
    for shape in [
        SymbolShape::Impulse,
        SymbolShape::Rectangle,
        SymbolShape::Held { samples: 4 },
    ] {
        for delay_s in [0.0, 5.2e-9] {
            let found = compare(&channel(), &given(shape, delay_s, 0.0), BAUD_HZ, shape).unwrap();
            assert!(found.worst_db < 1e-3 && found.rms_rad < 1e-3, "{found:?}");
            assert!((found.gain_db - 12.0412).abs() < 1e-3, "{found:?}");
            // What the given response has of its own delay counts for both.
            let own = given(shape, 0.0, 0.0).delay_s(0.5 * BAUD_HZ) * BAUD_HZ;
            assert!((found.delay_symbols - own).abs() < 0.02, "{found:?} {own}");
        }
    }
}

/// A slope of one decibel over the band deviates by half a decibel at either end, less what lies
/// below the lowest frequency compared, and by `1 / sqrt(12)` of it in the root mean square.
#[test]
fn ref_a_tilt_is_told() {
    let shape = SymbolShape::Rectangle;
    let found = compare(&channel(), &given(shape, 1e-9, 1.0), BAUD_HZ, shape).unwrap();
    let band = 0.95; // from 1/20 to 1/2 of the symbol rate, of which the points cover the ends
    assert!((found.worst_db - 0.5 * band).abs() < 0.03, "{found:?}");
    assert!(
        (found.rms_db - band / 12f64.sqrt()).abs() < 0.02,
        "{found:?}"
    );
}

/// Half the symbol rate: 2 / pi for a rectangle, 1 / (4 sin(pi / 8)) for four held samples.
#[test]
fn ref_shapes_at_half_the_symbol_rate() {
    assert!((SymbolShape::Rectangle.gain(0.5) - std::f64::consts::FRAC_2_PI).abs() < 1e-12);
    assert!((SymbolShape::Held { samples: 4 }.gain(0.5) - 0.653_28).abs() < 1e-5);
    assert_eq!(SymbolShape::Held { samples: 1 }.gain(0.3), 1.0);
    assert_eq!(SymbolShape::Rectangle.gain(0.0), 1.0);
}

#[test]
fn what_cannot_be_compared_is_not() {
    let shape = SymbolShape::Impulse;
    let whole = given(shape, 0.0, 0.0);
    assert_eq!(
        compare(&channel(), &whole, 40e9, shape),
        None,
        "ends too early"
    );
    let folded = Channel {
        spacing: 1,
        ..channel()
    };
    assert_eq!(
        compare(&folded, &whole, BAUD_HZ, shape),
        None,
        "one sample a symbol"
    );
    let silent = Channel {
        pulse: vec![0.0; channel().pulse.len()],
        ..channel()
    };
    assert_eq!(
        compare(&silent, &whole, BAUD_HZ, shape),
        None,
        "nothing passes"
    );
}
