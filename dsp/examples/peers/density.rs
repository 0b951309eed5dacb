//! `eye16`: density of an eye, 32 columns of two unit intervals by 256 rows.

use std::cell::RefCell;
use std::hint::black_box;

use etalon_dsp::kernels::eye::{Grid, accumulate, accumulate_scalar};
use etalon_dsp::kernels::{level_name, levels};

use crate::limits::{Limit, Limits};
use crate::report::{Report, Row};
use crate::workload::Workload;

/// Prints the lines.
pub fn lines(workload: &Workload, limits: &Limits, report: &Report) {
    if !report.wants("eye16") {
        return;
    }
    let samples = &workload.eye;
    let grid = Grid::new(32, 256, -6.0, 6.0).expect("a grid of 8192 cells");
    let mut exact = grid.density();
    accumulate_scalar(samples, 0, &grid, &mut exact);
    for level in levels().into_iter().take(2) {
        let density = RefCell::new(grid.density());
        report.limited_line(
            &Row {
                kernel: "eye16",
                unit: "Msample/s",
                n: samples.len(),
                dtype: "f32",
                note: &format!("{}, 32x256 bins", level_name(level)),
                runs: 21,
            },
            || {
                let count = limits.count_gs();
                let read = limits.read_gb(4 * samples.len()) / 4.0;
                Limit {
                    rate: 1e3 * count.min(read),
                    why: format!("load-add-store {count:.2} G/s, read {read:.1} G/s"),
                }
            },
            || {
                let mut density = density.borrow_mut();
                *density = grid.density();
                accumulate(level, black_box(samples), 0, &grid, &mut density);
            },
            |()| {
                let density = density.borrow();
                let pairs = density.hits.iter().zip(&exact.hits);
                Some(pairs.filter(|(a, b)| a != b).count() as f64)
            },
        );
    }
}
