//! Made-up receptions for tests: plausible, and made here by a few lines.

use std::collections::BTreeMap;

use etalon_dsp::{Eye, LevelHistogram, Reflectogram, ResidualSpectrum};
use etalon_types::report::{
    EqualizerReport, Estimates, Input, Level, LinkParameters, MpiPath, MpiRegime, Provenance,
};
use etalon_types::{Estimate, Figure, Link, LinkReport, Modulation, Topology};
use ndarray::Array2;

/// A small generator (PCG-like) of uniform numbers, so that pictures are the same each time.
pub(crate) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Uniform in 0..1.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform().max(1e-12), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// Levels of the made-up PAM-4 signal in watts.
pub(crate) const POWERS_W: [f64; 4] = [286e-6, 462e-6, 630e-6, 806e-6];
pub(crate) const SIGMA_W: f64 = 21e-6;

/// A PAM-4 eye with raised-cosine transitions, noise, and a slow beat on the upper levels.
pub(crate) fn pam4() -> (Eye, LevelHistogram) {
    let (rows, columns) = (180, 160);
    let (low, high) = (150e-6, 950e-6);
    let mut hits = Array2::<u32>::zeros((rows, columns));
    let mut counts = vec![vec![0u64; 200]; 4];
    let mut dice = Dice::new(7);
    let symbols = 40_000;
    let draw: Vec<usize> = (0..symbols + 4)
        .map(|_| (dice.uniform() * 4.0) as usize % 4)
        .collect();
    for i in 1..symbols {
        let beat = 0.02 * (i as f64 * 0.0007).sin();
        for k in 0..4 {
            let t = (k as f64 + dice.uniform()) / 4.0 * 2.0;
            let position = t - 0.5 + i as f64;
            let (n, f) = (position.floor() as usize, position.fract());
            let s = 0.5 - 0.5 * (std::f64::consts::PI * f).cos();
            let power = POWERS_W[draw[n]] * (1.0 - s) + POWERS_W[draw[n + 1]] * s;
            let value = power * (1.0 + beat) + SIGMA_W * dice.normal();
            let row = ((value - low) / (high - low) * rows as f64).floor();
            if (0.0..rows as f64).contains(&row) {
                hits[[
                    row as usize,
                    ((t / 2.0 * columns as f64) as usize).min(columns - 1),
                ]] += 1;
            }
        }
        let level = draw[i];
        let value = POWERS_W[level] * (1.0 + beat) + SIGMA_W * dice.normal();
        let bin = ((value - low) / (high - low) * 200.0).floor();
        if (0.0..200.0).contains(&bin) {
            counts[level][bin as usize] += 1;
        }
    }
    let eye = Eye {
        hits,
        low,
        high,
        span_ui: 2.0,
        instants_ui: vec![0.5, 1.5],
        thresholds: POWERS_W.windows(2).map(|w| 0.5 * (w[0] + w[1])).collect(),
        levels: POWERS_W.to_vec(),
        samples: 4 * symbols as u64,
        equalized: true,
        time_resolved: true,
    };
    (eye, LevelHistogram { low, high, counts })
}

pub(crate) fn estimate(value: f64, spread: f64, unit: &str, definition: &str) -> Figure {
    Figure::Estimate(Estimate {
        value,
        low: value - spread,
        high: value + spread,
        confidence: 0.95,
        n: 131_072,
        errors: None,
        unit: unit.into(),
        method: "least squares on decided levels".into(),
        definition: definition.into(),
    })
}

pub(crate) fn ber(errors: u64, bits: u64) -> Figure {
    let value = errors as f64 / bits as f64;
    let spread = 1.96 * (value / bits as f64).sqrt();
    Figure::Estimate(Estimate {
        value,
        low: value - spread,
        high: value + spread,
        confidence: 0.95,
        n: bits,
        errors: Some(errors),
        unit: "1".into(),
        method: "Clopper-Pearson".into(),
        definition: "bit errors over judged bits".into(),
    })
}

pub(crate) fn report() -> LinkReport {
    let none = |why: &str| Figure::not_measurable(why);
    LinkReport {
        schema: LinkReport::SCHEMA.into(),
        input: Input {
            path: "simulated link, seed 7".into(),
            samples: 1_048_576,
            ..Input::default()
        },
        link: LinkParameters {
            modulation: Modulation::Pam4,
            baud_hz: 26.5625e9,
            samples_per_symbol: 4.0,
            pattern: Some("prbs13q".into()),
            polarity: Some("normal".into()),
            lag: Some(312),
        },
        estimates: Estimates {
            pre_fec_ber: ber(472, 262_144),
            ser: ber(470, 131_072),
            snr_db: estimate(
                17.83,
                0.06,
                "dB",
                "mean square level distance over residual",
            ),
            oma_outer: estimate(520.1e-6, 1.4e-6, "W", "P3 - P0, IEEE 802.3 121.8.4"),
            extinction_ratio_db: estimate(4.503, 0.021, "dB", "10 log10(P3/P0)"),
            rlm_120d: estimate(0.9714, 0.0023, "1", "IEEE 802.3 120D.3.1.2"),
            rlm_94: estimate(0.9832, 0.0019, "1", "IEEE 802.3 94.3.12.5.1"),
            tdecq_db: none("needs SSPRQ, found prbs13q"),
            ceq_db: estimate(1.31, 0.05, "dB", "IEEE 802.3 121.8.5.3"),
            mpi_db: estimate(-30.2, 0.3, "dB", "interferer over signal power"),
            linewidth_hz: estimate(
                10.4e6,
                1.2e6,
                "Hz",
                "half width of the beat spectrum over 2",
            ),
            frame_error_ratio_kp4: none("too few frames"),
            burst_factor: estimate(1.9, 0.2, "1", "variance of error counts over binomial"),
        },
        mpi_paths: vec![
            path(100e-9, -30.2, 21.4),
            MpiPath {
                level_db: None,
                low_db: None,
                high_db: None,
                ..path(112e-9, 0.0, 7.1)
            },
            path(31e-9, -41.0, 6.2),
        ],
        cancellation: Vec::new(),
        line_code: None,
        equalizer: equalizer(),
        transmitter: None,
        limits: Vec::new(),
        levels: POWERS_W
            .iter()
            .map(|m| Level {
                mean: *m,
                sigma: SIGMA_W,
                count: 32_768,
            })
            .collect(),
        error_statistics: None,
        mpi_regime: Some(MpiRegime::Incoherent),
        mpi_exponent: None,
        features: BTreeMap::new(),
        quality: vec![],
        classification: None,
        provenance: Provenance::default(),
        timing_s: BTreeMap::new(),
    }
}

