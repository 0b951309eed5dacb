//! Tektronix `.isf` and `.curve`: what an oscilloscope answers to `WAVFrm?` or to `WFMOutpre?` and
//! `CURVe?`, saved as a file.
//!
//! Layout: commands with their values, split by semicolons (`:WFMPRE:BYT_NR 2;ENCDG BINARY;...`),
//! then `:CURVE ` and either a block (`#`, the number of digits that follow, the length in bytes
//! in that many digits, the samples) or numbers with commas. Heads are `:WFMPRE:`, `:WFMP:` or
//! `:WFMOUTPRE:`, some with the source behind (`:WFMPRE:CH1:`); keys are long or cut to the
//! capitals of the manual (`YMULT` or `YMU`), may stand several times, and the last one counts.
//! Binary samples are signed or positive integers or floats (`BN_FMT` RI, RP, FP) of 1, 2, 4 or 8
//! bytes in either order.
//!
//! `value = (raw - YOFF) * YMULT + YZERO` and `t = XZERO + (i - PT_OFF) * XINCR`. `PT_FMT ENV`
//! means pairs of extremes, which become two channels (`max`, `min`); `NR_PT` counts values on
//! some instruments and pairs on others, and `NR_PT * XINCR` is the record's length on both.
//! Manuals disagree on which extreme comes first, the samples tell. `NR_FR` frames of `NR_PT`
//! points each become segments; their trigger times are not in the preamble. Several preambles,
//! each with its curve, may follow one another.
//!
//! What breaks it: answers without their heads (`HEADER OFF`) have no keys and are not recognized;
//! spectra (`XUNIT` Hz) are refused. A block shorter than announced is an error, a point count
//! that differs from the block is a warning: the block is what is there.
//!
//! No real file seen: text curves, floats, envelopes, several frames or curves; short keys only
//! in descriptions.
//!
//! Source: waveform transfer commands in the programmer manuals of the TDS200/1000/2000, TDS400
//! to 700, MDO4000 and MSO5 series; "What is the format of an ISF file" at tek.com.

mod curve;
mod preamble;
mod shape;
mod write;

pub(crate) use write::write;

use crate::Error;
use crate::bytes::{Bytes, latin, place_of};
use crate::registry::{HEAD_BYTES, Score};
use crate::trace::Capture;
use preamble::Preamble;

const FORMAT: &str = "tek-isf";
/// The format by the name that people use.
const TITLE: &str = "Tektronix .isf";
/// Oscilloscopes have tens of sources, each with one preamble.
const CURVE_LIMIT: u64 = 1024;
/// Heads that are looked for behind other text.
const HEADS: [&[u8]; 3] = [b":WFMPRE:", b":WFMOUTPRE:", b":WFMP:"];

pub(crate) fn probe(head: &[u8]) -> Score {
    match start(head) {
        Some(place) if preamble::begins(&head[place..]) && place <= 4 => Score::Signature,
        Some(_) => Score::Displaced,
        None => Score::No,
    }
}

/// Finds the first preamble: at the start, or behind other commands.
fn start(head: &[u8]) -> Option<usize> {
    let blank = head.len() - preamble::skip_blank(head).len();
    if preamble::begins(&head[blank..]) {
        return Some(blank);
    }
    let is_head = |rest: &[u8], head: &[u8]| {
        let word = rest.get(..head.len());
        word.is_some_and(|word| word.eq_ignore_ascii_case(head))
    };
    place_of(head, b':', |rest| {
        HEADS.iter().any(|head| is_head(rest, head))
    })
}

/// Describes a file as traces, in file order.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    let head = bytes.head(HEAD_BYTES)?;
    let Some(first) = start(&head) else {
        let expected = "`:WFMPRE:`, `:WFMP:` or `:WFMOUTPRE:`";
        let found = crate::bytes::excerpt(&head);
        return Err(Error::malformed(FORMAT, 0, "preamble", expected, found));
    };
    let (mut traces, mut warnings) = (Vec::new(), Vec::new());
    let mut place = first as u64;
    for number in 1.. {
        if number > CURVE_LIMIT {
            return Err(Error::Limit {
                format: FORMAT,
                field: "number of curves".into(),
                limit: CURVE_LIMIT,
                found: number,
            });
        }
        let preamble = Preamble::read(bytes, place)?;
        let shape = shape::of(&preamble, number)?;
        let next = curve::read(bytes, &preamble, &shape, &mut traces)?;
        let behind = (bytes.len() - next).min(HEAD_BYTES as u64) as usize;
        let behind = bytes.block(FORMAT, "end of the file", next, behind)?.bytes;
        let rest = preamble::skip_blank(&behind);
        if rest.is_empty() {
            break;
        }
        place = next + (behind.len() - rest.len()) as u64;
        if !preamble::begins(rest) {
            warnings.push(format!(
                "{} bytes after the curve are left out, beginning with `{}`",
                bytes.len() - place,
                latin(&rest[..rest.len().min(16)]).escape_debug()
            ));
            break;
        }
    }
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces,
    })
}
