//! Scattering parameters: what comes out of each port for what goes into each.
//!
//! ```text
//! b = S a,   S(to, from) = b_to / a_from with every other port terminated in its reference
//! ```
//!
//! Ports count from 1, as on a network analyser: `S(2, 1)` is the way from port 1 to port 2. A
//! [`Route`] picks one way through: from one port to one port, or from one pair of ports to
//! another. With a pair driven in opposite senses, `a = (a+ - a-) / sqrt 2`, and read likewise,
//! the differential way is
//!
//! ```text
//! SDD = (S(to+, from+) - S(to+, from-) - S(to-, from+) + S(to-, from-)) / 2
//! ```
//!
//! (Bockelman and Eisenstadt, IEEE Trans. MTT 43, 1995, equation 20, with equal references).
//!
//! A channel without a source gives out no more than it takes in: the largest singular value of
//! `S` is at most 1 at every frequency. [`SParameters::passivity`] says how true that is.
//!
//! Assumptions: source and load are matched to the reference, which the way through takes as it
//! is: nothing is renormalized.

use std::fmt;
use std::str::FromStr;

use num_complex::Complex64;

use crate::frequency_response::{FrequencyResponse, ResponseError};
use crate::report::QualityFlag;

/// Squarings of [`largest_eigenvalue`]: `n^(1 / 2^20)` is within 1.4e-6 of 1 for four ports.
const SQUARINGS: i32 = 20;
/// Gain beyond 1 that rounding and calibration leave in passive parts.
const PASSIVE_LIMIT: f64 = 1.001;

/// Why numbers make no S-parameters, or have no such way through.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SParametersError {
    /// The counts do not fit together.
    #[error("{what}: expected {expected}, found {found}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// What the others ask for.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A port is not there.
    #[error("port {found}: expected 1 to {ports}")]
    Port {
        /// Number of ports.
        ports: usize,
        /// The port that was asked for.
        found: usize,
    },
    /// The way through is no response.
    #[error(transparent)]
    Response(#[from] ResponseError),
}

/// A way through a multiport; ports count from 1.
///
/// As text it is `to,from` (`2,1` is S21) or `to+,to-,from+,from-` (`2,4,1,3` is SDD21 of pairs
/// 1/3 and 2/4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// From one port to one port.
    SingleEnded {
        /// Where the wave comes out.
        to: usize,
        /// Where it goes in.
        from: usize,
    },
    /// From one pair of ports to another, both in the differential mode.
    Differential {
        /// Positive and negative port where the wave comes out.
        to: [usize; 2],
        /// Positive and negative port where it goes in.
        from: [usize; 2],
    },
}

/// A text that names no way through.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "expected two different ports TO,FROM or four TO+,TO-,FROM+,FROM-, counted from 1, found {found:?}"
)]
pub struct RouteError {
    /// The text that was found.
    pub found: String,
}

impl FromStr for Route {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let error = || RouteError {
            found: text.to_owned(),
        };
        let ports: Vec<usize> = text
            .split(',')
            .map(|port| port.trim().parse::<usize>().map_err(|_| error()))
            .collect::<Result<_, _>>()?;
        let repeated = (1..ports.len()).any(|i| ports[..i].contains(&ports[i]));
        match ports[..] {
            _ if repeated || ports.contains(&0) => Err(error()),
            [to, from] => Ok(Self::SingleEnded { to, from }),
            [to, to_negative, from, from_negative] => Ok(Self::Differential {
                to: [to, to_negative],
                from: [from, from_negative],
            }),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SingleEnded { to, from } => write!(f, "{to},{from}"),
            Self::Differential { to, from } => {
                write!(f, "{},{},{},{}", to[0], to[1], from[0], from[1])
            }
        }
    }
}

/// How far a multiport is from giving out more than it takes in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passivity {
    /// Largest singular value over all frequencies; at most 1 for a passive part.
    pub largest_gain: f64,
    /// Where it is, in hertz.
    pub frequency_hz: f64,
}

impl Passivity {
    /// Returns a remark when the part gives out more than a thousandth more than it takes in.
    pub fn remark(&self) -> Option<QualityFlag> {
        (self.largest_gain > PASSIVE_LIMIT).then(|| QualityFlag {
            flag: "channel-not-passive".into(),
            detail: format!(
                "the largest singular value is {:.4} at {:.4e} Hz: a passive part has at most 1",
                self.largest_gain, self.frequency_hz
            ),
        })
    }
}

/// Scattering parameters of a multiport over frequency.
///
/// *Shapes:* one matrix of `ports` by `ports` for each frequency.
#[derive(Clone, Debug, PartialEq)]
pub struct SParameters {
    frequency_hz: Vec<f64>,
    ports: usize,
    reference_ohm: Vec<Complex64>,
    matrices: Vec<Complex64>,
}

