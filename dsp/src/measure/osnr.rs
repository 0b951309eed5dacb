//! Optical signal-to-noise ratio of a channel, from a spectrum.
//!
//! By interpolation (the method of IEC 61280-2-9): the noise beside the channel, on both sides, is
//! taken to go on as a line below it; what the channel has more than that is the signal.
//!
//! ```text
//! OSNR = sum over the channel (P - N) dlambda / (N(channel) 0.1 nm)
//! ```
//!
//! Every level is a power within the resolution, so the width and the form of the analyzer's slit
//! are factors of numerator and denominator and cancel: they need not be known. The interval is
//! that of the noise: the scatter of its points about the line, and how far the two sides are from
//! each other, because a filter or a neighbour on one side makes the line wrong by that much; and
//! upwards, what the analyzer's stray light may have added to the noise.
//!
//! What breaks it: noise that a filter shapes within the channel, neighbours whose sidebands reach
//! between the channels, fewer than three points a side, and a sweep whose points are farther
//! apart than its resolution.

use etalon_types::{Figure, OsaTrace};

use super::statistics::{CONFIDENCE, between, student_t};

/// Where a channel and the noise beside it lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OsnrWindow {
    /// Centre of the channel in metres.
    pub centre_m: f64,
    /// Half the width of the channel in metres.
    pub half_width_m: f64,
    /// From where to where the noise is read to either side of the centre, in metres.
    pub noise_m: (f64, f64),
    /// Light that the analyzer may scatter past its slit, over the highest level of the trace: its
    /// dynamic range by the data sheet, 1e-6 for 60 dB.
    pub stray: f64,
}

/// Method and definition, as they stand in the figure.
const METHOD: &str = "interpolation of the noise on both sides (IEC 61280-2-9)";
const DEFINITION: &str = "channel power over noise in 0.1 nm, both polarisations";
/// Reference bandwidth in metres.
const REFERENCE_M: f64 = 0.1e-9;

/// Measures the optical signal-to-noise ratio of a channel in dB, in 0.1 nm.
///
/// # Errors
/// None; what hinders it is the reason of a figure without a value.
pub fn osnr_01nm(trace: &OsaTrace, window: OsnrWindow) -> Figure {
    match measure(trace, window) {
        Ok(figure) => figure,
        Err(reason) => Figure::not_measurable(reason),
    }
}

fn measure(trace: &OsaTrace, window: OsnrWindow) -> Result<Figure, String> {
    let points: Vec<(f64, f64)> = trace
        .wavelength_m
        .iter()
        .zip(&trace.level_dbm)
        // Points without a signal are told by a level that nothing has.
        .filter(|(_, dbm)| dbm.is_finite() && **dbm > -150.0)
        .map(|(m, dbm)| (m - window.centre_m, 10f64.powf((dbm - 30.0) / 10.0)))
        .collect();
    let step = step_m(trace)?;
    if let Some(resolution) = trace.resolution_m.filter(|r| step > *r) {
        return Err(format!(
            "the points are {:.3} nm apart, wider than the resolution of {:.3} nm",
            1e9 * step,
            1e9 * resolution
        ));
    }
    let side = |sign: f64| -> Vec<(f64, f64)> {
        let (near, far) = window.noise_m;
        let beside = |(x, _): &&(f64, f64)| (near..=far).contains(&(sign * x));
        points.iter().filter(beside).copied().collect()
    };
    let (left, right) = (side(-1.0), side(1.0));
    for (name, points) in [("shorter", &left), ("longer", &right)] {
        if points.len() < 3 {
            let n = points.len();
            return Err(format!(
                "{n} points of noise at {name} wavelengths, 3 are needed"
            ));
        }
    }
    let (left_mean, right_mean) = (mean(&left), mean(&right));
    let slope = (right_mean.1 - left_mean.1) / (right_mean.0 - left_mean.0);
    let noise_at = |x: f64| left_mean.1 + slope * (x - left_mean.0);
    let inside: Vec<&(f64, f64)> = points
        .iter()
        .filter(|(x, _)| x.abs() <= window.half_width_m)
        .collect();
    let signal: f64 = inside.iter().map(|(x, p)| p - noise_at(*x)).sum::<f64>() * step;
    let noise = noise_at(0.0);
    if noise <= 0.0 || signal <= 0.0 || inside.is_empty() {
        return Err("no power above the noise beside the channel".into());
    }
    let n = left.len() + right.len();
    let scatter: f64 = left
        .iter()
        .chain(&right)
        .map(|(x, p)| (p - noise_at(*x)).powi(2))
        .sum();
    let error =
        (scatter / (n - 2) as f64 / n as f64).sqrt() * student_t((n - 2) as f64, CONFIDENCE);
    let sides = 0.5 * (right_mean.1 - left_mean.1).abs();
    let half = error.hypot(sides);
    let highest = points.iter().map(|p| p.1).fold(0.0, f64::max);
    let less = (half + window.stray * highest).min(0.999 * noise);
    let width = inside.len() as f64 * step;
    // More noise is also less signal.
    let ratio = |noise: f64, more: f64| {
        let signal = (signal - more * width).max(f64::MIN_POSITIVE);
        10.0 * (signal / (noise * REFERENCE_M)).log10()
    };
    let (low, high) = (ratio(noise + half, half), ratio(noise - less, -less));
    let value = ratio(noise, 0.0);
    Ok(between(
        value, low, high, n as u64, "dB", METHOD, DEFINITION,
    ))
}

