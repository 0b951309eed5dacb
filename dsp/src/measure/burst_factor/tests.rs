use super::*;
use crate::fec::burst_chain::BurstChain;
use crate::measure::error_positions::SymbolError;
use crate::measure::error_positions::tests::chained;
use crate::signals::Noise;

const JUDGED: usize = 40 * 2720;

/// How many of 300 draws of a chain have an interval that holds its true factor.
fn covered(chain: BurstChain) -> usize {
    let truth = chain.variance_factor(2720);
    (0..300)
        .filter(|&seed| {
            let figure = burst_factor(&chained(chain, JUDGED, seed));
            figure.low() <= Some(truth) && Some(truth) <= figure.high()
        })
        .count()
}

/// 95 % of 300 draws: a binomial leaves less than 272 with a probability of 1e-3. The interval is
/// a chi-squared one with estimated kurtosis, so two points less are granted: 266.
#[test]
fn ref_the_interval_covers_independent_errors_and_bursts() {
    for (ser, a) in [(3e-3, 3e-3), (3e-3, 0.5), (1e-2, 0.75)] {
        let chain = BurstChain::new(ser, a).unwrap();
        let covered = covered(chain);
        assert!(covered >= 266, "{ser} {a}: {covered} of 300");
    }
}

/// Of 2000 captures with independent errors at most 8 may be called dependent: 2 are expected at
/// the level of 1e-3, a Poisson count of 2 exceeds 8 with a probability of 2e-4.
#[test]
fn ref_independent_errors_are_left_alone() {
    for ser in [3e-4, 1e-2] {
        let chain = BurstChain::new(ser, ser).unwrap();
        let called = (0..2000)
            .filter(|&seed| dependence(&chained(chain, JUDGED, seed)).factor > 1.0)
            .count();
        assert!(called <= 8, "{ser}: {called} of 2000");
    }
}

/// science.md section 2: bursts inflate the variance by (1 + a) / (1 - a), 3 at a = 0.5. About
/// 430 windows of 256 symbols hold 3 errors each: relative standard error of F near 0.1.
#[test]
fn ref_bursts_are_told_with_their_factor() {
    let chain = BurstChain::new(1e-2, 0.5).unwrap();
    let found = dependence(&chained(chain, JUDGED, 1));
    assert!((2.3..4.5).contains(&found.factor), "{found:?}");
    // Widened by the factor, the interval of the error ratio covers again: 272 of 300 as above;
    // without it, 95 % of the width are 1.96 / sqrt 3 standard errors: 74 %, so below 240.
    let (mut with, mut without) = (0, 0);
    for seed in 0..300 {
        let errors = chained(chain, JUDGED, 1000 + seed);
        for (factor, count) in [(dependence(&errors).factor, &mut with), (1.0, &mut without)] {
            let figure = crate::measure::statistics::error_ratio_of_dependent(
                errors.count(),
                errors.judged as u64,
                factor,
                "test",
                "test",
            );
            *count += u32::from(figure.low() <= Some(1e-2) && Some(1e-2) <= figure.high());
        }
    }
    assert!(
        with >= 272 && without < 245,
        "{with} with, {without} without"
    );
}

/// Errors whose ratio swings slowly: long windows show it, short ones hardly.
#[test]
fn a_slow_swing_shows_in_long_windows() {
    let mut noise = Noise::new(3);
    let errors = (0..JUDGED)
        .filter(|&k| {
            let swing = 1.0 + (std::f64::consts::TAU * k as f64 / 30_000.0).sin();
            noise.uniform() < 2e-3 * swing
        })
        .map(|at| SymbolError { at, offset: 1 })
        .collect();
    let errors = SymbolErrors {
        judged: JUDGED,
        modulation: Modulation::Pam4,
        errors,
    };
    let found = dependence(&errors);
    assert!(found.window >= 1024 && found.factor > 1.5, "{found:?}");
    assert!(burst_factor(&errors).low() > Some(1.0));
}

#[test]
fn few_errors_no_symbols_and_all_wrong_have_no_factor() {
    let chain = BurstChain::new(1e-5, 1e-5).unwrap();
    let few = chained(chain, JUDGED, 1);
    assert!(burst_factor(&few).reason().unwrap().contains("needed"));
    assert_eq!(dependence(&few).factor, 1.0);
    let wrong = SymbolErrors::new(&[0; 5000], &[1; 5000], Modulation::Nrz);
    assert!(burst_factor(&wrong).reason().is_some());
    assert_eq!(dependence(&wrong).factor, 1.0);
    let none = SymbolErrors::new(&[], &[], Modulation::Nrz);
    assert!(burst_factor(&none).reason().is_some());
}