fn path(delay_s: f64, level_db: f64, significance: f64) -> MpiPath {
    MpiPath {
        delay_s,
        distance_m: super::distance_m(delay_s),
        level_db: Some(level_db),
        low_db: Some(level_db - 0.4),
        high_db: Some(level_db + 0.4),
        significance,
        ..MpiPath::default()
    }
}

pub(crate) fn equalizer() -> EqualizerReport {
    let raw: Vec<f64> = (0..21)
        .map(|i| {
            let x = f64::from(i) - 9.0;
            if x == 0.0 {
                1.0
            } else {
                -0.32 * (-x.abs() / 2.2).exp() * (1.9 * x).cos()
            }
        })
        .collect();
    let sum: f64 = raw.iter().sum();
    EqualizerReport {
        kind: "ffe-dfe".into(),
        taps: raw.iter().map(|t| t / sum).collect(),
        tap_spacing_ui: 0.5,
        feedback: vec![0.21, -0.06, 0.02],
        main_cursor: 9,
        training_symbols: 16_384,
        judged_symbols: 114_688,
        why: "least squares on prbs13q".into(),
    }
}

pub(crate) fn spectrum() -> ResidualSpectrum {
    let mut dice = Dice::new(3);
    let frequency_hz: Vec<f64> = (1..4000).map(|i| f64::from(i) * 25e3).collect();
    let density_db_hz = frequency_hz
        .iter()
        .map(|f| {
            let lorentz = 1e-10 / (1.0 + (f / 20e6).powi(2)) + 1.6e-13;
            let scatter = -0.25 * (0..4).map(|_| dice.uniform().max(1e-9).ln()).sum::<f64>();
            10.0 * (lorentz * scatter).log10()
        })
        .collect();
    ResidualSpectrum {
        frequency_hz,
        density_db_hz,
        floor_db_hz: -127.9,
        half_width_hz: Some(20.4e6),
    }
}

pub(crate) fn reflectogram() -> Reflectogram {
    let mut dice = Dice::new(5);
    let delay_s: Vec<f64> = (0..8000).map(|i| f64::from(i) / 26.5625e9).collect();
    let mut significance: Vec<f64> = delay_s.iter().map(|_| dice.normal()).collect();
    let mut peaks = Vec::new();
    for (delay, height) in [(100e-9, 21.4), (112e-9, 7.1), (31e-9, 6.2)] {
        let at = (delay * 26.5625e9_f64).round() as usize;
        significance[at] = height;
        significance[at + 1] = 0.4 * height;
        peaks.push(at);
    }
    // 21.4 standard deviations are -30.2 dB.
    let level = |height: f64| -30.2 + 10.0 * (height.abs().max(1e-4) / 21.4).log10();
    Reflectogram {
        level_db: significance.iter().copied().map(level).collect(),
        floor_db: vec![level(5.3); delay_s.len()],
        delay_s,
        significance,
        threshold: 5.3,
        peaks,
    }
}

/// The 14-node graph with lengths divided by twenty.
pub(crate) fn metro() -> Topology {
    const LINKS: [(u32, u32, f64); 22] = [
        (1, 2, 1050.0),
        (1, 3, 1500.0),
        (1, 8, 2400.0),
        (2, 3, 600.0),
        (2, 4, 750.0),
        (3, 6, 1800.0),
        (4, 5, 600.0),
        (4, 11, 1950.0),
        (5, 6, 1200.0),
        (5, 7, 600.0),
        (6, 10, 1050.0),
        (6, 14, 1800.0),
        (7, 8, 750.0),
        (7, 10, 1350.0),
        (8, 9, 750.0),
        (9, 10, 750.0),
        (9, 12, 300.0),
        (9, 13, 300.0),
        (11, 12, 600.0),
        (11, 13, 750.0),
        (12, 14, 300.0),
        (13, 14, 150.0),
    ];
    Topology {
        schema: Topology::SCHEMA.into(),
        name: "dci-metro-14".into(),
        source: "NSFNET with 14 nodes and 22 links (DeepRMSA, JLT 2019), lengths divided by 20"
            .into(),
        nodes: (1..=14).map(|n| n.to_string()).collect(),
        links: LINKS
            .iter()
            .map(|(a, b, km)| Link {
                id: format!("{a}-{b}"),
                a: a.to_string(),
                b: b.to_string(),
                km: km / 20.0,
                srlg: vec![],
                lines: vec![],
            })
            .collect(),
        services: vec![],
    }
}

pub(crate) fn nodes(path: &[u32]) -> Vec<String> {
    path.iter().map(u32::to_string).collect()
}
