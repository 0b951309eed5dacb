//! Decision feedback alone over the kit's channel 1 + 0.7 D: one tap ahead of the decisions, and
//! five taps (four of them zero) in segments. The kit has no line of this kind; its `lms21_dfe5`
//! adapts and filters as well.

use std::cell::RefCell;

use etalon_dsp::kernels::decision_feedback::{Loop, decision_feedback, look_ahead};
use etalon_dsp::kernels::{level_name, levels};

use crate::report::{Report, Row};
use crate::workload::Workload;

/// Prints the lines of `dfe1` and `dfe5` at every instruction set.
pub fn lines(workload: &Workload, report: &Report) {
    let scaled = |v: &[f32]| v.iter().map(|v| v / 5f32.sqrt()).collect();
    let samples = &workload.mlse1;
    for (kernel, what, taps) in [
        ("dfe1", "look-ahead", vec![0.7]),
        (
            "dfe5",
            "segments of 2032, warm-up 32",
            vec![0.7, 0.0, 0.0, 0.0, 0.0],
        ),
    ] {
        let feedback = Loop {
            taps,
            values: scaled(&[-3.0, -1.0, 1.0, 3.0]),
            thresholds: scaled(&[-2.0, 0.0, 2.0]),
        };
        for level in levels() {
            let row = Row {
                kernel,
                unit: "Msym/s",
                n: samples.len(),
                dtype: "f32",
                note: &format!("{}, {what}", level_name(level)),
                runs: 25,
            };
            let output = RefCell::new(vec![0.0; samples.len()]);
            report.line(
                &row,
                || {
                    let out = &mut output.borrow_mut()[..];
                    match feedback.taps.len() {
                        1 => look_ahead(level, samples, &feedback, out),
                        _ => decision_feedback(level, samples, &feedback, out),
                    }
                },
                |()| {
                    let decide = |&z: &f32| feedback.decide(z);
                    let decided: Vec<u8> = output.borrow().iter().map(decide).collect();
                    Some(workload.ser(&decided))
                },
            );
        }
    }
}
