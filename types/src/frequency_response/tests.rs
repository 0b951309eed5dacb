use proptest::prelude::*;

use super::*;

/// A single-pole low-pass behind a delay, at rising frequencies.
fn pole(first_hz: f64, step_hz: f64, points: usize, delay_s: f64) -> FrequencyResponse {
    let frequency_hz: Vec<f64> = (0..points).map(|i| first_hz + step_hz * i as f64).collect();
    let gains: Vec<Complex64> = frequency_hz.iter().map(|&f| pole_at(f, delay_s)).collect();
    FrequencyResponse::from_gains(frequency_hz, &gains).unwrap()
}

fn pole_at(f: f64, delay_s: f64) -> Complex64 {
    Complex64::cis(-TAU * f * delay_s) / Complex64::new(1.0, f / 10e9)
}

/// Between points 50 MHz apart a pole at 10 GHz is straight: the second derivative of `1 / (1 +
/// jx)` is at most 2 per pole squared, so the chord misses by `2 (0.005)^2 / 8` = 6e-6. The delay
/// of 4.3 ns turns the phase by 77 degrees a point and is followed exactly.
#[test]
fn ref_a_pole_behind_a_delay_is_interpolated() {
    let delay_s = 4.3e-9;
    let response = pole(50e6, 50e6, 400, delay_s);
    for i in 0..3000 {
        let f = 55e6 + 6.6e6 * f64::from(i);
        if f > response.top_hz() {
            break;
        }
        let miss = (response.at(f) - pole_at(f, delay_s)).norm();
        assert!(miss < 1e-5, "{f}: {miss}");
    }
    assert_eq!(response.at(-3.1e9), response.at(3.1e9).conj());
    assert!(
        response
            .remarks()
            .iter()
            .all(|r| r.flag == "channel-dc-extrapolated")
    );
}

/// From 50 MHz on the pole's magnitude at zero frequency is 1; a line through the first eight
/// points of its parabola misses by at most `(0.04)^2 / 2` = 8e-4, and the phase's by `(0.04)^3`.
#[test]
fn ref_zero_frequency_is_extrapolated() {
    let response = pole(50e6, 50e6, 400, 4.3e-9);
    let dc = response.dc();
    assert!(dc.extrapolated);
    assert!((dc.magnitude - 1.0).abs() < 8e-4, "{dc:?}");
    assert!(
        dc.phase_rad.abs() < 1e-12 && dc.phase_miss_rad < 1e-4,
        "{dc:?}"
    );
    assert!((response.at(0.0).re - dc.magnitude).abs() < 1e-12);
    // An inverting channel stays one: wires of a pair swapped.
    let gains: Vec<Complex64> = response
        .frequency_hz()
        .iter()
        .map(|&f| -response.at(f))
        .collect();
    let swapped = FrequencyResponse::from_gains(response.frequency_hz().to_vec(), &gains).unwrap();
    assert!(
        (swapped.at(0.0).re + dc.magnitude).abs() < 1e-9,
        "{}",
        swapped.at(0.0)
    );
    assert!(swapped.dc().phase_miss_rad < 1e-4);
}

/// The slope is the delay: the pole adds its own `1 / (2 pi 10 GHz)` = 15.9 ps at low
/// frequencies, less above.
#[test]
fn ref_delay_is_the_slope_of_the_phase() {
    let delay_s = 1.7e-9;
    let response = pole(0.0, 20e6, 600, delay_s);
    let found = response.delay_s(2e9);
    assert!((found - delay_s - 15.9e-12).abs() < 0.3e-12, "{found:e}");
    assert!(response.delay_s(1.0).is_finite());
}

#[test]
fn nothing_is_made_up_beyond_the_last_point() {
    let response = pole(0.0, 50e6, 400, 1e-9);
    let top = response.top_hz();
    let (end, half, far) = (
        response.at(top),
        response.at(1.05 * top),
        response.at(1.1 * top),
    );
    assert!((half.norm() / end.norm() - 0.5).abs() < 1e-9);
    assert!(far.norm() < 1e-12 && response.at(9e12).norm() == 0.0);
    // No step at the joint.
    assert!((response.at(top * (1.0 + 1e-9)) - end).norm() < 1e-5);
}

#[test]
fn odd_points_are_remarked() {
    let flags = |response: &FrequencyResponse| -> Vec<String> {
        response.remarks().into_iter().map(|r| r.flag).collect()
    };
    assert_eq!(flags(&pole(0.0, 50e6, 100, 1e-9)), Vec::<String>::new());
    // 9 ns over 50 MHz is 0.45 turns a point.
    assert!(flags(&pole(0.0, 50e6, 100, 9e-9)).contains(&"channel-coarse".into()));
    let turned: Vec<Complex64> = (0..100).map(|_| Complex64::cis(0.8)).collect();
    let at: Vec<f64> = (1..=100).map(|i| 1e7 * f64::from(i)).collect();
    let turned = FrequencyResponse::from_gains(at, &turned).unwrap();
    assert!(flags(&turned).contains(&"channel-dc-phase".into()));
}

#[test]
fn impossible_points_are_refused() {
    let one = vec![1.0, 1.0];
    let make =
        |f: &[f64], m: &[f64]| FrequencyResponse::new(f.to_vec(), m.to_vec(), vec![0.0; m.len()]);
    assert_eq!(
        make(&[1.0], &[1.0]),
        Err(ResponseError::TooFewPoints { found: 1 })
    );
    assert!(matches!(
        make(&[1.0, 1.0], &one),
        Err(ResponseError::Frequency { index: 1, .. })
    ));
    assert!(matches!(
        make(&[-1.0, 1.0], &one),
        Err(ResponseError::Frequency { index: 0, .. })
    ));
    assert!(matches!(
        make(&[0.0, f64::NAN], &one),
        Err(ResponseError::Frequency { .. })
    ));
    assert!(matches!(
        make(&[0.0, 1.0], &[1.0, -1.0]),
        Err(ResponseError::Gain { index: 1, .. })
    ));
    assert_eq!(
        make(&[0.0, 1.0], &[1.0]),
        Err(ResponseError::Lengths {
            expected: 2,
            found: 1
        })
    );
    let text = r#"{"frequency_hz":[2.0,1.0],"magnitude":[1.0,1.0],"phase_rad":[0.0,0.0]}"#;
    assert!(serde_json::from_str::<FrequencyResponse>(text).is_err());
}

proptest! {
    /// At its points a response is what was given, whatever was given; and it survives JSON.
    #[test]
    fn prop_points_are_kept(
        points in proptest::collection::vec((1.0..1e9f64, -1.0..1.0f64, -1.0..1.0f64), 2..40),
    ) {
        let mut f = 0.0;
        let frequency_hz: Vec<f64> = points.iter().map(|p| { f += p.0; f }).collect();
        let gains: Vec<Complex64> = points.iter().map(|p| Complex64::new(p.1, p.2)).collect();
        let response = FrequencyResponse::from_gains(frequency_hz.clone(), &gains).unwrap();
        for (&f, gain) in frequency_hz.iter().zip(&gains) {
            prop_assert!((response.at(f) - gain).norm() < 1e-9, "{f}");
        }
        let text = serde_json::to_string(&response).unwrap();
        prop_assert_eq!(serde_json::from_str::<FrequencyResponse>(&text).unwrap(), response);
    }
}
