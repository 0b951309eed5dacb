use proptest::prelude::*;

use super::*;

fn real(values: &[f64]) -> Vec<Complex64> {
    values.iter().map(|&v| Complex64::new(v, 0.0)).collect()
}

fn ohm(ports: usize) -> Vec<Complex64> {
    real(&vec![50.0; ports])
}

#[test]
fn a_route_reads_and_writes() {
    assert_eq!("2,1".parse(), Ok(Route::SingleEnded { to: 2, from: 1 }));
    let pair: Route = "2, 4,1,3".parse().unwrap();
    let expected = Route::Differential {
        to: [2, 4],
        from: [1, 3],
    };
    assert_eq!((pair, pair.to_string().as_str()), (expected, "2,4,1,3"));
    for wrong in [
        "",
        "2",
        "2,2",
        "0,1",
        "2,1,3",
        "2,x",
        "2,4,1,4",
        "-2,1",
        "1,2,3,4,5",
    ] {
        assert!(wrong.parse::<Route>().is_err(), "{wrong}");
    }
}

/// Two lines of gain g between 1-2 and 3-4 with crosstalk x between the far ends: a differential
/// wave passes with g - x, a common one would with g + x.
#[test]
fn ref_differential_gain_of_two_coupled_lines() {
    let (g, x) = (0.8, 0.15);
    let matrix = real(&[
        0.0, g, 0.0, x, //
        g, 0.0, x, 0.0, //
        0.0, x, 0.0, g, //
        x, 0.0, g, 0.0,
    ]);
    let both = [matrix.clone(), matrix].concat();
    let lines = SParameters::new(vec![0.0, 1e9], ohm(4), both).unwrap();
    let at = |route: &str| lines.response(route.parse().unwrap()).unwrap().at(5e8).re;
    assert!((at("2,4,1,3") - (g - x)).abs() < 1e-12);
    assert!((at("2,1") - g).abs() < 1e-12);
    assert!((at("4,1") - x).abs() < 1e-12);
    // Wires swapped at one end: the same, inverted.
    assert!((at("4,2,1,3") + (g - x)).abs() < 1e-12);
    // The largest of the singular values |g + x| and |g - x|.
    assert!((lines.passivity().largest_gain - (g + x)).abs() < 2e-6);
    assert_eq!(lines.passivity().remark(), None);
    assert_eq!(
        lines.response("5,1".parse().unwrap()),
        Err(SParametersError::Port { ports: 4, found: 5 })
    );
}

/// An amplifier is not passive, and the remark says where: singular values of a diagonal matrix
/// are its entries.
#[test]
fn ref_gain_beyond_one_is_remarked() {
    let matrices = real(&[0.1, 0.0, 0.0, 0.2, 0.3, 0.0, 0.0, 1.25]);
    let amplifier = SParameters::new(vec![1e9, 2e9], ohm(2), matrices).unwrap();
    let passivity = amplifier.passivity();
    assert_eq!(passivity.frequency_hz, 2e9);
    assert!(
        (passivity.largest_gain - 1.25).abs() < 2e-6,
        "{passivity:?}"
    );
    assert_eq!(passivity.remark().unwrap().flag, "channel-not-passive");
    let nothing = SParameters::new(vec![1e9], ohm(2), real(&[0.0; 4])).unwrap();
    assert_eq!(nothing.passivity().largest_gain, 0.0);
}

#[test]
fn counts_that_do_not_fit_are_refused() {
    let what = |f: Vec<f64>, ports, s: &[f64]| match SParameters::new(f, ohm(ports), real(s)) {
        Err(SParametersError::Count { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(what(vec![1.0], 0, &[]), "ports");
    assert_eq!(what(vec![], 1, &[]), "frequencies");
    assert_eq!(what(vec![1.0], 2, &[0.0; 3]), "parameters");
}

proptest! {
    /// The largest singular value of `c u v^H` with unit vectors is `|c|`, and it bounds what any
    /// wave gets out.
    #[test]
    fn prop_largest_gain_bounds_every_wave(
        entries in proptest::collection::vec((-1.0..1.0f64, -1.0..1.0f64), 9),
        wave in proptest::collection::vec((-1.0..1.0f64, -1.0..1.0f64), 3),
    ) {
        let complex = |v: &[(f64, f64)]| v.iter().map(|&(re, im)| Complex64::new(re, im)).collect::<Vec<_>>();
        let (s, a) = (complex(&entries), complex(&wave));
        let gain = SParameters::new(vec![1e9], ohm(3), s.clone()).unwrap().passivity().largest_gain;
        let power = |x: &[Complex64]| x.iter().map(Complex64::norm_sqr).sum::<f64>();
        let b: Vec<Complex64> = (0..3).map(|i| (0..3).map(|j| s[3 * i + j] * a[j]).sum()).collect();
        prop_assert!(power(&b).sqrt() <= gain * power(&a).sqrt() * (1.0 + 1e-9) + 1e-12);
        // It is reached by no more than the Frobenius norm and no less than the largest entry.
        let largest = s.iter().map(|z| z.norm()).fold(0.0, f64::max);
        prop_assert!(gain >= largest * (1.0 - 1e-9) && gain <= power(&s).sqrt() * (1.0 + 2e-6));
    }
}
