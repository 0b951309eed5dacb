//! Delay between the grid points.
//!
//! A path of delay `k + f` symbols shows in the correlations at the lags `k` and `k + 1`. With
//! symbols that hold their power and a receiver that averages over one they are as `1 - f` to `f`
//! (a triangle over the lag), and so they are for a band-limited pulse:
//!
//! ```text
//! sinc(1 - f) / (sinc(f) + sinc(1 - f)) = f
//! ```
//!
//! Therefore `f = C(k+1) / (C(k) + C(k+1))`.
//!
//! *Bias*: none for those two; towards the nearer lag by 0.032 symbols at most for a raised
//! cosine of roll-off 0.6. *Scatter*: about `1/z` symbols with `z` the height of the correlation
//! over its noise, so at most 1/6 at the threshold.

/// Returns the delay in symbols from the amplitudes at whole lags near a point of the half-lag
/// grid.
pub(super) fn delay(amplitude: impl Fn(usize) -> f64, half_lags: usize) -> f64 {
    let k = half_lags / 2;
    if half_lags == 0 {
        return 0.0;
    }
    let here = amplitude(k);
    let sign = here.signum();
    let rising = || sign * amplitude(k + 1) >= sign * amplitude(k - 1);
    let lower = if half_lags % 2 == 1 || rising() {
        k
    } else {
        k - 1
    };
    let sign = (amplitude(lower) + amplitude(lower + 1)).signum();
    let low = (sign * amplitude(lower)).max(0.0);
    let high = (sign * amplitude(lower + 1)).max(0.0);
    lower as f64 + high / (low + high).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn sinc(x: f64) -> f64 {
        if x.abs() < 1e-12 {
            1.0
        } else {
            (PI * x).sin() / (PI * x)
        }
    }

    /// Worst error over the fractions of a symbol, from the grid point nearest to the delay.
    fn worst(pulse: impl Fn(f64) -> f64) -> f64 {
        (0..=40)
            .flat_map(|i| [(i, 1.0), (i, -1.0)])
            .map(|(i, sign)| {
                let truth = 100.0 + f64::from(i) / 40.0;
                let nearest = (2.0 * truth).round() as usize;
                (delay(|k| sign * pulse(k as f64 - truth), nearest) - truth).abs()
            })
            .fold(0.0, f64::max)
    }

    /// Both equations of the module head hold but for rounding.
    #[test]
    fn ref_triangle_and_sinc_have_no_bias() {
        assert!(worst(|x| (1.0 - x.abs()).max(0.0)) < 1e-9);
        assert!(worst(sinc) < 1e-9);
    }

    /// The bias stated in the module head.
    #[test]
    fn ref_bias_for_a_raised_cosine() {
        const ROLL_OFF: f64 = 0.6;
        let worst = worst(|x| {
            let edge = 1.0 - (2.0 * ROLL_OFF * x).powi(2);
            if edge.abs() < 1e-9 {
                return PI / 4.0 * sinc(x);
            }
            sinc(x) * (PI * ROLL_OFF * x).cos() / edge
        });
        assert!((0.025..0.0325).contains(&worst), "{worst}");
    }
}
