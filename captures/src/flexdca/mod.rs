//! Text that Keysight FlexDCA saves: Y values, XY values and pattern waveforms.
//!
//! - Y values: key lines (`XOrg`, `XInc`, and maybe `Points`, `XUnits`, `YUnits`, a source), then
//!   one amplitude a line, in volts or watts, lines ended by CRLF.
//! - XY values: the same keys, then time and amplitude in each line.
//! - Pattern waveforms: an XML header `<DcaFile>` with `Points`, `XOrg`, `XInc`, `YUnits`, then
//!   one amplitude a line behind `</DcaFile>`. The internal `.wfmx` keeps binary samples there,
//!   in an encoding that is not public: it is refused by name.
//!
//! A clipped point is the word `Infinity`; it stays infinite and is told, as in other text. A
//! hole of a Y file is an empty line or `NaN`, a hole of an XY file a missing row: both become
//! NaN, so that the points behind keep their times. The interval is `XInc`; the times of an XY
//! file are printed with six digits and are only held against it.
//!
//! Source: "Y-value waveform files", "XY-value waveform files" and "Internal waveform (.wfmx)"
//! in the FlexDCA user guide. **No real file seen**: how key and value are parted is not told
//! there, so that colon, equals sign, comma, semicolon and tab are taken.

mod header;
mod rows;

use crate::bytes::{Bytes, excerpt};
use crate::registry::Score;
use crate::trace::{Capture, Trace, bare_info};
use crate::{Error, Format};
use rows::Rows;

const FORMAT: &str = "flexdca";
/// Text is parsed into memory, eight bytes a value.
const TEXT_LIMIT: u64 = 4 << 30;
/// Headers of real files are below a kilobyte.
const HEADER_LIMIT: usize = 65_536;

pub(crate) fn probe(head: &[u8]) -> Score {
    if header::is_xml(head) || header::is_keyed(head) {
        Score::Signature
    } else {
        Score::No
    }
}

/// Parses a file.
pub(crate) fn read(bytes: &Bytes) -> Result<Capture, Error> {
    if bytes.len() > TEXT_LIMIT {
        let field = "text in bytes".into();
        return Err(Error::Limit {
            format: FORMAT,
            field,
            limit: TEXT_LIMIT,
            found: bytes.len(),
        });
    }
    let head = bytes.head(HEADER_LIMIT)?;
    let (header, end) = if header::is_xml(&head) {
        let (header, end) = header::xml(&head, bytes.len())?;
        refuse_binary(&head[end..])?;
        (header, end)
    } else {
        header::keyed(&head)?
    };
    let interval_s = header.interval_s()?;
    let mut warnings = Vec::new();
    let rows = Rows::read(bytes, end as u64)?;
    let (samples, t0_s) = rows.into_samples(&header, interval_s, &mut warnings)?;
    let mut info = bare_info(Format::FlexDca.name(), samples.len() as u64);
    info.t0_s = t0_s;
    info.sample_interval_s = Some(interval_s);
    info.unit = header.unit();
    if let Some(source) = header.source {
        info.channel = source;
    }
    let clipped = samples.iter().filter(|y| y.is_infinite()).count();
    if clipped > 0 {
        info.warnings.push(format!(
            "{clipped} points are `Infinity`: the instrument clipped them"
        ));
    }
    let holes = samples.iter().filter(|y| y.is_nan()).count();
    if holes > 0 {
        info.warnings
            .push(format!("{holes} points are holes: they are not a number"));
    }
    Ok(Capture {
        format: FORMAT,
        warnings,
        traces: vec![Trace::parsed(info, etalon_types::Samples::F64(samples))],
    })
}

/// Behind the XML header of the internal format lie samples that nobody has described.
fn refuse_binary(payload: &[u8]) -> Result<(), Error> {
    let control = |&b: &u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r');
    if payload.is_ascii() && !payload.iter().any(control) {
        return Ok(());
    }
    Err(Error::unsupported(
        "Keysight FlexDCA .wfmx",
        format!("its samples are binary ({})", excerpt(payload)),
        "their encoding is not public: load it into a waveform memory and save it as Y or XY values",
    ))
}
