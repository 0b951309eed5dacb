//! The optional stage that says what taking the interference out would do.

use crate::signals::{Interference, pattern, symbols};
use crate::{BAUD_HZ, at, plain};
use etalon_dsp::options::{Measures, Quantity};
use etalon_dsp::{PatternChoice, ReceiveOptions};
use etalon_types::LinkReport;
use etalon_types::cancellation::{Cancellation, CancellationAction, CancellationMethod};

/// 500 ns, 1 MHz, ER 6 dB, -24 dB.
const LINK: Interference = Interference {
    level_db: -24.0,
    delay: 13_281,
    linewidth: 1e6 / BAUD_HZ,
    snr_db: 20.0,
    extinction_db: 6.0,
};
const COUNT: usize = 1 << 17;

/// The stage asked for.
fn options(pattern: PatternChoice) -> ReceiveOptions {
    ReceiveOptions {
        pattern,
        quantity: Quantity::OpticalPower,
        measures: Measures {
            eye: false,
            tdecq: false,
            cancellation: true,
            ..Measures::default()
        },
        ..plain("prbs31q")
    }
}

fn known() -> PatternChoice {
    plain("prbs31q").pattern
}

fn report(link: Interference, options: &ReceiveOptions) -> LinkReport {
    at(&link.power(&pattern("prbs31q", COUNT), 4, 9), 1.0, options).report
}

fn by(report: &LinkReport, method: CancellationMethod) -> &Cancellation {
    let mut all = report.cancellation.iter();
    all.find(|c| c.method == method).expect("three are offered")
}

#[test]
fn ref_errors_fall_as_the_cancellers_promise_and_the_link_stays_as_it_is() {
    let with = report(LINK, &options(known()));
    let [tracker, aware, high_pass] = [
        CancellationMethod::BlockTracker,
        CancellationMethod::DelayAware,
        CancellationMethod::HighPass,
    ]
    .map(|m| by(&with, m));
    for found in [tracker, aware, high_pass] {
        let (before, after) = (&found.ber_before, &found.ber_after);
        println!("{:?} {:?} {:?}", found.method, before.value(), after.high());
        // Half the step is 4.5 sigma at 20 dB: as in the published case of 1e-6 without a beat,
        // 1.1e-2 before. A capture of 5 us holds five coherence times, and errors come only where
        // the cosine is near one: its ratio scatters by a factor of a few.
        assert!((2e-3..5e-2).contains(&before.value().unwrap()));
        assert!(after.high().unwrap() < before.low().unwrap());
        let bursts = found.bursts_before.as_ref().unwrap();
        let after = found.bursts_after.as_ref().unwrap();
        assert!(bursts.longest > after.longest && bursts.events <= bursts.errors);
        let mean = bursts.errors_per_burst.unwrap();
        assert!((mean - bursts.errors as f64 / bursts.events as f64).abs() < 1e-12);
    }
    assert!(aware.ber_after.value() <= tracker.ber_after.value());
    assert!(tracker.ber_after.value() < high_pass.ber_after.value());
    // ER 6 dB: the data of the interferer are 5.4 % of its power, -12.7 dB, and stay in.
    assert!((-14.0..-11.0).contains(&tracker.suppression_db.value().unwrap()));
    assert!(aware.suppression_db.high().unwrap() < -16.0);
    assert!(high_pass.suppression_db.reason().is_some());
    let delay = aware.delay_s.expect("it uses the path's");
    assert!((delay * BAUD_HZ - 13_281.0).abs() < 0.5);
    assert!(tracker.delay_s.is_none());

    // A separate stage: without it, the same report.
    let mut quiet = options(known());
    quiet.measures.cancellation = false;
    let without = report(LINK, &quiet);
    let stripped = LinkReport {
        cancellation: Vec::new(),
        ..with
    };
    assert_eq!(stripped, without);
}

#[test]
fn without_a_pattern_no_error_is_counted_but_the_beat_is_measured() {
    let sent = symbols(4, COUNT, 4);
    let options = ReceiveOptions {
        pattern: PatternChoice::None,
        ..options(known())
    };
    let report = at(&LINK.power(&sent, 4, 10), 1.0, &options).report;
    let found = by(&report, CancellationMethod::DelayAware);
    assert!(found.ber_before.reason().unwrap().contains("no pattern"));
    assert!(found.ber_after.reason().unwrap().contains("no pattern"));
    assert!(found.bursts_before.is_none() && found.bursts_after.is_none());
    assert!(found.suppression_db.high().unwrap() < -12.0);
    assert!(matches!(
        found.action,
        CancellationAction::Subtracted { gain } if (0.9..=1.0).contains(&gain)
    ));
}

#[test]
fn a_healthy_link_is_offered_no_canceller() {
    let healthy = Interference {
        level_db: f64::NEG_INFINITY,
        ..LINK
    };
    assert!(report(healthy, &options(known())).cancellation.is_empty());
}
