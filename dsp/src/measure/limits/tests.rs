use super::*;
use crate::measure::statistics::normal;
use crate::{BaudChoice, ReceiveOptions, receive};

/// A report of nothing, to fill in: a constant capture.
fn report() -> LinkReport {
    let options = ReceiveOptions {
        baud: BaudChoice::Is(53.125e9),
        ..ReceiveOptions::default()
    };
    receive(&[1.0; 5000], 1e-11, &options, &mut ())
        .unwrap()
        .report
}

fn figure(value: f64, sigma: f64, unit: &str) -> Figure {
    normal(value, sigma, 1000, unit, "made up", "made up")
}

fn judged<'a>(results: &'a [LimitCheck], quantity: &str) -> &'a LimitCheck {
    let mut of = results.iter().filter(|r| r.limit.quantity == quantity);
    let found = of.next().expect(quantity);
    assert!(of.next().is_none(), "{quantity} twice");
    found
}

/// Every figure of a 400GBASE-FR4 transmitter that has one: within, outside and astride.
#[test]
fn figures_are_held_to_their_rows() {
    let mut report = report();
    report.estimates.tdecq_db = figure(2.0, 0.1, "dB");
    report.estimates.oma_outer = figure(1e-3, 1e-5, "W");
    report.estimates.extinction_ratio_db = figure(5.0, 0.1, "dB");
    let results = check(&report, "400gbase-fr4").unwrap();
    assert_eq!(judged(&results, "tdecq_db").verdict, Verdict::Pass);
    assert_eq!(judged(&results, "oma_outer_dbm").verdict, Verdict::Pass);
    // 0 dBm less 2 dB is below -1.7 dBm, by more than 0.2 dB of interval.
    assert_eq!(
        judged(&results, "oma_minus_tdecq_dbm").verdict,
        Verdict::Fail
    );
    assert_eq!(
        judged(&results, "extinction_ratio_db").verdict,
        Verdict::Pass
    );
    for quantity in ["rin_oma_db_per_hz", "k_db"] {
        assert_eq!(judged(&results, quantity).verdict, Verdict::Undecided);
    }
    report.estimates.tdecq_db = figure(3.35, 0.1, "dB");
    let results = check(&report, "400GBASE-FR4").unwrap();
    let reason = judged(&results, "tdecq_db")
        .reason
        .as_ref()
        .expect("3.35 +- 0.2 dB at a limit of 3.4");
    assert!(reason.contains("holds the limit"), "{reason}");
    report.estimates.tdecq_db = figure(4.0, 0.1, "dB");
    let results = check(&report, "400GBASE-FR4").unwrap();
    assert_eq!(judged(&results, "tdecq_db").verdict, Verdict::Fail);
}

/// The row for the extinction ratio at hand counts; without one both are shown and left open.
#[test]
fn rows_follow_the_extinction_ratio() {
    let mut report = report();
    let floor = |report: &LinkReport| -> Vec<Option<f64>> {
        let results = check(report, "400GBASE-FR4").unwrap();
        let of = results
            .iter()
            .filter(|r| r.limit.quantity == "oma_minus_tdecq_dbm");
        of.map(|r| r.limit.minimum).collect()
    };
    assert_eq!(floor(&report), [Some(-1.7), Some(-1.6)]);
    report.estimates.extinction_ratio_db = figure(4.0, 0.1, "dB");
    assert_eq!(floor(&report), [Some(-1.6)]);
    report.estimates.extinction_ratio_db = figure(4.5, 0.1, "dB");
    assert_eq!(floor(&report), [Some(-1.7)]);
}

#[test]
fn volts_are_not_dbm_and_unknown_names_are_refused() {
    let mut report = report();
    report.estimates.oma_outer = figure(0.5, 0.01, "V");
    let results = check(&report, "400GBASE-FR4").unwrap();
    let reason = judged(&results, "oma_outer_dbm")
        .reason
        .as_ref()
        .expect("volts in dBm");
    assert!(reason.contains("watts"), "{reason}");
    let error = check(&report, "400GBASE-XX").unwrap_err();
    assert!(error.to_string().contains("400GBASE-FR4"), "{error}");
}
