//! One period of a test pattern, and what of a residual does not go with what is known of it.
//!
//! A test pattern repeats, and its symbols are not independent: products of its symbols are its own
//! symbols at another time (shift and add). With `a'` the amplitude without its mean, PRBS13Q
//! correlates with itself by 0.40 at 452 symbols, SSPRQ by -0.46 at a quarter of its period, and
//! `a^2(t) a'(t - p)` with `a'(t - L)` by up to 0.48 at lags `L` that are not `p`. Whatever a residual
//! holds of its own symbol, of its neighbours or of a path that is known, at a tenth of its height or
//! less, stands out at all those lags: *ghosts*.
//!
//! Two things are done about it. A series is summed over the periods first, which loses nothing, for
//! what it is correlated with repeats as well, and makes all that follows cheap. Then it is taken apart
//! stretch by stretch: what goes within the stretch with
//!
//! ```text
//! p^i, i = 0, 1, ..                               every function of the own symbol, p = a - E[a]
//! p^i b, i = 0, 1, 2;  b^2;  p b^2                b = a'(t - k), at every lag k that is known
//! ```
//!
//! is subtracted by least squares. What is orthogonal to a template in every stretch correlates with
//! none of its ghosts. By stretches, because a beat turns, so that what smoothing left of it has no
//! constant size, and because the parts of SSPRQ that are alike are not all of it.
//!
//! *Assumes* that the capture holds no slip of a symbol. *Costs* a degree of freedom in a stretch for
//! each template, so two percent of the power and one of a height with four in 256 and ten in 1024
//! symbols. *Breaks* where a path's template is
//! nearly a sum of others: it is then not seen, which is right, for it cannot be told.

use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

use crate::kernels::level;

/// Symbols over which what goes with a symbol that is late is taken for constant.
const STRETCH: usize = 1024;
/// The same for what goes with the own symbol, of which there is more.
const OWN_STRETCH: usize = 256;
/// Share of a template's power that must be left beside the others for it to be one more.
const NEW: f64 = 1e-3;
/// Templates at most.
const MOST: usize = 160;

/// One period of a pattern.
pub struct Period {
    /// Amplitude without its mean.
    pub delayed: Vec<f32>,
    /// Functions of the own symbol, one after the other.
    own: Vec<Vec<f32>>,
}

impl Period {
    /// Takes the pattern from the decided symbols, whose amplitudes at each place of the period are
    /// averaged; `amplitudes` are those of the levels.
    pub fn new(amplitude: &[f32], symbols: usize, amplitudes: &[f64]) -> Self {
        let sums = fold(amplitude, symbols);
        let decided: Vec<f32> = sums
            .iter()
            .enumerate()
            .map(|(at, &sum)| {
                let times = (amplitude.len() - at).div_ceil(symbols).max(1);
                let mean = f64::from(sum) / times as f64;
                let off = |a: &&f64| (**a - mean).abs();
                let nearest = amplitudes.iter().min_by(|a, b| off(a).total_cmp(&off(b)));
                nearest.map_or(mean as f32, |&a| a as f32)
            })
            .collect();
        let total: f64 = decided.iter().map(|&a| f64::from(a)).sum();
        let mean = (total / symbols.max(1) as f64) as f32;
        let delayed: Vec<f32> = decided.iter().map(|a| a - mean).collect();
        let power = |i: usize| delayed.iter().map(|p| p.powi(i as i32)).collect();
        Self {
            own: (0..amplitudes.len()).map(power).collect(),
            delayed,
        }
    }

    /// Sums series over the periods and takes out what goes with the own symbol and with the symbols
    /// that are late by the given lags.
    pub fn partial(&self, series: &[Vec<f32>; 2], lags: &[usize]) -> [Vec<f32>; 2] {
        let [mut x, mut y] = [0, 1].map(|i| fold(&series[i], self.delayed.len()));
        self.take_out(&mut x, &mut y, lags, STRETCH);
        self.take_out(&mut x, &mut y, &[], OWN_STRETCH);
        [x, y]
    }

    /// The same period by period, without a sum.
    pub fn partial_of_capture(&self, series: &mut [f32], lags: &[usize]) {
        let mut none = vec![0.0; self.delayed.len()];
        for x in series.chunks_mut(self.delayed.len()) {
            let none = &mut none[..x.len()];
            self.take_out(x, none, lags, STRETCH);
            self.take_out(x, none, &[], OWN_STRETCH);
        }
    }

