use etalon_types::cancellation::{Cancellation, CancellationAction, CancellationMethod};
use etalon_types::report::{MpiPath, PathKind, QualityFlag};

use super::*;
use crate::plots::fixture;

fn cancellation(method: CancellationMethod) -> Cancellation {
    let report = fixture::report();
    Cancellation {
        method,
        action: CancellationAction::Subtracted { gain: 0.97 },
        block_symbols: 64,
        delay_s: None,
        ber_before: report.estimates.pre_fec_ber.clone(),
        ber_after: report.estimates.pre_fec_ber,
        suppression_db: report.estimates.mpi_db,
        bursts_before: None,
        bursts_after: None,
    }
}

/// More of everything than fits.
fn crowded() -> MpiRecord {
    let mut report = fixture::report();
    let long = "a reason that goes on and on, ".repeat(12);
    report.estimates.mpi_db = Figure::not_measurable(long.clone());
    report.input.path = "folder/".repeat(40) + "link.trc";
    report.mpi_paths = (0..9)
        .map(|k| MpiPath {
            kind: Some(PathKind::FixedEcho),
            modulo_s: Some(322e-9),
            connectors: Some(vec![["PP1-A".repeat(9), "PP2-B".repeat(9)]; 5]),
            delay_s: 1e-7 * f64::from(k),
            ..report.mpi_paths[0].clone()
        })
        .collect();
    let flag = QualityFlag {
        flag: "clipping".into(),
        detail: long,
    };
    report.quality = vec![flag; 5];
    report.cancellation = [
        CancellationMethod::BlockTracker,
        CancellationMethod::DelayAware,
        CancellationMethod::HighPass,
    ]
    .map(cancellation)
    .to_vec();
    MpiRecord::from(report)
}

#[test]
fn the_screen_fits_whatever_there_is_to_say() {
    for next in ["etalon analyze link.trc".to_owned(), "etalon ".repeat(30)] {
        let text = screen(&crowded(), Some(|rows| vec!["#".repeat(80); rows]), &next);
        let lines: Vec<&str> = text.lines().collect();
        let (last, rest) = lines.split_last().unwrap();
        assert_eq!(last.strip_prefix("next: "), Some(next.as_str()));
        assert!(rest.iter().all(|l| l.chars().count() <= COLUMNS), "{text}");
        assert!(rest.len() + last.len().div_ceil(COLUMNS) <= LINES, "{text}");
    }
}

#[test]
fn the_drawing_gets_the_room_that_is_left() {
    let record = MpiRecord::from(fixture::report());
    let mut given = 0;
    let draw = |rows| {
        given = rows;
        vec![String::new(); rows]
    };
    let text = screen(&record, Some(draw), "etalon guide");
    assert_eq!(given, DRAWING);
    assert!(text.lines().count() <= LINES);
}

#[test]
fn a_canceller_says_what_it_did() {
    let mut one = cancellation(CancellationMethod::DelayAware);
    let did = what_it_did(&one);
    assert!(did.starts_with("BER ") && did.contains(" -> ") && did.contains(", beat -30.2 dB ["));
    one.ber_before = Figure::not_measurable("no pattern: errors cannot be counted");
    assert!(what_it_did(&one).ends_with(", BER n/a: no pattern"));
    one.suppression_db = Figure::at_most(-20.0, "dB", 0.95, 9, "little");
    assert!(what_it_did(&one).starts_with("beat below -20.0 dB, "));
    one.action = CancellationAction::Bypassed;
    assert!(what_it_did(&one).starts_with("bypassed"));
}

#[test]
fn nothing_found_is_told_from_nothing_looked_for() {
    let mut record = MpiRecord::from(fixture::report());
    record.mpi_paths.clear();
    let none = |_| Vec::new();
    assert!(screen(&record, Some(none), "etalon guide").contains("paths      none found"));
    let nowhere = Some(none).filter(|_| false);
    assert!(screen(&record, nowhere, "etalon guide").contains("paths      not looked for"));
}
