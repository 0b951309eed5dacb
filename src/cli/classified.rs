//! From a report to an exit code: what counts as a finding.

use etalon_types::report::QualityFlag;
use etalon_types::{FaultKind, LinkReport};

use super::error::Exit;

/// Quality flags that reject a capture: its figures are not those of a link.
pub const REJECTING: [&str; 6] = [
    "nan",
    "constant",
    "clipping",
    "wrong-rate",
    "pattern-not-found",
    "too-short",
];

/// Returns the first flag that rejects the capture.
pub fn rejecting(quality: &[QualityFlag]) -> Option<&QualityFlag> {
    quality
        .iter()
        .find(|flag| REJECTING.contains(&flag.flag.as_str()))
}

/// Says how a command ends that has made this report.
///
/// A rejecting flag and any classification but `healthy` are findings.
pub fn exit(report: &LinkReport) -> Exit {
    let ill = report
        .classification
        .as_ref()
        .is_some_and(|c| c.kind != FaultKind::Healthy);
    if ill || rejecting(&report.quality).is_some() {
        Exit::Findings
    } else {
        Exit::Done
    }
}
