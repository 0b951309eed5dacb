use proptest::prelude::*;

use super::*;
use crate::fec::burst_chain::BurstChain;
use crate::signals::Noise;

/// Errors of a chain that starts stationary, jumping from event to event; signs alternate within
/// a burst as feedback makes them.
pub(crate) fn chained(chain: BurstChain, judged: usize, seed: u64) -> SymbolErrors {
    let mut noise = Noise::new(seed);
    let mut errors = Vec::new();
    let mut at = 0;
    let mut wrong = noise.uniform() < chain.ser();
    let mut sign = 1;
    while at < judged {
        if wrong {
            errors.push(SymbolError { at, offset: sign });
            sign = 4 - sign;
            at += 1;
            wrong = noise.uniform() < chain.continuation();
        } else {
            // So many right symbols stand here before a wrong one: one and a geometric number.
            let more = noise.uniform().ln() / (-chain.onset()).ln_1p();
            at += 1 + (more as usize).min(judged);
            sign = if noise.bits() & 1 == 0 { 1 } else { 3 };
            wrong = true;
        }
    }
    SymbolErrors {
        judged,
        modulation: Modulation::Pam4,
        errors,
    }
}

fn at(judged: usize, places: &[(usize, u8)]) -> SymbolErrors {
    SymbolErrors {
        judged,
        modulation: Modulation::Pam4,
        errors: places
            .iter()
            .map(|&(at, offset)| SymbolError { at, offset })
            .collect(),
    }
}

#[test]
fn errors_are_where_decisions_differ() {
    let errors = SymbolErrors::new(&[0, 1, 2, 3, 3], &[0, 2, 2, 2, 0, 1], Modulation::Pam4);
    assert_eq!(errors, at(5, &[(1, 1), (3, 3), (4, 1)]));
    assert_eq!(errors.gaps(), [2, 1]);
    assert_eq!(errors.bursts(), [1, 2]);
    let expected = Transitions {
        from_right: 2,
        onsets: 2,
        from_wrong: 2,
        continuations: 1,
    };
    assert_eq!(errors.transitions(), expected);
}

#[test]
fn the_report_counts_gaps_in_octaves_and_bursts_by_length() {
    let report = at(100, &[(0, 1), (1, 3), (5, 1), (12, 1), (13, 3), (60, 1)]).bursts_report();
    assert_eq!((report.errors, report.events, report.longest), (6, 4, 2));
    let lengths: Vec<_> = report
        .lengths
        .iter()
        .map(|l| (l.symbols, l.count))
        .collect();
    assert_eq!(lengths, [(1, 2), (2, 2)]);
    let gaps: Vec<_> = report
        .gaps
        .iter()
        .map(|g| (g.from, g.below, g.count))
        .collect();
    assert_eq!(gaps, [(1, 2, 2), (4, 8, 2), (32, 64, 1)]);
    assert_eq!(report.continuation.value(), Some(2.0 / 6.0));
}

#[test]
fn no_errors_and_no_symbols_are_no_trouble() {
    for none in [at(0, &[]), at(10, &[])] {
        assert_eq!(none.bursts_report().events, 0);
        assert!(none.continuation().reason().is_some());
        assert_eq!(none.behind_precoder(), none);
        assert_eq!(none.ratio(), 0.0);
    }
    assert_eq!(at(1, &[(0, 1)]).transitions(), Transitions::default());
}

proptest! {
    /// The sparse `1 + D` is that of the symbols themselves.
    #[test]
    fn prop_behind_the_precoder_is_the_decoder_on_the_line(
        pairs in prop::collection::vec((0u8..4, prop::sample::select(vec![0u8, 0, 0, 1, 2, 3])), 1..80),
    ) {
        let sent: Vec<u8> = pairs.iter().map(|p| p.0).collect();
        let decided: Vec<u8> = pairs.iter().map(|p| (p.0 + p.1) % 4).collect();
        let sparse = SymbolErrors::new(&sent, &decided, Modulation::Pam4).behind_precoder();
        let (mut a, mut b) = (sent, decided);
        etalon_types::kp4::precoder::decode(&mut a, Modulation::Pam4);
        etalon_types::kp4::precoder::decode(&mut b, Modulation::Pam4);
        prop_assert_eq!(sparse, SymbolErrors::new(&a, &b, Modulation::Pam4));
    }

    /// Every symbol but the last is in one of the four transitions.
    #[test]
    fn prop_transitions_are_counted_as_they_occur(wrong in prop::collection::vec(prop::bool::weighted(0.3), 1..80)) {
        let decided: Vec<u8> = wrong.iter().map(|&w| u8::from(w)).collect();
        let errors = SymbolErrors::new(&vec![0; wrong.len()], &decided, Modulation::Nrz);
        let count = |a: bool, b: Option<bool>| wrong.windows(2)
            .filter(|w| w[0] == a && b.is_none_or(|b| b == w[1])).count() as u64;
        prop_assert_eq!(errors.transitions(), Transitions {
            from_right: count(false, None),
            onsets: count(false, Some(true)),
            from_wrong: count(true, None),
            continuations: count(true, Some(true)),
        });
        prop_assert_eq!(errors.bursts().iter().sum::<usize>() as u64, errors.count());
    }
}

/// Simulated chains: the interval of the continuation holds the truth in 95 % of 400 draws, which
/// a binomial leaves below 366 with a probability of 1e-3; the exact interval covers a little more.
#[test]
fn ref_the_continuation_interval_covers_as_promised() {
    let chain = BurstChain::new(2e-3, 0.5).unwrap();
    let covered = (0..400)
        .filter(|&seed| {
            let figure = chained(chain, 100_000, seed).continuation();
            figure.low() <= Some(0.5) && Some(0.5) <= figure.high()
        })
        .count();
    assert!(covered >= 366, "{covered} of 400");
}

/// The generator itself: 40 chains of 1e5 symbols, mean share of wrong symbols. Counts vary by
/// (1 + a) / (1 - a) = 3 over binomial: 8000 errors, 2 % relative standard error.
#[test]
fn ref_generated_chains_have_their_symbol_error_ratio() {
    let chain = BurstChain::new(2e-3, 0.5).unwrap();
    let mean = (0..40)
        .map(|s| chained(chain, 100_000, s).ratio())
        .sum::<f64>()
        / 40.0;
    assert!((mean / 2e-3 - 1.0).abs() < 0.08, "{mean}");
}
