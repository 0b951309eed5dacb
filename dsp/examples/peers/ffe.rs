//! `ffe21` and `ffe21+slice`: fixed taps over f32 and over samples quantized to 8 and 16 bits.

use std::cell::RefCell;
use std::hint::black_box;

use etalon_dsp::kernels::fir::{Fir, RawSample, Spacing, Thresholds};
use etalon_dsp::kernels::{level_name, levels};

use crate::limits::Limits;
use crate::report::{Report, Row};
use crate::workload::Workload;

/// Thresholds of levels (-3, -1, 1, 3) / sqrt 5.
fn thresholds() -> Thresholds {
    let t = 2.0 / 5.0f64.sqrt();
    Thresholds::new(&[-t, 0.0, t]).expect("three thresholds")
}

/// Prints the lines.
pub fn lines(workload: &Workload, limits: &Limits, report: &Report) {
    let fir = Fir::new(Spacing::HalfSymbol, &workload.taps21, 10, 0.0);
    slice_lines("f32", "", &fir, &workload.rx, workload, limits, report);
    let peak = workload.rx.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    // The largest sample is full scale: nothing clips.
    let scale8 = f64::from(peak) / 127.0;
    let raw8: Vec<i8> = quantize(&workload.rx, scale8, |q| q as i8);
    let fir8 = Fir::for_raw(&fir, scale8, 0.0, 0i8);
    let note8 = format!(", scale {scale8:.6} a step");
    slice_lines("i8", &note8, &fir8, &raw8, workload, limits, report);
    let scale16 = f64::from(peak) / 32767.0;
    let raw16: Vec<i16> = quantize(&workload.rx, scale16, |q| q as i16);
    let fir16 = Fir::for_raw(&fir, scale16, 0.0, 0i16);
    let note16 = format!(", scale {scale16:.8} a step");
    slice_lines("i16", &note16, &fir16, &raw16, workload, limits, report);
    filter_lines(&fir, workload, limits, report);
}

fn quantize<T>(samples: &[f32], scale: f64, to: impl Fn(f64) -> T) -> Vec<T> {
    samples
        .iter()
        .map(|&x| to((f64::from(x) / scale).round()))
        .collect()
}

fn slice_lines<T: RawSample>(
    dtype: &str,
    note: &str,
    fir: &Fir<T>,
    samples: &[T],
    workload: &Workload,
    limits: &Limits,
    report: &Report,
) {
    let n = workload.symbols();
    let thresholds = thresholds();
    let mut exact = vec![0u8; n];
    if report.wants("ffe21+slice") {
        fir.decide_scalar(samples, &thresholds, &mut exact);
    }
    let decided = RefCell::new(vec![0u8; n]);
    for level in levels().into_iter().take(2) {
        let bytes = 2.0 * size_of::<T>() as f64 + 1.0;
        report.limited_line(
            &Row {
                kernel: "ffe21+slice",
                unit: "Msym/s",
                n,
                dtype,
                note: &format!("{}, blocks of 768{note}", level_name(level)),
                runs: 41,
            },
            || limits.of(level, n, 21.0, bytes),
            || {
                let out = &mut decided.borrow_mut();
                fir.decide_into(level, black_box(samples), &thresholds, out)
            },
            |_| {
                let decided = decided.borrow();
                let wrong = decided.iter().zip(&exact).filter(|(a, b)| a != b).count();
                eprintln!("{dtype}: {wrong} of {n} decisions differ from those of f64");
                Some(workload.ser(&decided))
            },
        );
    }
}

fn filter_lines(fir: &Fir<f32>, workload: &Workload, limits: &Limits, report: &Report) {
    let n = workload.symbols();
    let mut out = vec![0.0f32; n];
    for level in levels().into_iter().take(2) {
        report.limited_line(
            &Row {
                kernel: "ffe21",
                unit: "Msym/s",
                n,
                dtype: "f32",
                note: &format!("{}, no slicer, f32 out", level_name(level)),
                runs: 41,
            },
            || limits.of(level, n, 21.0, 12.0),
            || fir.filter_into(level, black_box(&workload.rx), &mut out),
            |_| None,
        );
    }
}