/// Returns the distance of neighbours, which has to be the same all along.
fn step_m(trace: &OsaTrace) -> Result<f64, String> {
    let (first, last) = match trace.wavelength_m[..] {
        [first, .., last] => (first, last),
        _ => return Err("fewer than two points".into()),
    };
    let step = (last - first) / (trace.wavelength_m.len() - 1) as f64;
    let even = trace
        .wavelength_m
        .windows(2)
        .all(|pair| ((pair[1] - pair[0]) / step - 1.0).abs() < 0.05);
    if step > 0.0 && even {
        Ok(step)
    } else {
        Err("the wavelengths are not evenly spaced".into())
    }
}

fn mean(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let sum = points
        .iter()
        .fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
    (sum.0 / n, sum.1 / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Gaussian line of 0 dBm seen through a slit of `resolution`, over noise of `density`
    /// W/m with a slope, by its closed form.
    fn trace(resolution: f64, density: f64, slope: f64) -> OsaTrace {
        let wavelength_m: Vec<f64> = (0..2001).map(|k| 1549e-9 + f64::from(k) * 1e-12).collect();
        let level = |m: &f64| {
            let x = m - 1550e-9;
            let line = 1e-3 * (-4.0 * std::f64::consts::LN_2 * (x / resolution).powi(2)).exp();
            let noise = density * (1.0 + slope * x) * 1.0645 * resolution;
            10.0 * (line + noise).log10() + 30.0
        };
        OsaTrace {
            resolution_m: Some(resolution),
            level_dbm: wavelength_m.iter().map(level).collect(),
            wavelength_m,
            ..OsaTrace::default()
        }
    }

    const WINDOW: OsnrWindow = OsnrWindow {
        centre_m: 1550e-9,
        half_width_m: 0.3e-9,
        noise_m: (0.4e-9, 0.8e-9),
        stray: 1e-9,
    };

    /// 1 mW over so many W/m times 0.1 nm, whatever the resolution and its form.
    #[test]
    fn ref_a_line_over_flat_noise_has_its_ratio_at_every_resolution() {
        for resolution in [0.02e-9, 0.05e-9, 0.1e-9] {
            for osnr in [10.0, 20.0, 30.0, 40.0] {
                let density = 1e-3 / 10f64.powf(osnr / 10.0) / 0.1e-9;
                for slope in [0.0, 2e8] {
                    let figure = osnr_01nm(&trace(resolution, density, slope), WINDOW);
                    let e = figure.estimate().expect("measurable");
                    assert!((e.value - osnr).abs() < 0.01, "{resolution} {osnr}: {e:?}");
                    assert!(e.low <= osnr + 0.01 && osnr - 0.01 <= e.high, "{e:?}");
                    // A slope of 20 % a nanometre is a doubt of 12 % of the noise.
                    assert!(slope == 0.0 || e.high - e.low > 0.5, "{e:?}");
                }
            }
        }
    }

    #[test]
    fn what_hinders_it_is_the_reason() {
        let good = trace(0.1e-9, 1.0, 0.0);
        let far = OsnrWindow {
            noise_m: (2e-9, 3e-9),
            ..WINDOW
        };
        let none = OsnrWindow {
            centre_m: 1549.6e-9,
            half_width_m: 0.05e-9,
            noise_m: (0.06e-9, 0.2e-9),
            stray: 1e-9,
        };
        let coarse = OsaTrace {
            resolution_m: Some(0.1e-12),
            ..good.clone()
        };
        let mut uneven = good.clone();
        uneven.wavelength_m[7] += 1e-12;
        for (trace, window, wanted) in [
            (&good, far, "points of noise"),
            (&coarse, WINDOW, "apart"),
            (&uneven, WINDOW, "evenly"),
            (&OsaTrace::default(), WINDOW, "fewer than two"),
        ] {
            let figure = osnr_01nm(trace, window);
            assert!(
                figure.reason().is_some_and(|r| r.contains(wanted)),
                "{figure:?}"
            );
        }
        // Where there is no channel, rounding decides between nothing and very little.
        let figure = osnr_01nm(&good, none);
        assert!(figure.value().is_none_or(|v| v < -20.0), "{figure:?}");
    }
}
