use super::*;

/// Raised-cosine pulse of roll-off 0.5.
fn pulse(t: f64) -> f64 {
    let pi = std::f64::consts::PI;
    let edge = 1.0 - t * t;
    if t.abs() < 1e-9 {
        return 1.0;
    }
    let sinc = (pi * t).sin() / (pi * t);
    if edge.abs() < 1e-9 {
        return 0.5 * sinc * pi / 2.0;
    }
    sinc * (pi * 0.5 * t).cos() / edge
}

/// Sent symbols and power with a copy that is late by [`DELAY`] symbols and `fraction` of one, its
/// amplitude taken off raised-cosine pulses.
fn capture(link: &Link, fraction: f64, count: usize, seed: u64) -> (Vec<u8>, Vec<f32>) {
    const REACH: usize = 8;
    let amplitude = levels().map(f64::sqrt);
    let weights: Vec<f64> = (0..2 * REACH)
        .map(|j| pulse(j as f64 - (REACH - 1) as f64 - fraction))
        .collect();
    let mut noise = Noise::new(seed);
    let start = DELAY + REACH;
    let symbols: Vec<u8> = (0..count + start).map(|_| noise.symbol(4)).collect();
    let step = (2.0 * std::f64::consts::PI * 2.0 * link.linewidth_hz / BAUD_HZ).sqrt();
    let mut phase = 0.3;
    let power = (start..start + count)
        .map(|t| {
            // A delay beyond the coherence length: both phases turn, at twice the variance.
            phase += step * noise.normal();
            let own = amplitude[usize::from(symbols[t])];
            let late: f64 = weights
                .iter()
                .enumerate()
                .map(|(j, w)| w * amplitude[usize::from(symbols[t - DELAY + REACH - 1 - j])])
                .sum();
            let field = own * own + 2.0 * link.ratio().sqrt() * own * late * phase.cos();
            (field + link.sigma() * noise.normal()) as f32
        })
        .collect();
    (symbols[start..].to_vec(), power)
}

/// A copy half a symbol between two others: taking half of each leaves fewer errors than taking
/// either. By how much: of the copy's data the rounded lag leaves `(1 - h)^2 + h^2 + ...`, with
/// `h = 0.6` at half a symbol, about half of their power; the interpolated one leaves
/// `2 (h - 0.5)^2 + 2 * 0.1^2 + ...`, a twenty-fifth.
#[test]
fn a_delay_between_symbols_is_cancelled_between_them() {
    let link = Link {
        level_db: -20.0,
        linewidth_hz: 1e6,
        half_step_sigmas: QUIET,
    };
    let errors = |fraction: f64, told: f64| {
        let mut errors = 0;
        for seed in 0..4 {
            let (sent, power) = capture(&link, fraction, 1 << 17, 40 + seed);
            let slicer = slicer(link.sigma());
            let input = Input {
                delay: Some(DELAY as f64 + told),
                ..input(&link, &power, &slicer)
            };
            let after = cancel(&input, Method::DelayAware).unwrap();
            errors += bit_errors(&sent[DELAY..], &after.symbols[DELAY..]);
        }
        errors
    };
    let [between, below, above] = [0.5, 0.0, 1.0].map(|told| errors(0.5, told));
    println!("half a symbol: {between} errors; rounded down {below}, up {above}");
    // Without any gain from the fraction the counts would be alike: of 60 errors with even
    // chances fewer than 20 would fall to one side with a probability of 0.3 %.
    assert!(below.min(above) > 40 && 2 * between < below.min(above));
}

/// The interpolated amplitudes themselves, over several blocks.
#[test]
fn late_amplitudes_mix_two_neighbours() {
    let levels = Constellation::new(&slicer(0.1));
    let symbols: Vec<u8> = (0..40).map(|k| (k * k % 7 % 4) as u8).collect();
    let late = Late::of_symbols(&symbols, &levels, 5.25);
    let a = |k: usize| levels.of(symbols[k]).1;
    for t in 6..40 {
        let expected = 0.75 * a(t - 5) + 0.25 * a(t - 6);
        // Two roundings of single precision of numbers below 2.
        assert!((late.amplitudes()[t] - expected).abs() < 3e-7, "{t}");
    }
}
