//! Every kernel with an input and its oracle: what the test against cliffs and
//! `benches/kernels.rs` time.

use std::hint::black_box;

use etalon_dsp::equalizer::least_squares;
use etalon_dsp::kernels::Level;
use etalon_dsp::kernels::correlation::{correlate, correlate_scalar};
use etalon_dsp::kernels::count::{
    confusion, confusion_scalar, difference_places, difference_places_scalar, differences,
    differences_scalar, pack, pack_scalar,
};
use etalon_dsp::kernels::covariance::{self, MAX_WINDOW};
use etalon_dsp::kernels::decision_feedback::{Loop, decision_feedback, decision_feedback_scalar};
use etalon_dsp::kernels::eye::{Grid, accumulate, accumulate_scalar};
use etalon_dsp::kernels::fir::{Fir, RawSample, Spacing, Thresholds};
use etalon_dsp::kernels::lanes::{Column, LANES, Slices};
use etalon_dsp::kernels::timing::{BandEdge, Tone};
use etalon_dsp::kernels::viterbi::{Branches, viterbi, viterbi_scalar};
use etalon_dsp::kernels::{lms, lms_dfe, lms_lanes, polyphase, volterra};

/// One kernel with its input.
pub struct Case {
    /// What it is called.
    pub name: &'static str,
    /// What is counted: symbols, samples, multiply-adds.
    pub elements: usize,
    /// Multiple of the oracle's rate below which it has fallen off a cliff, at AVX2 or better: a
    /// third to a seventh of what was seen at AVX2 (Zen 4), so that a cliff of ten is below it
    /// and a busy machine is not.
    pub floor: f64,
    /// Runs the kernel at a level, or its oracle.
    pub run: Box<dyn FnMut(Option<Level>)>,
}

impl Case {
    fn new(
        name: &'static str,
        elements: usize,
        floor: f64,
        run: impl FnMut(Option<Level>) + 'static,
    ) -> Self {
        let run = Box::new(run);
        Self {
            name,
            elements,
            floor,
            run,
        }
    }
}

/// Symbols of a case: inputs stay in the second-level cache, so that kernels are compared and not
/// memories.
const SYMBOLS: usize = 1 << 14;
const TAPS: usize = 21;
const LEVELS: [f32; 4] = [-3.0, -1.0, 1.0, 3.0];
const THRESHOLDS: [f32; 3] = [-2.0, 0.0, 2.0];
const SLICES: Slices = Slices {
    levels: LEVELS,
    thresholds: THRESHOLDS,
};

/// A wave that visits every level, the same in every run.
fn wave(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (0.7 * i as f32).sin() + (2.9 * i as f32).cos())
        .collect()
}

fn symbols(seed: usize) -> Vec<u8> {
    (0..SYMBOLS)
        .map(|i| ((i + seed).wrapping_mul(0x9E37_79B9) >> 13) as u8 & 3)
        .collect()
}

/// Two samples of every symbol, with a little of its neighbour.
fn received(sent: &[u8]) -> Vec<f32> {
    let level = |k: usize| sent.get(k).map_or(0.0, |&s| SLICES.levels[usize::from(s)]);
    (0..2 * sent.len())
        .map(|i| 0.9 * level(i / 2) + 0.2 * level(i / 2 + i % 2))
        .collect()
}

/// Taps that pass the sample of the symbol.
fn spike() -> Fir<f32> {
    let mut taps = [0.01; TAPS];
    taps[TAPS / 2] = 1.0;
    Fir::new(Spacing::HalfSymbol, &taps, TAPS / 2, 0.0)
}

/// Returns all of them.
pub fn cases() -> Vec<Case> {
    let mut cases = filters();
    cases.push(density());
    cases.extend(counted());
    cases.extend(sequences());
    cases.extend(sums());
    cases.extend(adaptive());
    cases.extend([sixteen_captures(), quadratic()]);
    cases
}

fn filters() -> Vec<Case> {
    let x = wave(2 * SYMBOLS);
    let fir = Fir::new(Spacing::HalfSymbol, &wave(TAPS), TAPS / 2, 0.0);
    let raw8: Vec<i8> = x.iter().map(|x| (50.0 * x) as i8).collect();
    let raw16: Vec<i16> = x.iter().map(|x| (1e4 * x) as i16).collect();
    let (fir8, fir16) = (
        Fir::for_raw(&fir, 0.02, 0.0, 0),
        Fir::for_raw(&fir, 1e-4, 0.0, 0),
    );
    let decided_f32 = decided("fir21, f32, decided", 5.0, fir.clone(), x.clone());
    let mut out = vec![0.0; SYMBOLS];
    let filtered = Case::new("fir21, f32", SYMBOLS, 5.0, move |level| {
        match level {
            Some(level) => fir.filter_into(level, black_box(&x), &mut out),
            None => fir.filter_scalar(black_box(&x), &mut out),
        };
    });
    vec![
        filtered,
        decided_f32,
        decided("fir21, i16, decided", 6.0, fir16, raw16),
        decided("fir21, i8, decided", 6.0, fir8, raw8),
    ]
}