    /// Takes apart stretches of about a length of a period's beginning.
    fn take_out(&self, x: &mut [f32], y: &mut [f32], lags: &[usize], stretch: usize) {
        let parts = (self.delayed.len() / stretch).max(1);
        let length = self.delayed.len().div_ceil(parts);
        let mut templates = Vec::new();
        let sides = x.chunks_mut(length).zip(y.chunks_mut(length));
        for (part, (x, y)) in sides.enumerate() {
            self.templates(part * length, x.len(), lags, &mut templates);
            dispatch!(level(), simd => take_out(simd, &templates, x, y));
        }
    }

    /// Templates of a stretch, one after the other.
    fn templates(&self, start: usize, length: usize, lags: &[usize], to: &mut Vec<f32>) {
        to.clear();
        let stretch = start..start + length;
        for own in &self.own {
            to.extend(&own[stretch.clone()]);
        }
        let symbols = self.delayed.len();
        let degrees = self.own.len().min(3);
        for &lag in lags {
            if to.len() + 5 * length > MOST * length {
                break;
            }
            let first = (start + symbols - lag % symbols) % symbols;
            let late = self.delayed[first..].iter().chain(&self.delayed);
            let late: Vec<f32> = late.copied().cycle().take(length).collect();
            for own in &self.own[..degrees] {
                let rows = own[stretch.clone()].iter().zip(&late);
                to.extend(rows.map(|(p, b)| p * b));
            }
            if self.own.len() > 2 {
                for own in &self.own[..2] {
                    let rows = own[stretch.clone()].iter().zip(&late);
                    to.extend(rows.map(|(p, b)| p * b * b));
                }
            }
        }
    }
}

/// Sums over the periods.
pub fn fold(series: &[f32], symbols: usize) -> Vec<f32> {
    let mut sums = vec![0.0f32; symbols];
    for part in series.chunks(symbols.max(1)) {
        for (sum, x) in sums.iter_mut().zip(part) {
            *sum += x;
        }
    }
    sums
}

/// Subtracts from both series of a stretch what goes with its templates, by the normal equations.
#[simd]
fn take_out<S: Simd>(_: S, templates: &[f32], x: &mut [f32], y: &mut [f32]) {
    let length = x.len();
    let count = templates.len() / length.max(1);
    let template = |i: usize| &templates[i * length..(i + 1) * length];
    let mut gram = vec![0.0f64; count * count];
    let mut right = vec![[0.0f64; 2]; count];
    for i in 0..count {
        for j in 0..=i {
            gram[i * count + j] = f64::from(dot(template(i), template(j)));
        }
        right[i] = [
            f64::from(dot(template(i), x)),
            f64::from(dot(template(i), y)),
        ];
    }
    solve(&mut gram, &mut right, count);
    for (i, share) in right.iter().enumerate() {
        subtract(x, template(i), share[0] as f32);
        subtract(y, template(i), share[1] as f32);
    }
}

/// Solves the normal equations by Cholesky's factors; a template that is nearly a sum of those before
/// it gets no share.
fn solve(gram: &mut [f64], right: &mut [[f64; 2]], n: usize) {
    let mut used = vec![false; n];
    for j in 0..n {
        let whole = gram[j * n + j];
        for k in 0..j {
            let mut sum = gram[j * n + k];
            for i in 0..k {
                sum -= gram[j * n + i] * gram[k * n + i];
            }
            gram[j * n + k] = if used[k] { sum / gram[k * n + k] } else { 0.0 };
        }
        let row = &gram[j * n..j * n + j];
        let pivot = whole - row.iter().map(|l| l * l).sum::<f64>();
        used[j] = pivot > NEW * whole;
        gram[j * n + j] = pivot.max(0.0).sqrt();
    }
    let whole = |i: usize, right: &[f64; 2], sums: [f64; 2]| match used[i] {
        true => [0, 1].map(|side| (right[side] - sums[side]) / gram[i * n + i]),
        false => [0.0; 2],
    };
    for i in 0..n {
        let (before, here) = right.split_at(i);
        let factors = &gram[i * n..i * n + i];
        let sums = [0, 1].map(|side| factors.iter().zip(before).map(|(l, r)| l * r[side]).sum());
        right[i] = whole(i, &here[0], sums);
    }
    for i in (0..n).rev() {
        let after = right[i + 1..].iter().zip(i + 1..n);
        let sums = [0, 1].map(|side| after.clone().map(|(r, k)| gram[k * n + i] * r[side]).sum());
        right[i] = whole(i, &right[i], sums);
    }
}

