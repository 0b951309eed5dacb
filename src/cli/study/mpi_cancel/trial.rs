//! Captures of one path, cancelled at many levels, and their errors.

use std::f64::consts::TAU;

use etalon_dsp::mpi::cancel::{Input, Method, cancel};
use etalon_dsp::slicer::Slicer;
use etalon_twin::link::theory;
use etalon_types::units::Db;
use serde::{Deserialize, Serialize};

use super::super::capture::BAUD;
use super::super::draw::Draws;
use super::super::harness::Error;

/// Levels in dB at which errors are counted.
pub const LEVELS_DB: [f64; 23] = {
    let mut levels = [0.0; 23];
    let mut i = 0;
    while i < levels.len() {
        levels[i] = -32.0 + i as f64;
        i += 1;
    }
    levels
};

/// Levels in dB about and above where cancelling begins: what it takes out hardly pays for the
/// noise that it puts in.
pub const WEAK_DB: [f64; 4] = [-60.0, -54.0, -48.0, -44.0];

/// Delay in symbols: 500 ns.
const DELAY: usize = 13_281;
/// Captures of a trial; the phases at their starts are spread evenly over a turn.
const CAPTURES: usize = 4;
/// Symbols of a capture.
const SYMBOLS: usize = 1 << 16;
/// Half a step between levels over the noise for a bit error ratio of 1e-6: (3/4) Q(x) = 1e-6
/// (two bits a symbol, Gray; six tails over four levels).
const QUIET: f64 = 4.695;
/// The same for about 2.4e-4, where a healthy link is on its limit.
const BUSY: f64 = 3.414;
/// Extinction ratio.
const EXTINCTION: Db = Db(6.0);

/// Whether there is anything to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// Interference at every level of [`LEVELS_DB`].
    Interfered,
    /// None.
    Healthy,
    /// So little that it does no harm: [`WEAK_DB`].
    Weak,
}

/// What decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Canceller {
    /// Thresholds alone.
    Plain,
    /// A moving mean taken off.
    HighPass,
    /// The decision-directed beat of each block.
    BlockTracker,
    /// The interferer rebuilt from decisions a delay ago.
    DelayAware,
}

impl Canceller {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::Plain,
        Self::HighPass,
        Self::BlockTracker,
        Self::DelayAware,
    ];

    /// Returns the name as records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::HighPass => "high-pass",
            Self::BlockTracker => "block-tracker",
            Self::DelayAware => "delay-aware",
        }
    }

    fn method(self) -> Option<Method> {
        match self {
            Self::Plain => None,
            Self::HighPass => Some(Method::HighPass),
            Self::BlockTracker => Some(Method::BlockTracker),
            Self::DelayAware => Some(Method::DelayAware),
        }
    }
}

/// A canceller on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Case {
    /// Whether there is anything to cancel.
    pub link: Link,
    /// Linewidth in kilohertz.
    pub linewidth_khz: u32,
    /// What decides.
    pub canceller: Canceller,
}

impl Case {
    /// Returns the name as records have it.
    pub fn name(self) -> String {
        let link = match self.link {
            Link::Interfered => "",
            Link::Healthy => "healthy ",
            Link::Weak => "weak ",
        };
        format!("{link}{} {}", self.megahertz(), self.canceller.name())
    }

    /// Returns the linewidth for people.
    pub fn megahertz(self) -> String {
        format!("{} MHz", f64::from(self.linewidth_khz) / 1e3)
    }

    fn linewidth_hz(self) -> f64 {
        1e3 * f64::from(self.linewidth_khz)
    }
}

/// Errors of a trial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Bits at each level.
    pub bits: u64,
    /// Wrong bits at each level; of a healthy link one number.
    pub errors: Vec<u64>,
    /// Decisions that are not those of the plain slicer, of healthy and weak links.
    pub changed: u64,
}