fn decided<T: RawSample + 'static>(name: &'static str, floor: f64, fir: Fir<T>, x: Vec<T>) -> Case {
    let thresholds = Thresholds::Three([-0.5, 0.0, 0.5]);
    let mut out = vec![0; SYMBOLS];
    Case::new(name, SYMBOLS, floor, move |level| {
        match level {
            Some(level) => fir.decide_into(level, black_box(&x), &thresholds, &mut out),
            None => fir.decide_scalar(black_box(&x), &thresholds, &mut out),
        };
    })
}

fn density() -> Case {
    let x = wave(2 * SYMBOLS);
    let grid = Grid::new(32, 256, -2.5, 2.5).expect("a grid of 8192 cells");
    let mut hits = grid.density();
    Case::new("eye 32x256", x.len(), 1.3, move |level| match level {
        Some(level) => accumulate(level, black_box(&x), 0, &grid, &mut hits),
        None => accumulate_scalar(black_box(&x), 0, &grid, &mut hits),
    })
}

fn counted() -> [Case; 4] {
    let (a, b) = (symbols(0), symbols(1));
    let (c, d, e) = (a.clone(), b.clone(), a.clone());
    let mut words = vec![0; SYMBOLS / 64];
    let (f, mut g) = (a.clone(), a.clone());
    g.iter_mut().step_by(1000).for_each(|s| *s ^= 1);
    [
        Case::new("difference places, 1e-3", SYMBOLS, 3.0, move |level| {
            black_box(match level {
                Some(level) => difference_places(level, black_box(&f), &g),
                None => difference_places_scalar(black_box(&f), &g),
            });
        }),
        Case::new("differences", SYMBOLS, 5.0, move |level| {
            black_box(match level {
                Some(level) => differences(level, black_box(&a), &b),
                None => differences_scalar(black_box(&a), &b),
            });
        }),
        Case::new("confusion", SYMBOLS, 1.0, move |level| {
            black_box(match level {
                Some(level) => confusion(level, black_box(&c), &d),
                None => confusion_scalar(black_box(&c), &d),
            });
        }),
        Case::new("pack", SYMBOLS, 8.0, move |level| match level {
            Some(level) => pack(level, black_box(&e), &mut words),
            None => pack_scalar(black_box(&e), &mut words),
        }),
    ]
}

fn sequences() -> Vec<Case> {
    let y = wave(SYMBOLS);
    let feedback = Loop {
        taps: vec![0.4, -0.2, 0.1],
        values: LEVELS.to_vec(),
        thresholds: THRESHOLDS.to_vec(),
    };
    let z = y.clone();
    let mut out = vec![0.0; y.len()];
    let fed_back = move |level| match level {
        Some(level) => decision_feedback(level, black_box(&z), &feedback, &mut out),
        None => decision_feedback_scalar(black_box(&z), &feedback, &mut out),
    };
    vec![
        detected("viterbi, 4 states", 25.0, 1, y.clone()),
        detected("viterbi, 16 states", 35.0, 2, y),
        Case::new("decision feedback, 3 taps", SYMBOLS, 2.5, fed_back),
    ]
}

fn detected(name: &'static str, floor: f64, memory: u32, y: Vec<f32>) -> Case {
    let of = |i: usize, d: u32| LEVELS[i / 4usize.pow(d) % 4];
    let values: Vec<f32> = (0..4usize.pow(memory + 1))
        .map(|i| of(i, memory) + 0.7 * of(i, memory - 1) + 0.3 * of(i, 0))
        .collect();
    let branches = Branches::new(4, memory as usize, &values).expect("four levels");
    Case::new(name, SYMBOLS, floor, move |level| {
        black_box(match level {
            Some(level) => viterbi(level, black_box(&y), &branches),
            None => viterbi_scalar(black_box(&y), &branches),
        });
    })
}

fn sums() -> [Case; 3] {
    let x = wave(2 * SYMBOLS);
    let wide: Vec<f64> = x[..4096].iter().map(|&x| f64::from(x)).collect();
    let mut out = vec![0.0; 61];
    let correlated = move |level| match level {
        Some(level) => correlate(level, black_box(&wide[..2000]), &wide, 2, &mut out),
        None => correlate_scalar(black_box(&wide[..2000]), &wide, 2, &mut out),
    };
    let plan = BandEdge::new(2.0, 256, 1.0);
    let mut tones = vec![Tone::default(); SYMBOLS / 256];
    let y = x.clone();
    let timed = move |level| match level {
        Some(level) => plan.tones(level, black_box(&y), 0, &mut tones),
        None => {
            for (block, tone) in tones.iter_mut().enumerate() {
                *tone = plan.tone_scalar(black_box(&y), block, 1.0);
            }
        }
    };
    let mut streams = vec![0.0; x.len()];
    let taken_apart = move |level| match level {
        Some(level) => polyphase::split(level, black_box(&x), 0, 4, x.len() / 4, &mut streams),
        None => polyphase::split_scalar(black_box(&x), 0, 4, x.len() / 4, &mut streams),
    };
    [
        Case::new("correlation, 61 outputs", 61 * 2000, 10.0, correlated),
        Case::new("band-edge tones", SYMBOLS, 2.5, timed),
        Case::new("polyphase, 4 streams", 2 * SYMBOLS, 1.6, taken_apart),
    ]
}

