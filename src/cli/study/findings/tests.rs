use super::*;

fn flags(right: u64, of: u64) -> impl Iterator<Item = bool> {
    (0..of).map(move |i| i < right)
}

#[test]
fn ref_the_rate_is_rejected_where_the_binomial_rejects_it() {
    // P(X >= 4 | 60, 0.01) = 0.0033 < 0.01 <= P(X >= 3 | 60, 0.01) = 0.022.
    let found = |right| Finding::at_least("x", 0.99, flags(right, 60)).holds;
    assert_eq!((found(57), found(56)), (Some(true), Some(false)));
    // P(X >= 5 | 1000, 0.001) = 0.0037 < 0.01 <= P(X >= 4 | 1000, 0.001) = 0.019.
    let found = |wrong| Finding::at_most("x", 0.001, flags(wrong, 1000)).holds;
    assert_eq!((found(4), found(5)), (Some(true), Some(false)));
}

#[test]
fn ref_the_rms_is_rejected_where_chi_squared_rejects_it() {
    // The 99 % quantile of chi-squared with 100 degrees of freedom is 135.807.
    let of = |square: f64| Finding::rms("x", vec![(square / 100.0).sqrt(); 100]).holds;
    assert_eq!((of(135.7), of(135.9)), (Some(true), Some(false)));
}

#[test]
fn a_share_is_taken_at_its_word_from_nine_hundred_draws_on() {
    let found = |right, of| Finding::within("x", (0.93, 0.97), flags(right, of)).holds;
    assert_eq!(found(971, 1000), Some(false));
    assert_eq!(found(970, 1000), Some(true));
    assert_eq!(found(50, 50), Some(true));
    assert_eq!(found(80, 100), Some(false));
}

#[test]
fn nothing_drawn_is_neither_held_nor_missed() {
    for found in [
        Finding::at_least("x", 0.9, []),
        Finding::at_most("x", 0.1, []),
        Finding::within("x", (0.1, 0.2), []),
        Finding::rms("x", []),
    ] {
        assert_eq!((found.value, found.holds, found.n), (None, None, 0));
        assert!(found.line().contains("none"));
    }
}

#[test]
fn the_screen_fits_and_shows_first_what_is_missed() {
    let mut findings: Vec<Finding> = (0..40)
        .map(|i| {
            Finding::at_least(
                format!("requirement number {i} that has a rather long name"),
                0.99,
                flags(1000, 1000),
            )
        })
        .collect();
    findings.push(Finding::judged(
        "a number with many digits after its point",
        -0.012_345_6,
        (-0.043_21, -0.012_34),
        10,
        "0",
        true,
    ));
    findings.push(Finding::at_least("broken", 0.99, flags(0, 1000)));
    let summary = SummaryRecord {
        schema: String::new(),
        study: "mpi-level".into(),
        version: String::new(),
        cpu: "a processor whose name is so long that it does not fit at all".into(),
        first_seed: 1,
        last_seed: 1000,
        trials: 6000,
        findings,
    };
    let text = screen(&summary);
    assert!(text.lines().count() <= 24);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert!(text.lines().nth(1).unwrap().starts_with("MISS broken"));
    assert!(text.ends_with("next: etalon study mpi-level --json\n"));
    assert!(!summary.holds());
}

#[test]
fn numbers_keep_three_digits() {
    assert_eq!(rounded(Value::from(-36.04999)), Value::from(-36.0));
    assert_eq!(rounded(Value::from(1.23456e-7)), Value::from(1.23e-7));
    assert_eq!(rounded(Value::from(123_456)), Value::from(123_456));
    assert_eq!(rounded(Value::Null), Value::Null);
}
