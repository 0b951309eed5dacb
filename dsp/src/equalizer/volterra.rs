//! Second- and third-order Volterra equalizer.
//!
//! ```text
//! y(k) = b + sum_i w(i) x(i) + sum_(i<=j) q(i,j) x(i) x(j) + sum_(i<=j<=l) c(i,j,l) x(i) x(j) x(l)
//! ```
//!
//! with `x(i)` the sample `i` after the decision instant of symbol `k`, less its offset, in windows
//! of their own length for every order (Mathews, IEEE Signal Process. Mag. 8 (1991) 10). The output
//! is linear in the coefficients, so [`fit`] is least squares on the products, by Cholesky with a
//! ridge, and [`adapt`] is least mean squares with a step for each order. [`fit_pruned`] drops the
//! products that are worth least (`prune`).
//!
//! *Assumes* a smooth, weak non-linearity. *Breaks* with long windows: products of neighbouring
//! samples say nearly the same, their number grows with the power of the order, and each needs
//! symbols to train on.

mod prune;

pub use prune::{Pruning, fit_pruned};

use crate::equalizer::adaptive::{
    Levels, MSE_BLOCK, Refusal, SYMBOLS_A_COEFFICIENT, Step, check_known, check_samples, converged,
    dot, mean_square,
};
use crate::equalizer::least_squares::cholesky_solve;

/// Window lengths of a Volterra equalizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Samples per symbol, 1 or 2.
    pub spacing: usize,
    /// Samples in the linear window.
    pub linear: usize,
    /// Samples in the quadratic window; 0 for none.
    pub quadratic: usize,
    /// Samples in the cubic window; 0 for none.
    pub cubic: usize,
}

/// A product of samples and its coefficient: the samples' places after the decision instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Term<const ORDER: usize> {
    /// Places, in rising order, in samples after the decision instant (negative: before).
    pub at: [i32; ORDER],
    /// Coefficient, in output units over the `ORDER`th power of the samples' unit.
    pub weight: f64,
}

/// A Volterra equalizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Volterra {
    /// Samples per symbol.
    pub spacing: usize,
    /// Taps.
    pub linear: Vec<Term<1>>,
    /// Products of two samples.
    pub quadratic: Vec<Term<2>>,
    /// Products of three samples.
    pub cubic: Vec<Term<3>>,
    /// Constant of the output.
    pub bias: f64,
    /// Offset that is taken off every sample; samples beyond the ends count as it.
    pub offset: f32,
}

impl Volterra {
    /// Equalizes samples: one output a symbol, in the unit of the levels that it was fitted to.
    pub fn apply(&self, samples: &[f32]) -> Vec<f32> {
        let reach = self.reach();
        let x = padded(samples, self.offset, reach);
        let sample =
            |k: usize, at: i32| x[(self.spacing * k + reach).wrapping_add_signed(at as isize)];
        (0..samples.len() / self.spacing)
            .map(|k| {
                let linear: f64 = self
                    .linear
                    .iter()
                    .map(|t| t.weight * sample(k, t.at[0]))
                    .sum();
                let quadratic: f64 = self
                    .quadratic
                    .iter()
                    .map(|t| t.weight * sample(k, t.at[0]) * sample(k, t.at[1]))
                    .sum();
                let cubic: f64 = self
                    .cubic
                    .iter()
                    .map(|t| t.at.iter().map(|&i| sample(k, i)).product::<f64>() * t.weight)
                    .sum();
                (self.bias + linear + quadratic + cubic) as f32
            })
            .collect()
    }

    /// Returns the number of coefficients without the constant.
    pub fn terms(&self) -> usize {
        self.linear.len() + self.quadratic.len() + self.cubic.len()
    }

    /// Returns how far the farthest sample is from the decision instant.
    fn reach(&self) -> usize {
        let linear = self.linear.iter().flat_map(|t| t.at);
        let quadratic = self.quadratic.iter().flat_map(|t| t.at);
        let cubic = self.cubic.iter().flat_map(|t| t.at);
        let farthest = linear
            .chain(quadratic)
            .chain(cubic)
            .map(i32::unsigned_abs)
            .max();
        farthest.unwrap_or(0) as usize
    }
}

/// What a Volterra equalizer is trained on.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// Samples, `memory.spacing` a symbol; symbol `k` is decided at sample `spacing * k`.
    pub samples: &'a [f32],
    /// Known symbols, from symbol 0 on.
    pub known: &'a [u8],
    /// Levels of the output.
    pub levels: &'a Levels,
    /// Windows.
    pub memory: Memory,
    /// Offset that is taken off every sample; samples beyond the ends count as it.
    pub offset: f32,
}

