//! Formats that are recognized, so that the refusal can name them, but not read yet or no
//! waveforms.

use crate::bytes::holds;
use crate::{osa_csv, otdr_sor};

/// Names the foreign format that a file's first bytes belong to.
pub(crate) fn name(head: &[u8]) -> Option<&'static str> {
    signature(head)
        .or_else(|| text(head))
        .or_else(|| otdr_sor::probe(head).then_some("OTDR .sor"))
        .or_else(|| osa_csv::probe(head).then_some("OSA CSV"))
}

/// Says what a format is that has a reader of its own because it holds no waveforms over time,
/// and where it is read.
pub(crate) fn companion(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "OTDR .sor" => Some((
            "this is a level over distance, not a waveform over time",
            "`etalon_captures::otdr` reads it; give a scope's capture here",
        )),
        "OSA CSV" => Some((
            "this is a spectrum, not a waveform over time",
            "`etalon_captures::osa_csv` reads it; give a scope's capture here",
        )),
        _ => None,
    }
}

fn signature(head: &[u8]) -> Option<&'static str> {
    const AT_START: [(&[u8], &str); 10] = [
        (b"LLWFM", "Tektronix .wfm (TDS)"),
        (b"PK\x03\x04", "ZIP archive"),
        (b"\x1f\x8b", "gzip"),
        (b"PAR1", "Parquet"),
        (b"ARROW1", "Arrow"),
        (b"RIFF", "RIFF container other than WAV"),
        (b"TDSm", "TDMS"),
        (b"Map\0", "OTDR .sor"),
        (b"\x89PNG", "PNG image"),
        (b"%PDF", "PDF document"),
    ];
    AT_START
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|&(_, name)| name)
}

fn text(head: &[u8]) -> Option<&'static str> {
    const ANYWHERE: [(&[u8], &str); 1] = [(b"//YOKOGAWA", "Yokogawa text")];
    if let Some(&(_, name)) = ANYWHERE.iter().find(|(needle, _)| holds(head, needle)) {
        return Some(name);
    }
    if touchstone(head) {
        return Some("Touchstone S-parameters");
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Some("UTF-16 text (save it as UTF-8)");
    }
    let start = head.trim_ascii_start();
    (start.starts_with(b"<?xml") || start.starts_with(b"<")).then_some("XML or HTML")
}

/// A Touchstone option line: `#`, then nothing or a frequency unit and a parameter letter, in a
/// file whose other leading lines are `!` comments.
fn touchstone(head: &[u8]) -> bool {
    let mut comments = 0;
    for line in head.split(|&b| b == b'\n') {
        let line = line.trim_ascii();
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        match line.first() {
            None => {}
            Some(b'!') => comments += 1,
            Some(b'#') => {
                let option = line[1..].trim_ascii().to_ascii_lowercase();
                let unit = option
                    .split(|b| b.is_ascii_whitespace())
                    .next()
                    .unwrap_or(&[]);
                let frequency = matches!(unit, b"hz" | b"khz" | b"mhz" | b"ghz" | b"s");
                return frequency || (option.is_empty() && comments > 0);
            }
            Some(b'[') => return line.to_ascii_lowercase().starts_with(b"[version]"),
            // A head full of comments says no more; a first data line ends the search.
            Some(_) => return false,
        }
    }
    comments > 10
}
