//! The adaptive equalizers: `lms21`, `lms21_x16`, `lms21_dfe5` and `volterra21+45`.
//!
//! Training is timed with the rest. Three of the rows begin with a least-squares solution on known
//! symbols and then follow (or, for the Volterra equalizer, stand still); the row that says "exact"
//! is least mean squares symbol by symbol, as the kit's naive C has it.

use std::cell::RefCell;

use etalon_dsp::kernels::covariance::{self, Training};
use etalon_dsp::kernels::fir::{Fir, Spacing};
use etalon_dsp::kernels::lanes::{Column, LANES, Slices};
use etalon_dsp::kernels::lms::{self, Settings};
use etalon_dsp::kernels::{level_name, levels, lms_dfe, lms_exact, lms_lanes, volterra};
use fearless_simd::Level;

use crate::report::{Report, Row};
use crate::workload::{TRAINING, Workload};

pub const TAPS: usize = 21;
const FEEDBACK: usize = 5;
/// Taps of the quadratic part: 45 products.
const SPAN: usize = 9;
/// Symbols that each of sixteen captures is fitted on.
const TRAINING_X16: usize = 4096;
/// Symbols that the Volterra equalizer is fitted on.
const TRAINING_VOLTERRA: usize = 8192;

fn slices() -> Slices {
    let scale = 5f32.sqrt();
    Slices {
        levels: [-3.0, -1.0, 1.0, 3.0].map(|v| v / scale),
        thresholds: [-2.0, 0.0, 2.0].map(|t| t / scale),
    }
}

pub fn settings(samples: &[f32]) -> Settings {
    let power = samples
        .iter()
        .take(1 << 14)
        .map(|x| f64::from(x * x))
        .sum::<f64>();
    let Slices { levels, thresholds } = slices();
    Settings {
        step: (0.02 * lms::step_bound(TAPS, power / f64::from(1 << 14))) as f32,
        levels,
        thresholds,
    }
}

/// Fits on the known symbols.
pub fn start(level: Level, samples: &[f32], known: &[u8], feedback: usize) -> (Fir<f32>, Vec<f32>) {
    let levels = slices().levels;
    let wanted: Vec<f32> = known.iter().map(|&s| levels[usize::from(s)]).collect();
    let training = Training {
        samples,
        wanted: &wanted,
        spacing: Spacing::HalfSymbol,
        taps: TAPS,
        feedback,
        offset: 0.0,
    };
    let fit = covariance::fit(level, &training).expect("the workload has power");
    let narrow = |v: &[f64]| -> Vec<f32> { v.iter().map(|&w| w as f32).collect() };
    let fir = Fir::new(Spacing::HalfSymbol, &narrow(&fit.taps), TAPS / 2, 0.0);
    (fir, narrow(&fit.feedback))
}

/// Prints the lines at the two best instruction sets.
pub fn lines(workload: &Workload, report: &Report) {
    for level in levels().into_iter().take(2) {
        one_capture(workload, report, level);
        one_capture_exact(workload, report, level);
        feedback(workload, report, level);
        sixteen_captures(workload, report, level);
        sixteen_captures_exact(workload, report, level);
        quadratic(workload, report, level);
    }
}

fn row<'a>(kernel: &'a str, workload: &Workload, note: &'a str) -> Row<'a> {
    Row {
        kernel,
        unit: "Msym/s",
        n: workload.symbols(),
        dtype: "f32",
        note,
        runs: 25,
    }
}

fn one_capture(workload: &Workload, report: &Report, level: Level) {
    let note = format!(
        "{}, least squares on 32768 symbols, then block LMS: blocks of {}, one symbol in {} corrects",
        level_name(level),
        lms::BLOCK,
        lms::PERIOD
    );
    let decided = RefCell::new(vec![0; workload.symbols()]);
    report.line(
        &row("lms21", workload, &note),
        || {
            let settings = settings(&workload.rx);
            let (mut fir, _) = start(level, &workload.rx, &workload.tx[..TRAINING], 0);
            lms::lms(
                level,
                &workload.rx,
                &settings,
                &mut fir,
                &mut decided.borrow_mut(),
            )
        },
        |_| Some(workload.ser(&decided.borrow())),
    );
}

fn one_capture_exact(workload: &Workload, report: &Report, level: Level) {
    let note = format!(
        "{}, exact: symbol by symbol, mu 1e-3, trained on {TRAINING}",
        level_name(level)
    );
    let n = workload.symbols();
    let settings = lms_exact::Settings {
        spacing: 2,
        centre: TAPS / 2,
        step: 1e-3,
        slices: slices(),
        bias: 0.0,
        offset: 0.0,
        size: 1.0,
    };
    let mut output = vec![0.0; n];
    let mut squares = vec![0.0; n.div_ceil(lms_exact::BLOCK)];
    let decided = RefCell::new(vec![0; n]);
    let (output, squares) = (RefCell::new(&mut output), RefCell::new(&mut squares));
    report.line(
        &row("lms21", workload, &note),
        || {
            let mut taps = [0.0; TAPS];
            taps[TAPS / 2] = 1.0;
            let mut outputs = lms_exact::Outputs {
                output: &mut output.borrow_mut(),
                decided: &mut decided.borrow_mut(),
                squares: &mut squares.borrow_mut(),
            };
            let known = &workload.tx[..TRAINING];
            lms_exact::lms_exact(
                level,
                &workload.rx,
                known,
                &settings,
                &mut taps,
                &mut outputs,
            );
        },
        |()| Some(workload.ser(&decided.borrow())),
    );
}

