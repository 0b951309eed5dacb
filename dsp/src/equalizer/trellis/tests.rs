use super::*;
use crate::signals::{Noise, symbols};
use proptest::prelude::*;

#[test]
fn contexts_have_the_newest_symbol_first() {
    let trellis = Trellis::from_channel(&[-1.0, 1.0], &[1.0, 0.5, 0.25], 10.0).unwrap();
    assert_eq!(trellis.states(), 4);
    assert_eq!(trellis.span(), (8.25, 11.75));
    // 0b100: the newest symbol is 1, the two before it 0.
    assert_eq!(trellis.values()[0b100], 10.0 + 1.0 - 0.5 - 0.25);
    assert_eq!(trellis.values()[0b001], 10.0 - 1.0 - 0.5 + 0.25);
}

#[test]
fn what_is_no_trellis_says_what_was_expected() {
    let levels = |n: usize| Trellis::from_channel(&vec![1.0; n], &[1.0, 0.5], 0.0);
    assert_eq!(levels(3), Err(TrellisError::Levels { found: 3 }));
    assert_eq!(levels(4), Err(TrellisError::Degenerate { found: 1.5 }));
    let memory = |m: usize| Trellis::from_channel(&[0.0, 1.0], &vec![1.0; m + 1], 0.0);
    assert_eq!(memory(0), Err(TrellisError::Memory { found: 0 }));
    assert_eq!(memory(4), Err(TrellisError::Memory { found: 4 }));
    let values = |v: Vec<f32>| Trellis::from_values(2, 1, v);
    assert_eq!(
        values(vec![1.0; 3]),
        Err(TrellisError::Values {
            expected: 4,
            found: 3
        })
    );
    assert!(matches!(
        values(vec![0.0, 1.0, f32::NAN, 2.0]),
        Err(TrellisError::Degenerate { .. })
    ));
    assert_eq!(
        ContextMeans::new(&[0.0; 9], &[0; 9], 0..9, 4, 1),
        Err(TrellisError::TooFew {
            expected: 30,
            found: 8
        })
    );
    assert_eq!(
        ContextMeans::new(&[0.0; 99], &[4; 99], 0..99, 4, 1),
        Err(TrellisError::Symbol {
            expected: 3,
            found: 4
        })
    );
}

/// One symbol all the time, or two in turn, determine nothing.
#[test]
fn symbols_that_do_not_excite_are_an_error() {
    for period in [1, 2] {
        let sent: Vec<u8> = (0..2000).map(|k| (k % period) as u8).collect();
        let samples: Vec<f32> = sent.iter().map(|&s| f32::from(s)).collect();
        let means = ContextMeans::new(&samples, &sent, 0..2000, 2, 2).unwrap();
        for model in [
            ChannelModel::Linear,
            ChannelModel::Additive,
            ChannelModel::Table,
        ] {
            assert_eq!(
                means.fit(model),
                Err(TrellisError::NotExciting {
                    expected: 8,
                    found: period
                }),
                "{model:?}"
            );
        }
    }
}

proptest! {
    /// Without noise every model that can describe the channel returns it: to rounding of f32
    /// samples (2^-24 of values up to 10, averaged: below 1e-5).
    #[test]
    fn prop_models_return_the_channel(
        seed in 0u64..500,
        four in any::<bool>(),
        memory in 1usize..=3,
    ) {
        let levels = if four { 4 } else { 2 };
        let mut noise = Noise::new(seed);
        let taps: Vec<f64> = (0..=memory).map(|_| noise.normal()).collect();
        let bent: Vec<f64> = (0..levels).map(|s| s as f64 + 0.2 * noise.normal()).collect();
        let even: Vec<f64> = (0..levels).map(|s| nominal(levels, s as u8)).collect();
        let sent = symbols(seed, 20_000, levels);
        for (values, models) in [
            (&even, &[ChannelModel::Linear, ChannelModel::Additive, ChannelModel::Table][..]),
            (&bent, &[ChannelModel::Additive, ChannelModel::Table][..]),
        ] {
            let truth = Trellis::from_channel(values, &taps, 0.7).unwrap();
            let samples = run(&truth, &sent);
            let means = ContextMeans::new(&samples, &sent, 5..sent.len(), levels, memory).unwrap();
            for &model in models {
                let fitted = means.fit(model).unwrap();
                for (a, b) in fitted.trellis.values().iter().zip(truth.values()) {
                    prop_assert!((a - b).abs() < 1e-5, "{model:?}: {a} {b}");
                }
            }
        }
    }
}

/// The noise variance is unbiased: with 20,000 symbols its standard deviation is sqrt(2/n) = 1 %
/// of it; four of them are allowed.
#[test]
fn ref_noise_variance_of_every_model() {
    let sent = symbols(7, 20_000, 4);
    let truth = Trellis::from_channel(&[-3.0, -1.0, 1.0, 3.0], &[1.0, 0.7, -0.2], 0.0).unwrap();
    let mut noise = Noise::new(8);
    let samples: Vec<f32> = run(&truth, &sent)
        .iter()
        .map(|y| y + 0.3 * noise.normal() as f32)
        .collect();
    let means = ContextMeans::new(&samples, &sent, 0..sent.len(), 4, 2).unwrap();
    for model in [
        ChannelModel::Linear,
        ChannelModel::Additive,
        ChannelModel::Table,
    ] {
        let found = means.fit(model).unwrap().noise_variance;
        assert!((found / 0.09 - 1.0).abs() < 0.04, "{model:?}: {found}");
    }
    // Memory 1 leaves 0.2 d(k-2) as noise: 0.04 * 5 more.
    let short = ContextMeans::new(&samples, &sent, 0..sent.len(), 4, 1).unwrap();
    let found = short.fit(ChannelModel::Additive).unwrap().noise_variance;
    assert!((found / 0.29 - 1.0).abs() < 0.04, "{found}");
}

/// Noise-free samples; symbols before the first count as 0.
fn run(trellis: &Trellis, sent: &[u8]) -> Vec<f32> {
    let size = trellis.values().len();
    let states = trellis.states();
    let mut state = 0;
    sent.iter()
        .map(|&s| {
            let context = usize::from(s) * states + state;
            state = context / trellis.levels() % size;
            trellis.values()[context]
        })
        .collect()
}