impl Training<'_> {
    fn symbols(&self) -> usize {
        self.samples.len() / self.memory.spacing.max(1)
    }

    fn trained(&self) -> usize {
        self.known.len().min(self.symbols())
    }

    /// Checks everything and lists the products.
    fn products(&self) -> Result<Products, Refusal> {
        if !matches!(self.memory.spacing, 1 | 2) {
            return Err(Refusal::Shape {
                expected: "1 or 2 samples a symbol",
                found: self.memory.spacing,
            });
        }
        if self.memory.linear == 0 {
            return Err(Refusal::Shape {
                expected: "at least one linear tap",
                found: 0,
            });
        }
        check_samples(self.samples, self.offset)?;
        check_known(self.known, self.levels.values().len())?;
        let products = Products::new(self);
        let needed = SYMBOLS_A_COEFFICIENT * products.count();
        let found = self.trained();
        if found < needed {
            return Err(Refusal::TooFewSymbols { needed, found });
        }
        Ok(products)
    }
}

/// The list of products, and the samples that they are made of: less their offset, over their
/// root mean square, so that products of every order are of the same size.
struct Products {
    at: Vec<Vec<i32>>,
    x: Vec<f64>,
    reach: usize,
    spacing: usize,
    scale: f64,
}

impl Products {
    fn new(training: &Training) -> Self {
        let memory = training.memory;
        let window = |length: usize| {
            let first = -((length / 2) as i32);
            first..first + length as i32
        };
        let mut at: Vec<Vec<i32>> = window(memory.linear).map(|i| vec![i]).collect();
        let quadratic = window(memory.quadratic);
        at.extend(
            quadratic
                .clone()
                .flat_map(|i| (i..quadratic.end).map(move |j| vec![i, j])),
        );
        let end = window(memory.cubic).end;
        at.extend(
            window(memory.cubic)
                .flat_map(|i| (i..end).map(move |j| (i, j)))
                .flat_map(|(i, j)| (j..end).map(move |l| vec![i, j, l])),
        );
        let reach = memory.linear.max(memory.quadratic).max(memory.cubic);
        let scale = mean_square(training.samples, training.offset).sqrt();
        let mut x = padded(training.samples, training.offset, reach);
        x.iter_mut().for_each(|x| *x /= scale);
        let spacing = memory.spacing;
        Self {
            at,
            x,
            reach,
            spacing,
            scale,
        }
    }

    /// Products and the constant.
    fn count(&self) -> usize {
        self.at.len() + 1
    }

    /// Fills in the products of a symbol, the constant last.
    fn row(&self, k: usize, row: &mut [f64]) {
        let middle = self.spacing * k + self.reach;
        for (value, at) in row.iter_mut().zip(&self.at) {
            *value = at
                .iter()
                .map(|&i| self.x[middle.wrapping_add_signed(i as isize)])
                .product();
        }
        row[self.at.len()] = 1.0;
    }

    /// Turns coefficients of the scaled products into an equalizer; zeros are left out but for
    /// the linear taps.
    fn volterra(&self, coefficients: &[f64], offset: f32) -> Volterra {
        let mut found = Volterra {
            spacing: self.spacing,
            linear: vec![],
            quadratic: vec![],
            cubic: vec![],
            bias: coefficients[self.at.len()],
            offset,
        };
        for (at, w) in self.at.iter().zip(coefficients) {
            let weight = w / self.scale.powi(at.len() as i32);
            match at[..] {
                [i] => found.linear.push(Term { at: [i], weight }),
                [i, j] if weight != 0.0 => found.quadratic.push(Term { at: [i, j], weight }),
                [i, j, l] if weight != 0.0 => found.cubic.push(Term {
                    at: [i, j, l],
                    weight,
                }),
                _ => {}
            }
        }
        found
    }

    /// Returns the normal equations over the first symbols: the Gram matrix, row by row, the
    /// right-hand side, and the sum of the squared targets.
    fn normal_equations(&self, targets: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
        let size = self.count();
        let mut gram = vec![0.0; size * size];
        let mut rhs = vec![0.0; size];
        let mut row = vec![0.0; size];
        for (k, d) in targets.iter().enumerate() {
            self.row(k, &mut row);
            for i in 0..size {
                let f = row[i];
                rhs[i] += f * d;
                for (g, other) in gram[i * size..=i * size + i].iter_mut().zip(&row) {
                    *g += f * other;
                }
            }
        }
        for i in 0..size {
            // A ridge of 1e-9 of each product's own power: it changes nothing that is determined.
            gram[i * size + i] *= 1.0 + 1e-9;
            for j in 0..i {
                gram[j * size + i] = gram[i * size + j];
            }
        }
        (gram, rhs, targets.iter().map(|d| d * d).sum())
    }
}