impl SParameters {
    /// Takes matrices, row by row (`to` outer, `from` inner), frequency by frequency.
    ///
    /// `reference_ohm` is each port's reference impedance.
    ///
    /// # Errors
    /// [`SParametersError::Count`] when the numbers do not fit together.
    pub fn new(
        frequency_hz: Vec<f64>,
        reference_ohm: Vec<Complex64>,
        matrices: Vec<Complex64>,
    ) -> Result<Self, SParametersError> {
        let ports = reference_ohm.len();
        let count = |what, expected, found| {
            if expected == found {
                Ok(())
            } else {
                Err(SParametersError::Count {
                    what,
                    expected,
                    found,
                })
            }
        };
        count("ports", ports.max(1), ports)?;
        count("frequencies", frequency_hz.len().max(1), frequency_hz.len())?;
        let expected = frequency_hz.len() * ports * ports;
        count("parameters", expected, matrices.len())?;
        Ok(Self {
            frequency_hz,
            ports,
            reference_ohm,
            matrices,
        })
    }

    /// Returns the number of ports.
    pub fn ports(&self) -> usize {
        self.ports
    }

    /// Returns the frequencies in hertz.
    pub fn frequency_hz(&self) -> &[f64] {
        &self.frequency_hz
    }

    /// Returns each port's reference impedance in ohm.
    pub fn reference_ohm(&self) -> &[Complex64] {
        &self.reference_ohm
    }

    /// Returns the parameter from port `from` to port `to` over frequency; ports count from 1.
    ///
    /// # Errors
    /// [`SParametersError::Port`] for a port that is not there.
    pub fn parameter(&self, to: usize, from: usize) -> Result<Vec<Complex64>, SParametersError> {
        for found in [to, from] {
            if found == 0 || found > self.ports {
                return Err(SParametersError::Port {
                    ports: self.ports,
                    found,
                });
            }
        }
        let place = (to - 1) * self.ports + from - 1;
        let matrices = self.matrices.chunks_exact(self.ports * self.ports);
        Ok(matrices.map(|matrix| matrix[place]).collect())
    }

    /// Returns what a way through does to a wave.
    ///
    /// # Errors
    /// [`SParametersError`] for a port that is not there, or points that make no response.
    pub fn response(&self, route: Route) -> Result<FrequencyResponse, SParametersError> {
        let gains = match route {
            Route::SingleEnded { to, from } => self.parameter(to, from)?,
            Route::Differential { to, from } => {
                let mut sum = self.parameter(to[0], from[0])?;
                for (t, f, sign) in [(0, 1, -1.0), (1, 0, -1.0), (1, 1, 1.0)] {
                    let part = self.parameter(to[t], from[f])?;
                    sum.iter_mut().zip(part).for_each(|(s, p)| *s += sign * p);
                }
                sum.iter_mut().for_each(|s| *s *= 0.5);
                sum
            }
        };
        Ok(FrequencyResponse::from_gains(
            self.frequency_hz.clone(),
            &gains,
        )?)
    }

    /// Returns the largest singular value over all frequencies.
    ///
    /// *Complexity:* 20 products of matrices a frequency.
    pub fn passivity(&self) -> Passivity {
        let mut worst = Passivity {
            largest_gain: 0.0,
            frequency_hz: self.frequency_hz[0],
        };
        let matrices = self.matrices.chunks_exact(self.ports * self.ports);
        for (matrix, &frequency_hz) in matrices.zip(&self.frequency_hz) {
            let gain = largest_eigenvalue(gram(matrix, self.ports), self.ports).sqrt();
            if gain > worst.largest_gain {
                worst = Passivity {
                    largest_gain: gain,
                    frequency_hz,
                };
            }
        }
        worst
    }
}

/// `S^H S`, whose eigenvalues are the squared singular values of `S`.
fn gram(matrix: &[Complex64], n: usize) -> Vec<Complex64> {
    let mut product = vec![Complex64::default(); n * n];
    for (place, sum) in product.iter_mut().enumerate() {
        let (i, j) = (place / n, place % n);
        *sum = (0..n)
            .map(|k| matrix[k * n + i].conj() * matrix[k * n + j])
            .sum();
    }
    product
}

/// Largest eigenvalue of a positive semidefinite Hermitian matrix, by Gelfand's formula with
/// the trace as norm: `lim tr(A^m)^(1/m)`, `m` doubled by squaring. It never comes out too small,
/// and equal eigenvalues, which stall a power iteration, do no harm.
fn largest_eigenvalue(mut power: Vec<Complex64>, n: usize) -> f64 {
    let trace = |a: &[Complex64]| (0..n).map(|i| a[i * n + i].re).sum::<f64>();
    let mut logarithm = 0.0;
    for doubling in 0..SQUARINGS {
        let size = trace(&power);
        if size <= 0.0 {
            return 0.0;
        }
        logarithm += size.ln() / 2f64.powi(doubling);
        power.iter_mut().for_each(|a| *a /= size);
        power = gram(&power, n);
    }
    (logarithm + trace(&power).ln() / 2f64.powi(SQUARINGS)).exp()
}

#[cfg(test)]
mod tests;
