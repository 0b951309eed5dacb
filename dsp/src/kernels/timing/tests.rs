use super::*;
use crate::kernels::{is_fused, level_name, levels};
use crate::signals::Noise;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Every level against the definition: 200 outputs of some 30 single-precision products
    /// each, rounded to 2^-24, are off by less than 1e-5 of the summed magnitude.
    #[test]
    fn prop_every_level_finds_the_oracles_tone(
        sps in prop_oneof![Just(2.0), Just(4.0), 1.1f64..9.0],
        count in 100usize..6_000,
        block in 0usize..4,
        seed in 0u64..1_000,
    ) {
        let mut noise = Noise::new(seed);
        let samples: Vec<f32> = (0..count).map(|_| noise.normal() as f32).collect();
        let plan = BandEdge::new(sps, 256, 1.0);
        let expected = plan.tone_scalar(&samples, block, 1.0);
        let bound = 1e-5 * (expected.power * plan.outputs() as f64).sqrt() + 1e-9;
        let mut fused = None;
        for level in levels() {
            let mut tones = [Tone::default(); 2];
            plan.tones(level, &samples, block, &mut tones);
            let found = tones[0];
            let name = level_name(level);
            prop_assert!((found.even - expected.even).norm() < bound, "{name} {sps}");
            prop_assert!((found.odd - expected.odd).norm() < bound, "{name} {sps}");
            prop_assert!((found.power - expected.power).abs() < 1e-4 * expected.power + 1e-9);
            if is_fused(level) {
                prop_assert_eq!(*fused.get_or_insert(found), found);
            }
        }
    }
}

/// The closed form: `x = 1 + cos(2 pi f n + phi)` with `f` half the symbol rate gives
/// `v = exp(j (pi n / T + phi)) H / 2`, so that `z = exp(2 j phi) (H / 2)^2` in every output,
/// and nothing of the constant.
#[test]
fn ref_a_cosine_at_the_band_edge_gives_its_phase() {
    for sps in [1.2, 2.0, 3.879, 8.0] {
        let plan = BandEdge::new(sps, 64, 1.0);
        let phi = 0.4;
        let samples: Vec<f32> = (0..(300.0 * sps) as usize)
            .map(|n| 100.0 + (PI * n as f64 / sps + phi).cos() as f32)
            .collect();
        // The second block's first outputs do not see the capture's ends.
        let mut tone = [Tone::default()];
        plan.tones(crate::kernels::level(), &samples, 1, &mut tone);
        let sum = tone[0].even + tone[0].odd;
        // The image at minus half the rate leaks by the window's side lobes: below 5 %.
        assert!((sum.arg() - 2.0 * phi).abs() < 0.1, "{sps}: {}", sum.arg());
        assert_eq!(plan.stride(), (2.0 * sps).floor() as usize);
    }
}

#[test]
fn two_samples_a_symbol_need_fifteen_products_for_two_symbols() {
    let plan = BandEdge::new(2.0, 256, 1.0);
    assert_eq!(plan.real.len() + plan.imaginary.len(), 15);
    assert_eq!((plan.outputs(), plan.block_symbols()), (128, 256.0));
}