fn adaptive() -> [Case; 3] {
    let sent = symbols(2);
    let x = received(&sent);
    let settings = lms::Settings {
        step: 1e-6,
        levels: LEVELS,
        thresholds: THRESHOLDS,
    };
    let (y, mut out, mut back_out) = (x.clone(), vec![0; SYMBOLS], vec![0; SYMBOLS]);
    let one = move |level| {
        let (mut fir, x) = (spike(), black_box(&x));
        match level {
            Some(level) => lms::lms(level, x, &settings, &mut fir, &mut out),
            None => lms::lms_scalar(x, &settings, lms::BLOCK, &mut fir, &mut [], &mut out),
        };
    };
    let z = y.clone();
    let fed_back = move |level| {
        let (mut fir, mut back, x) = (spike(), [0.01; 5], black_box(&y));
        let out = &mut back_out;
        match level {
            Some(level) => lms_dfe::lms_dfe(level, x, &settings, &mut fir, &mut back, out),
            None => lms_dfe::lms_dfe_scalar(x, &settings, &mut fir, &mut back, out),
        };
    };
    let wanted: Vec<f32> = sent.iter().map(|&s| LEVELS[usize::from(s)]).collect();
    let fitted = move |level| fit(level, black_box(&z), &wanted);
    [
        Case::new("lms, 21 taps", SYMBOLS, 15.0, one),
        Case::new("lms, 21 taps, feedback 5", SYMBOLS, 7.0, fed_back),
        Case::new("least squares, 21 taps", SYMBOLS, 1.1, fitted),
    ]
}

fn fit(level: Option<Level>, samples: &[f32], wanted: &[f32]) {
    let training = covariance::Training {
        samples,
        wanted,
        spacing: Spacing::HalfSymbol,
        taps: TAPS,
        feedback: 0,
        offset: 0.0,
    };
    let shape = least_squares::Shape {
        spacing: 2,
        taps: TAPS,
        feedback: 0,
    };
    let inside = TAPS..wanted.len() - MAX_WINDOW;
    black_box(match level {
        Some(level) => covariance::fit(level, &training),
        None => least_squares::fit(samples, wanted, inside, shape, 0.0),
    });
}

fn sixteen_captures() -> Case {
    const EACH: usize = SYMBOLS / LANES;
    let sent = symbols(3);
    let x = received(&sent);
    let settings = lms_lanes::Settings {
        step: 1e-3,
        slices: SLICES,
        offset: 0.0,
    };
    let mut decided = vec![0; SYMBOLS];
    let run = move |level| {
        let mut taps = [Column::default(); TAPS];
        taps[TAPS / 2].0 = [1.0; LANES];
        let samples: [&[f32]; LANES] =
            std::array::from_fn(|l| &x[2 * EACH * l..2 * EACH * (l + 1)]);
        let known: [&[u8]; LANES] = std::array::from_fn(|l| &sent[EACH * l..][..EACH / 2]);
        let mut rest = decided.chunks_mut(EACH);
        let mut out: [&mut [u8]; LANES] = std::array::from_fn(|_| rest.next().unwrap_or_default());
        let samples = black_box(&samples);
        match level {
            Some(level) => {
                lms_lanes::lms_lanes(level, samples, &known, &settings, &mut taps, &mut out);
            }
            None => {
                lms_lanes::lms_lanes_scalar(samples, &known, &settings, &mut taps, &mut out);
            }
        }
    };
    Case::new("lms, 16 captures", SYMBOLS, 3.0, run)
}

fn quadratic() -> Case {
    let x = received(&symbols(4));
    let mut model = volterra::Quadratic::<TAPS, 9> {
        linear: [0.01; TAPS],
        products: [[0.001; 9]; 9],
        bias: 0.0,
        offset: 0.0,
    };
    model.linear[TAPS / 2] = 1.0;
    let mut out = vec![0; SYMBOLS];
    Case::new("volterra, 21 and 45", SYMBOLS, 5.0, move |level| {
        match level {
            Some(level) => volterra::volterra(level, black_box(&x), &model, &SLICES, &mut out),
            None => volterra::volterra_scalar(black_box(&x), &model, &SLICES, &mut out),
        };
    })
}