/// Runs one trial. The captures of a seed and a linewidth are the same for every canceller.
///
/// # Errors
/// [`Error::Cancel`], when a canceller refuses.
pub fn run(case: Case, seed: u64) -> Result<Counted, Error> {
    let mut draws = Draws::of_case(u64::from(case.linewidth_khz), seed);
    let turn = draws.uniform();
    let levels: &[f64] = match case.link {
        Link::Interfered => &LEVELS_DB,
        Link::Healthy => &[f64::NEG_INFINITY],
        Link::Weak => &WEAK_DB,
    };
    let mut out = Counted {
        errors: vec![0; levels.len()],
        ..Counted::default()
    };
    let noise = Noise::of(case.link);
    for at in 0..CAPTURES {
        let start = TAU * (turn + at as f64 / CAPTURES as f64);
        let capture = Capture::draw(case.linewidth_hz(), start, noise.sigma, &mut draws);
        for (level_db, errors) in levels.iter().zip(&mut out.errors) {
            let power = capture.power(10f64.powf(level_db / 10.0));
            let plain = noise.slicer.decide_all(&power);
            let decided = match case.canceller.method() {
                None => plain.clone(),
                Some(method) => {
                    let input = Input {
                        power: &power,
                        slicer: &noise.slicer,
                        baud_hz: BAUD.0,
                        linewidth_hz: case.linewidth_hz(),
                        delay: Some(DELAY as f64),
                    };
                    cancel(&input, method)?.symbols
                }
            };
            // The past of the first delay is not known to the delay-aware one.
            *errors += bit_errors(&capture.sent[DELAY..], &decided[DELAY..]);
            if case.link != Link::Interfered {
                out.changed += plain[DELAY..]
                    .iter()
                    .zip(&decided[DELAY..])
                    .filter(|(a, b)| a != b)
                    .count() as u64;
            }
        }
        out.bits += 2 * (SYMBOLS - DELAY) as u64;
    }
    Ok(out)
}

/// Noise, and a slicer with the nominal levels: mean power 1, thresholds half way.
struct Noise {
    sigma: f64,
    slicer: Slicer,
}

impl Noise {
    fn of(link: Link) -> Self {
        let means = level_powers();
        let half_step = 0.5 * (means[1] - means[0]);
        let sigma = half_step
            / match link {
                Link::Interfered => QUIET,
                Link::Healthy | Link::Weak => BUSY,
            };
        let slicer = Slicer {
            thresholds: means.windows(2).map(|m| 0.5 * (m[0] + m[1])).collect(),
            sigmas: vec![sigma; means.len()],
            counts: vec![1; means.len()],
            means,
        };
        Self { sigma, slicer }
    }
}

fn level_powers() -> Vec<f64> {
    let mut levels = theory::levels(EXTINCTION, 4);
    let mean = levels.iter().sum::<f64>() / levels.len() as f64;
    levels.iter_mut().for_each(|level| *level /= mean);
    levels
}

/// The parts of a capture, so that it can be put together at any level:
/// `P = own + m (late - 1) + 2 sqrt(m own late) cos(psi) + noise`. The mean shift `m` of all levels
/// is left out, as fixed thresholds would have it.
struct Capture {
    sent: Vec<u8>,
    own: Vec<f32>,
    late: Vec<f32>,
    beat: Vec<f32>,
}

impl Capture {
    fn draw(linewidth_hz: f64, start: f64, sigma: f64, draws: &mut Draws) -> Self {
        let levels = level_powers();
        let count = SYMBOLS + DELAY;
        let all: Vec<u8> = (0..count).map(|_| (draws.bits() >> 62) as u8).collect();
        let step = (TAU * linewidth_hz / BAUD.0).sqrt();
        let steps: Vec<f64> = (0..count).map(|_| step * draws.normal()).collect();
        let (mut own, mut late, mut beat) = (Vec::new(), Vec::new(), Vec::new());
        // psi(t) = phi(t) - phi(t - tau): add what enters, drop what leaves.
        let mut phase = start;
        for t in 0..SYMBOLS {
            phase += steps[t + DELAY] - steps[t];
            let power = levels[usize::from(all[t + DELAY])];
            let before = levels[usize::from(all[t])];
            own.push((power + sigma * draws.normal()) as f32);
            late.push((before - 1.0) as f32);
            beat.push((2.0 * (power * before).sqrt() * phase.cos()) as f32);
        }
        Self {
            sent: all[DELAY..].to_vec(),
            own,
            late,
            beat,
        }
    }

    /// Detected power with interference of the ratio `m`.
    fn power(&self, m: f64) -> Vec<f32> {
        let (ratio, root) = (m as f32, m.sqrt() as f32);
        let parts = self.own.iter().zip(&self.late).zip(&self.beat);
        parts
            .map(|((own, late), beat)| own + ratio * late + root * beat)
            .collect()
    }
}

fn bit_errors(sent: &[u8], decided: &[u8]) -> u64 {
    let gray = |symbol: u8| symbol ^ (symbol >> 1);
    sent.iter()
        .zip(decided)
        .map(|(&s, &d)| u64::from((gray(s) ^ gray(d)).count_ones()))
        .sum()
}