fn padded(samples: &[f32], offset: f32, reach: usize) -> Vec<f64> {
    let mut x = vec![0.0; reach];
    x.extend(samples.iter().map(|&x| f64::from(x) - f64::from(offset)));
    x.resize(x.len() + reach + 2, 0.0);
    x
}

fn targets(training: &Training) -> Vec<f64> {
    let values = training.levels.values();
    let known = &training.known[..training.trained()];
    known.iter().map(|&s| values[usize::from(s)]).collect()
}

/// Fits all products by least squares on the known symbols.
///
/// # Errors
/// A [`Refusal`]: of the training data (fewer than ten symbols a coefficient among them), or
/// [`Refusal::Singular`].
///
/// # Complexity
/// `(terms^2 / 2) symbols` multiplications.
pub fn fit(training: &Training) -> Result<Volterra, Refusal> {
    let products = training.products()?;
    let targets = targets(training);
    let (mut gram, rhs, _) = products.normal_equations(&targets);
    let size = products.count();
    let coefficients = cholesky_solve(&mut gram, &rhs, size).ok_or(Refusal::Singular {
        coefficients: size,
        symbols: targets.len(),
    })?;
    Ok(products.volterra(&coefficients, training.offset))
}

/// Steps of the three orders, for samples over their root mean square: each is that much of a step
/// of ordinary least mean squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// Step of the linear taps as a share of the bound `2 / (3 tr R)`, `R` the correlation of
    /// all products.
    pub linear: Step,
    /// Step of the products over that of the taps.
    pub products: f64,
}

impl Default for Steps {
    /// A twenty-fifth of the bound for the taps, a third of that for the products.
    fn default() -> Self {
        Self {
            linear: Step::OfBound(0.04),
            products: 0.3,
        }
    }
}

/// What [`adapt`] leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapted {
    /// The equalizer at the end.
    pub volterra: Volterra,
    /// Output for every symbol, in the unit of the levels.
    pub output: Vec<f32>,
    /// Decision for every symbol, the training ones too.
    pub decided: Vec<u8>,
    /// Mean-square error over every [`MSE_BLOCK`] symbols.
    pub mse: Vec<f64>,
    /// Symbols that trained.
    pub trained: usize,
}

/// Equalizes a signal by least mean squares on the products, from a centre spike: trained on the
/// known symbols, then decision directed.
///
/// # Errors
/// A [`Refusal`]: of the signal, of a step beyond the bound, or of a result that did not
/// converge.
pub fn adapt(training: &Training, steps: &Steps) -> Result<Adapted, Refusal> {
    let products = training.products()?;
    let (levels, size, linear) = (training.levels, products.count(), training.memory.linear);
    let (symbols, trained) = (training.symbols(), training.trained());
    let mut row = vec![0.0; size];
    let mut trace = 0.0;
    for k in 0..trained {
        products.row(k, &mut row);
        let (taps, rest) = row.split_at(linear);
        trace += dot(taps, taps) + steps.products * dot(rest, rest);
    }
    trace /= trained as f64;
    let step = steps.linear.within(2.0 / (3.0 * trace))?;
    let mut w = vec![0.0; size];
    w[linear / 2] = levels.variance().sqrt();
    w[size - 1] = levels.mean();
    let mut found = (Vec::with_capacity(symbols), Vec::with_capacity(symbols));
    let mut mse = vec![0.0; symbols.div_ceil(MSE_BLOCK)];
    for k in 0..symbols {
        products.row(k, &mut row);
        let y = dot(&w, &row);
        let decision = levels.decide(y);
        let symbol = if k < trained {
            training.known[k]
        } else {
            decision
        };
        let error = levels.values()[usize::from(symbol)] - y;
        for (i, (w, u)) in w.iter_mut().zip(&row).enumerate() {
            let order = if i < linear { 1.0 } else { steps.products };
            *w += order * step * error * u;
        }
        let block = k / MSE_BLOCK;
        mse[block] += error * error / (symbols - block * MSE_BLOCK).min(MSE_BLOCK) as f64;
        found.0.push(y as f32);
        found.1.push(decision);
    }
    converged(&mse, trained, levels)?;
    Ok(Adapted {
        volterra: products.volterra(&w, training.offset),
        output: found.0,
        decided: found.1,
        mse,
        trained,
    })
}

#[cfg(test)]
mod tests;
