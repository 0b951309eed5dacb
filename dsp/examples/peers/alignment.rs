//! `ber_align`: an unknown rotation, then the bit error ratio.

use std::hint::black_box;

use etalon_dsp::kernels::count::{confusion, differences_at, find_lag};
use etalon_dsp::kernels::{level_name, levels};

use crate::limits::{Limit, Limits};
use crate::report::{Report, Row};
use crate::workload::Workload;

/// Prints the lines.
pub fn lines(workload: &Workload, limits: &Limits, report: &Report) {
    let (sent, received) = (&workload.bits, &workload.berrx);
    let n = received.len();
    let both = || {
        let rate = 1e3 * limits.read_gb(2 * n) / 2.0;
        Limit {
            rate,
            why: "limit by reading 2 B a bit".to_owned(),
        }
    };
    for level in levels().into_iter().take(2) {
        let name = level_name(level);
        report.limited_line(
            &Row {
                kernel: "ber_align",
                unit: "Mbit/s",
                n,
                dtype: "u8",
                note: &format!("{name}, lag by windows in step, bytes compared; ser is the BER"),
                runs: 41,
            },
            both,
            || {
                let lag = find_lag(level, black_box(sent), black_box(received))?;
                Some(differences_at(level, sent, received, lag))
            },
            |errors| errors.map(|e| e as f64 / n as f64),
        );
        report.limited_line(
            &Row {
                kernel: "confusion4",
                unit: "Msym/s",
                n,
                dtype: "u8",
                note: &format!("{name}, 4 x 4 counts of sent and decided levels"),
                runs: 21,
            },
            both,
            || confusion(level, black_box(sent), black_box(received)),
            |_| None,
        );
    }
}
