use super::super::suppression::suppression_db;
use super::*;

const LINK: Link = Link {
    level_db: -24.0,
    linewidth_hz: 1e6,
    half_step_sigmas: QUIET,
};

/// The figure, and the share of the interferer's power that was in truth left, in dB.
fn measured(link: &Link, method: Method, seed: u64) -> (etalon_types::Figure, f64) {
    let count = 1 << 18;
    let (sent, power) = link.capture(count, 0.4, seed);
    // The same draws with next to no noise: what is not the signal is the interferer.
    let quiet = Link {
        half_step_sigmas: 1e9,
        ..*link
    };
    let (_, clean) = quiet.capture(count, 0.4, seed);
    let slicer = slicer(link.sigma());
    let input = input(link, &power, &slicer);
    let cancelled = cancel(&input, method).unwrap();
    let figure = suppression_db(&input, &cancelled).unwrap();
    let (mut left, mut whole) = (0.0, 0.0);
    for t in DELAY..count {
        // The beat: without the power m P that the copy brings itself, which nobody takes out.
        let [own, late] = [t, t - DELAY].map(|t| levels()[usize::from(sent[t])]);
        let interferer = f64::from(clean[t]) - own - link.ratio() * (late - 1.0);
        let taken = f64::from(power[t] - cancelled.samples[t]);
        left += (interferer - taken).powi(2);
        whole += interferer.powi(2);
    }
    (figure, 10.0 * (left / whole).log10())
}

/// Against the interferer itself, for both cancellers and three linewidths.
#[test]
fn ref_the_share_left_is_that_of_the_simulated_interferer() {
    let mut outside = 0;
    for method in [Method::BlockTracker, Method::DelayAware] {
        for linewidth_hz in [0.1e6, 1e6, 10e6] {
            for level_db in [-20.0, -24.0, -30.0] {
                let link = Link {
                    level_db,
                    linewidth_hz,
                    ..LINK
                };
                let (figure, truth) = measured(&link, method, 3);
                let [low, high] = [figure.low().unwrap_or(-99.0), figure.high().unwrap()];
                println!("{method:?} {linewidth_hz} {level_db}: [{low:.2}, {high:.2}], {truth:.2}");
                outside += usize::from(!(low..high).contains(&truth));
                assert!((low - 1.0..high + 1.0).contains(&truth));
            }
        }
    }
    // Of 18 intervals of 95 % more than four miss with a probability of 0.15 %.
    assert!(outside <= 4, "{outside} of 18 intervals miss");
}

/// A weak beat that turns fast: with the block that suits a strong one, noise alone would leave
/// `N / (S + N)` = 25 % (-6 dB) of it in the delay-aware canceller.
#[test]
fn a_weak_beat_gets_a_longer_block() {
    let weak = Link {
        level_db: -34.0,
        linewidth_hz: 10e6,
        ..LINK
    };
    let (tracker, left_by_tracker) = measured(&weak, Method::BlockTracker, 5);
    let (aware, left_by_aware) = measured(&weak, Method::DelayAware, 5);
    println!("tracker {left_by_tracker:.2} dB, delay-aware {left_by_aware:.2} dB");
    assert!(left_by_aware < left_by_tracker && left_by_aware < -9.0);
    for (figure, truth) in [(tracker, left_by_tracker), (aware, left_by_aware)] {
        let (low, high) = (figure.low().unwrap(), figure.high().unwrap());
        println!("[{low:.2}, {high:.2}]");
        assert!((low - 1.0..high + 1.0).contains(&truth));
    }
}

#[test]
fn ref_the_high_pass_is_judged_by_its_errors_only() {
    let (figure, truth) = measured(&LINK, Method::HighPass, 3);
    assert!(figure.reason().unwrap().contains("moving mean"));
    // At 0.015 rad^2 a block of 64 symbols the mean over 1025 loses about a fifth of the beat.
    assert!(truth < -3.0, "{truth}");
}

#[test]
fn the_delay_aware_canceller_leaves_less_and_none_is_told_without_a_path() {
    let (tracker, _) = measured(&LINK, Method::BlockTracker, 1);
    let (aware, _) = measured(&LINK, Method::DelayAware, 1);
    let (tracker, aware) = (tracker.low().unwrap(), aware.high().unwrap());
    println!("tracker at least {tracker:.2}, delay-aware at most {aware:.2}");
    assert!(aware < tracker);

    let (_, power) = LINK.capture(1 << 16, 0.4, 1);
    let slicer = slicer(LINK.sigma());
    let lost = Input {
        delay: None,
        ..input(&LINK, &power, &slicer)
    };
    let cancelled = cancel(&lost, Method::BlockTracker).unwrap();
    assert!(
        suppression_db(&lost, &cancelled)
            .unwrap()
            .reason()
            .is_some()
    );
}

#[test]
fn a_bypass_and_a_wrong_delay_claim_nothing() {
    let healthy = Link {
        level_db: -200.0,
        ..LINK
    };
    let (figure, _) = measured(&healthy, Method::BlockTracker, 2);
    assert!(figure.reason().unwrap().contains("bypassed"));
    // A result of another capture.
    let (_, power) = LINK.capture(1 << 14, 0.4, 1);
    let slicer = slicer(LINK.sigma());
    let short = input(&LINK, &power[..1 << 13], &slicer);
    let cancelled = cancel(&short, Method::HighPass).unwrap();
    let whole = input(&LINK, &power, &slicer);
    assert!(matches!(
        suppression_db(&whole, &cancelled),
        Err(Refusal::TooShort { .. })
    ));
}