/// Partial sums of a product.
const LANES: usize = 16;

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (a, left) = a.as_chunks::<LANES>();
    let (b, right) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let mut sum = 0.0;
    for lane in sums {
        sum += lane;
    }
    for (a, b) in left.iter().zip(right) {
        sum += a * b;
    }
    sum
}

#[inline(always)]
fn subtract(from: &mut [f32], what: &[f32], share: f32) {
    for (x, w) in from.iter_mut().zip(what) {
        *x -= share * w;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::{Noise, pattern};

    const AMPLITUDE: [f64; 4] = [0.7, 0.95, 1.1, 1.25];

    /// Amplitudes of a pattern of four levels over more than two periods.
    fn sent(name: &str, count: usize) -> Vec<f32> {
        let symbols = pattern(name, count);
        symbols
            .iter()
            .map(|&s| AMPLITUDE[s as usize] as f32)
            .collect()
    }

    #[test]
    fn sums_run_over_the_periods() {
        let series: Vec<f32> = (0..8).map(|i| i as f32).collect();
        assert_eq!(fold(&series, 3), [9.0, 12.0, 7.0]);
    }

    /// A decision that is wrong by a level in one of three periods does not change the pattern.
    #[test]
    fn the_pattern_is_what_was_decided_most() {
        let mut amplitude = sent("prbs13q", 3 * 8191);
        let right = Period::new(&amplitude, 8191, &AMPLITUDE);
        amplitude[8191 + 17] = match amplitude[17] {
            a if a < 0.8 => 0.95,
            a if a > 1.2 => 1.1,
            a if a > 1.0 => 0.95,
            _ => 0.7,
        };
        let found = Period::new(&amplitude, 8191, &AMPLITUDE);
        let off = found.delayed.iter().zip(&right.delayed);
        assert!(off.map(|(a, b)| (a - b).abs()).all(|off| off < 1e-6));
    }

    /// Functions of the own symbol and of the pair of it and a late one leave nothing, although their
    /// size wanders from stretch to stretch; single precision sums of 1024 numbers are right to 1e-5.
    #[test]
    fn ref_what_is_known_leaves_nothing() {
        let amplitude = sent("prbs13q", 2 * 8191);
        let period = Period::new(&amplitude, 8191, &AMPLITUDE);
        let (late, length) = (2656, 8191usize.div_ceil(7));
        let series: Vec<f32> = (0..8191)
            .map(|t| {
                let (a, b) = (amplitude[t], period.delayed[(t + 8191 - late) % 8191]);
                let size = 1.0 + (t / length) as f32;
                size * a * a * b
            })
            .collect();
        let own: Vec<f32> = (0..8191).map(|t| amplitude[t].powi(-2)).collect();
        let both = [series, own];
        let left = period.partial(&both, &[late]);
        for (left, before) in left.iter().zip(&both) {
            let size = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>().sqrt();
            assert!(
                size(left) < 0.01 * size(before),
                "{}",
                size(left) / size(before)
            );
        }
    }

    /// Noise keeps all but its share of the degrees of freedom: 4 in 256 symbols, 9 in 1170.
    #[test]
    fn ref_noise_keeps_its_power() {
        let amplitude = sent("prbs13q", 8191);
        let period = Period::new(&amplitude, 8191, &AMPLITUDE);
        let mut noise = Noise::new(4);
        let draw: Vec<f32> = (0..8191).map(|_| noise.normal() as f32).collect();
        let left = period.partial(&[draw.clone(), draw.clone()], &[700]);
        let power = |x: &[f32]| x.iter().map(|x| f64::from(x * x)).sum::<f64>();
        let share = power(&left[0]) / power(&draw);
        assert!(
            (share - (1.0 - 4.0 / 256.0 - 5.0 / 1170.0)).abs() < 0.01,
            "{share}"
        );
    }

    /// A template that is the sum of two others gets no share, and the others theirs.
    #[test]
    fn a_template_that_is_a_sum_of_others_is_left_out() {
        let (a, b) = ([1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 1.0, -1.0]);
        let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let rows = [a.to_vec(), b.to_vec(), sum.clone()];
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let mut gram: Vec<f64> = (0..9).map(|at| dot(&rows[at / 3], &rows[at % 3])).collect();
        let mut right: Vec<[f64; 2]> = rows.iter().map(|r| [dot(r, &sum), dot(r, &a)]).collect();
        solve(&mut gram, &mut right, 3);
        for (found, expected) in right.iter().zip([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]) {
            assert!(
                (found[0] - expected[0]).abs() < 1e-12 && (found[1] - expected[1]).abs() < 1e-12
            );
        }
    }
}
