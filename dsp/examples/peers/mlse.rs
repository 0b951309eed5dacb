//! Sequence detection over the kit's known channels: 1 + 0.7 D (4 states) and
//! 1 + 0.8 D + 0.35 D^2 (16 states), f32 in, symbols out.

use std::cell::RefCell;

use etalon_dsp::equalizer::mlse::detect_into;
use etalon_dsp::equalizer::trellis::Trellis;
use etalon_dsp::kernels::viterbi::Workspace;
use etalon_dsp::kernels::{level_name, levels};

use crate::report::{Report, Row};
use crate::workload::Workload;

/// Prints the lines of `mlse4` and `mlse16` at every instruction set.
pub fn lines(workload: &Workload, report: &Report) {
    let values = [-3.0, -1.0, 1.0, 3.0].map(|v: f64| v / 5f64.sqrt());
    for (kernel, taps, samples) in [
        ("mlse4", &[1.0, 0.7][..], &workload.mlse1),
        ("mlse16", &[1.0, 0.8, 0.35][..], &workload.mlse2),
    ] {
        let trellis = match Trellis::from_channel(&values, taps, 0.0) {
            Ok(trellis) => trellis,
            Err(problem) => {
                eprintln!("{kernel}: {problem}");
                continue;
            }
        };
        for level in levels() {
            let name = level_name(level);
            let row = Row {
                kernel,
                unit: "Msym/s",
                n: samples.len(),
                dtype: "f32",
                note: &format!("{name}, 16-bit metrics, segments of 960, overlap 32"),
                runs: 25,
            };
            // As in the kit's C, the output is allocated once.
            let mut workspace = Workspace::default();
            let decided = RefCell::new(vec![0; samples.len()]);
            report.line(
                &row,
                || {
                    let mut out = decided.borrow_mut();
                    detect_into(level, samples, &trellis, &mut workspace, &mut out);
                },
                |()| Some(workload.ser(&decided.borrow())),
            );
        }
    }
}
