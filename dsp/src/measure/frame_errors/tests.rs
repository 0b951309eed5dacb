use proptest::prelude::*;

use super::*;
use crate::fec::burst_chain::BurstChain;
use crate::measure::error_positions::SymbolError;
use crate::measure::error_positions::tests::chained;
use crate::signals::Noise;
use etalon_types::Modulation;
use etalon_types::kp4::{Code, Decoded, ReedSolomon, framing, precoder};

fn schemes() -> Vec<Scheme> {
    [Precoding::None, Precoding::OneOverOnePlusD]
        .into_iter()
        .flat_map(|precoding| {
            [1, 2, 4].map(|interleave| Scheme {
                precoding,
                interleave,
                ..Scheme::KP4_PAM4
            })
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The sliding count is the count of each window.
    #[test]
    fn prop_sliding_counts_every_window(
        marks in prop::collection::vec(prop::bool::weighted(0.2), 1..60),
        n in 1usize..20,
    ) {
        prop_assume!(marks.len() >= n);
        let places: Vec<usize> = (0..marks.len()).filter(|&k| marks[k]).collect();
        let mut found = vec![0u64; n + 1];
        slide(&places, marks.len(), n, &mut |wrong, count| found[wrong] += count);
        let mut expected = vec![0u64; n + 1];
        for window in marks.windows(n) {
            expected[window.iter().filter(|&&m| m).count()] += 1;
        }
        prop_assert_eq!(found, expected);
    }
}

/// The encoder and decoder themselves, against the histogram of one alignment: errors are put on
/// the line behind encoder, interleaver and precoder, and what the decoder corrects is what the
/// positions say.
#[test]
fn the_decoder_agrees_with_the_positions() {
    let code = ReedSolomon::new(Code::KP4);
    let mut noise = Noise::new(8);
    // About 15 wrong code symbols a codeword, so that some are lost and some not.
    let chain = BurstChain::new(9e-3, 0.5).unwrap();
    let (mut lost, mut kept) = (0, 0);
    for (seed, scheme) in (0..30).flat_map(|seed| schemes().into_iter().map(move |s| (seed, s))) {
        let m = scheme.interleave;
        let sent: Vec<Vec<u16>> = (0..m)
            .map(|_| {
                let message: Vec<u16> = (0..514).map(|_| (noise.bits() % 1024) as u16).collect();
                code.encode(&message).unwrap()
            })
            .collect();
        let mut line = framing::to_line(&framing::interleave(&sent), Modulation::Pam4);
        if scheme.precoding == Precoding::OneOverOnePlusD {
            precoder::precode(&mut line, Modulation::Pam4);
        }
        let errors = chained(chain, line.len(), seed);
        let mut decided = line.clone();
        for e in &errors.errors {
            decided[e.at] = (decided[e.at] + e.offset) % 4;
        }
        assert_eq!(SymbolErrors::new(&line, &decided, Modulation::Pam4), errors);
        let behind = match scheme.precoding {
            Precoding::None => errors.clone(),
            Precoding::OneOverOnePlusD => {
                precoder::decode(&mut decided, Modulation::Pam4);
                errors.behind_precoder()
            }
        };
        let counts = side_by_side(&behind, scheme);
        let words = framing::deinterleave(&framing::from_line(&decided, Modulation::Pam4), m);
        for ((mut word, sent), &count) in words.into_iter().zip(&sent).zip(&counts) {
            let decoded = code.decode(&mut word).unwrap();
            if count <= 15 {
                assert_eq!((decoded, &word), (Decoded::Corrected(count), sent));
                kept += 1;
            } else {
                assert_eq!(decoded, Decoded::Uncorrectable);
                lost += 1;
            }
        }
    }
    assert!(lost > 20 && kept > 20, "{lost} lost, {kept} kept");
}

/// Counted ratios against the exact distribution of the chain: 400 codewords, at ratios of 2 to
/// 60 %. The interval is safe, so of 60 draws a scheme at least 52 hold (binomial 0.95: 1e-3).
#[test]
fn ref_counted_ratios_are_those_of_the_chain() {
    for scheme in schemes() {
        let chain = BurstChain::new(6e-3, 0.5).unwrap();
        let truth = chain.codeword_error_ratio(scheme);
        assert!((0.02..0.9).contains(&truth), "{scheme:?}: {truth}");
        let held = (0..60)
            .filter(|&seed| {
                let found = frame_errors(&chained(chain, 400 * 2720, seed), scheme);
                let all: f64 = found.histogram.iter().sum();
                assert!((all - found.codewords as f64).abs() < 1e-6);
                found.ratio.low() <= Some(truth) && Some(truth) <= found.ratio.high()
            })
            .count();
        assert!(held >= 52, "{scheme:?}: {held} of 60");
    }
}

/// Extrapolated ratios hold the exact ratio of the chain that made the errors: the rectangle
/// promises 95 %; of 200 draws at least 180 (1e-3). At most 1 % may be refused by the tests, and
/// some for a lost codeword; 10 of 200 are granted (Poisson 2: 1e-5).
#[test]
fn ref_extrapolated_ratios_hold_the_truth() {
    let cases = [(6e-4, 6e-4), (4e-4, 0.5), (3e-4, 0.7)];
    for (ser, a) in cases {
        let chain = BurstChain::new(ser, a).unwrap();
        for scheme in [schemes()[0], schemes()[4]] {
            let truth = chain.codeword_error_ratio(scheme);
            let (mut held, mut refused) = (0, 0);
            for seed in 0..200 {
                let ratio = frame_errors(&chained(chain, 300 * 2720, seed), scheme).ratio;
                match ratio.value() {
                    None => refused += 1,
                    Some(_) => {
                        held +=
                            u32::from(ratio.low() <= Some(truth) && Some(truth) <= ratio.high());
                    }
                }
            }
            assert!(refused <= 10, "{ser} {a}: {refused} refused");
            assert!(held + refused >= 180, "{ser} {a} {scheme:?}: {held} held");
        }
    }
}

/// Acceptance row 11 from positions: a = 0.5, SER 4.8e-4, 2^20 symbols: the interval holds 6.74e-11
/// and the method names itself.
#[test]
fn ref_extrapolation_at_the_threshold() {
    let chain = BurstChain::new(4.8e-4, 0.5).unwrap();
    let found = frame_errors(&chained(chain, 1 << 20, 2), Scheme::KP4_PAM4).ratio;
    let estimate = found.estimate().unwrap();
    assert!(
        estimate.low < 6.74e-11 && 6.74e-11 < estimate.high,
        "{estimate:?}"
    );
    assert!(
        estimate.method.contains("extrapolated"),
        "{}",
        estimate.method
    );
    assert!(estimate.high < 1e-6, "{estimate:?}");
}

/// Errors by a rule that is no chain are refused: a swing of the error ratio as slow interference
/// makes it, bursts of exactly three, errors at a steady distance.
#[test]
fn errors_that_are_no_chain_are_not_extrapolated() {
    let judged = 300 * 2720;
    let from = |wrong: &mut dyn FnMut(usize) -> bool| SymbolErrors {
        judged,
        modulation: Modulation::Pam4,
        errors: (0..judged)
            .filter(|&k| wrong(k))
            .map(|at| SymbolError { at, offset: 1 })
            .collect(),
    };
    let mut noise = Noise::new(4);
    let swing = from(&mut |k| {
        let level = (std::f64::consts::TAU * k as f64 / 60_000.0).sin();
        noise.uniform() < 4e-4 * (1.0 + level).powi(2)
    });
    let mut left = 0;
    let threes = from(&mut |_| {
        if left == 0 && noise.uniform() < 3e-4 {
            left = 3;
        }
        left = usize::saturating_sub(left, 1);
        left > 0
    });
    let steady = from(&mut |k| k % 1500 == 7);
    for errors in [swing, threes, steady] {
        let ratio = frame_errors(&errors, Scheme::KP4_PAM4).ratio;
        let reason = ratio.reason().expect("refused");
        assert!(reason.contains("does not describe"), "{reason}");
        // None of 300 lost: 1 - 0.025^(1/300), still bounded by what was seen.
        assert!((ratio.high().unwrap() - 0.01222).abs() < 1e-5);
    }
}

#[test]
fn few_errors_none_and_short_captures_are_not_measurable() {
    let reason = |errors: &SymbolErrors, scheme| {
        let ratio = frame_errors(errors, scheme).ratio;
        ratio.reason().expect("no value").to_owned()
    };
    let none = SymbolErrors::new(&[0; 30_000], &[0; 30_000], Modulation::Pam4);
    assert!(reason(&none, Scheme::KP4_PAM4).contains("0 error events"));
    assert!(frame_errors(&none, Scheme::KP4_PAM4).ratio.high() > Some(0.1));
    let short = SymbolErrors::new(&[0; 100], &[1; 100], Modulation::Pam4);
    assert!(reason(&short, Scheme::KP4_PAM4).contains("no whole codeword"));
    let nothing = SymbolErrors::new(&[], &[], Modulation::Nrz);
    assert!(reason(&nothing, Scheme::KP4_PAM4).contains("no whole codeword"));
    // Every symbol wrong: every codeword is lost, whichever way.
    let all = SymbolErrors::new(&[0; 30_000], &[1; 30_000], Modulation::Pam4);
    for scheme in schemes() {
        let ratio = frame_errors(&all, scheme).ratio;
        assert!(ratio.value() > Some(0.9), "{scheme:?} {ratio:?}");
    }
}

/// NRZ: ten line symbols a code symbol.
#[test]
fn ref_nrz_codewords_have_ten_line_symbols_a_code_symbol() {
    let scheme = Scheme {
        modulation: Modulation::Nrz,
        ..Scheme::KP4_PAM4
    };
    assert_eq!(scheme.span_symbols(), 5440);
    let chain = BurstChain::new(2e-3, 2e-3).unwrap();
    let truth = chain.codeword_error_ratio(scheme);
    let mut errors = chained(chain, 600 * 5440, 1);
    errors.modulation = Modulation::Nrz;
    for e in &mut errors.errors {
        e.offset = 1;
    }
    let ratio = frame_errors(&errors, scheme).ratio;
    assert!(
        ratio.low() < Some(truth) && Some(truth) < ratio.high(),
        "{ratio:?} {truth}"
    );
}