fn feedback(workload: &Workload, report: &Report, level: Level) {
    let note = format!(
        "{}, least squares on 32768 symbols, then block LMS; feedback in segments of {}, warm-up {}",
        level_name(level),
        lms_dfe::RUN,
        lms_dfe::WARM_UP
    );
    let decided = RefCell::new(vec![0; workload.symbols()]);
    report.line(
        &row("lms21_dfe5", workload, &note),
        || {
            let rx = &workload.rx;
            let (mut fir, back) = start(level, rx, &workload.tx[..TRAINING], FEEDBACK);
            let mut feedback = [0.0; FEEDBACK];
            feedback.copy_from_slice(&back);
            let out = &mut decided.borrow_mut();
            lms_dfe::lms_dfe(level, rx, &settings(rx), &mut fir, &mut feedback, out)
        },
        |_| Some(workload.ser(&decided.borrow())),
    );
}

/// Where capture `lane` of sixteen begins and ends, in symbols.
fn cut(workload: &Workload, lane: usize) -> std::ops::Range<usize> {
    let length = workload.symbols() / LANES;
    lane * length..(lane + 1) * length
}

/// Error ratio over the second halves, but for the last 64 symbols of each.
fn second_halves(workload: &Workload, decided: &[u8]) -> Option<f64> {
    let (mut wrong, mut judged) = (0usize, 0usize);
    for lane in 0..LANES {
        let capture = cut(workload, lane);
        let half = capture.start + capture.len() / 2..capture.end - 64;
        judged += half.len();
        wrong += half.filter(|&k| decided[k] != workload.tx[k]).count();
    }
    Some(wrong as f64 / judged as f64)
}

fn sixteen_captures(workload: &Workload, report: &Report, level: Level) {
    let note = format!(
        "{}, one after the other: least squares on {TRAINING_X16} symbols, then block LMS",
        level_name(level)
    );
    let decided = RefCell::new(vec![0; workload.symbols()]);
    report.line(
        &row("lms21_x16", workload, &note),
        || {
            let settings = settings(&workload.rx);
            for lane in 0..LANES {
                let capture = cut(workload, lane);
                let samples = &workload.rx[2 * capture.start..2 * capture.end];
                let known = &workload.tx[capture.clone()][..TRAINING_X16];
                let (mut fir, _) = start(level, samples, known, 0);
                let out = &mut decided.borrow_mut()[capture];
                lms::lms(level, samples, &settings, &mut fir, out);
            }
        },
        |()| second_halves(workload, &decided.borrow()),
    );
}

fn sixteen_captures_exact(workload: &Workload, report: &Report, level: Level) {
    let note = format!(
        "{}, exact: side by side, symbol by symbol, mu 1e-3, trained on 16384",
        level_name(level)
    );
    let settings = lms_lanes::Settings {
        step: 1e-3,
        slices: slices(),
        offset: 0.0,
    };
    let captures = |l: usize| &workload.rx[2 * cut(workload, l).start..2 * cut(workload, l).end];
    let samples: [&[f32]; LANES] = std::array::from_fn(captures);
    let known: [&[u8]; LANES] =
        std::array::from_fn(|l| &workload.tx[cut(workload, l)][..TRAINING / 2]);
    let decided = RefCell::new(vec![0; workload.symbols()]);
    report.line(
        &row("lms21_x16", workload, &note),
        || {
            let mut taps = [Column::default(); TAPS];
            taps[TAPS / 2].0 = [1.0; LANES];
            let mut decided = decided.borrow_mut();
            let mut rest = decided.chunks_mut(workload.symbols() / LANES);
            let mut out: [&mut [u8]; LANES] =
                std::array::from_fn(|_| rest.next().unwrap_or_default());
            lms_lanes::lms_lanes(level, &samples, &known, &settings, &mut taps, &mut out);
        },
        |()| second_halves(workload, &decided.borrow()),
    );
}

fn quadratic(workload: &Workload, report: &Report, level: Level) {
    let note = format!(
        "{}, least squares on {TRAINING_VOLTERRA} symbols, then frozen",
        level_name(level)
    );
    let decided = RefCell::new(vec![0; workload.symbols()]);
    report.line(
        &row("volterra21+45", workload, &note),
        || {
            let (rx, known) = (&workload.rx_nl, &workload.tx[..TRAINING_VOLTERRA]);
            let slices = slices();
            let model: volterra::Quadratic<TAPS, SPAN> =
                volterra::fit(level, rx, known, slices.levels, 0.0)
                    .expect("the workload has power");
            volterra::volterra(level, rx, &model, &slices, &mut decided.borrow_mut())
        },
        |_| Some(workload.ser(&decided.borrow())),
    );
}
