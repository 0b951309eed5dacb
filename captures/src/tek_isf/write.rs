//! Writes a preamble and a binary curve for each trace.

use crate::write::{Sink, for_each_block};
use crate::{Error, Format};
use etalon_types::{Storage, WaveformInfo, WaveformSource};

/// Digits of a block's length go up to fifteen; instruments stop at nine.
const LENGTH_LIMIT: u64 = 999_999_999_999_999;

/// A value as the curve keeps it.
#[derive(Clone, Copy)]
enum Kept {
    Signed(u64),
    Positive(u64),
    Float,
}

impl Kept {
    /// Keeps the source's integers where its scaling gives them back, else 32-bit floats.
    fn of(info: &WaveformInfo) -> Self {
        let scaled = info.scale.is_normal() && info.offset.is_finite();
        match info.storage {
            Storage::I8 if scaled => Self::Signed(1),
            Storage::I16 if scaled => Self::Signed(2),
            Storage::I32 if scaled => Self::Signed(4),
            Storage::U8 if scaled => Self::Positive(1),
            Storage::U16 if scaled => Self::Positive(2),
            _ => Self::Float,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Signed(_) => "RI",
            Self::Positive(_) => "RP",
            Self::Float => "FP",
        }
    }

    fn width(self) -> u64 {
        match self {
            Self::Signed(width) | Self::Positive(width) => width,
            Self::Float => 4,
        }
    }

    fn put(self, out: &mut Sink, value: f64, info: &WaveformInfo) -> Result<(), Error> {
        // A cast from a double stops at the ends of the integers' range.
        let raw = ((value - info.offset) / info.scale).round();
        match self {
            Self::Float => out.put(&(value as f32).to_be_bytes()),
            Self::Signed(1) => out.put(&(raw as i8).to_be_bytes()),
            Self::Signed(2) => out.put(&(raw as i16).to_be_bytes()),
            Self::Signed(_) => out.put(&(raw as i32).to_be_bytes()),
            Self::Positive(1) => out.put(&(raw as u8).to_be_bytes()),
            Self::Positive(_) => out.put(&(raw as u16).to_be_bytes()),
        }
    }
}

/// Writes all traces, one after the other; returns what the format could not hold.
pub(crate) fn write(out: &mut Sink, traces: &[&dyn WaveformSource]) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let timed = |trace: &&dyn WaveformSource| trace.info().trigger_time_s.is_some();
    if traces.iter().any(timed) {
        warnings.push("the format has no place for trigger times".into());
    }
    for trace in traces {
        let info = trace.info();
        let kept = Kept::of(info);
        out.put(preamble(info, kept, &mut warnings)?.as_bytes())?;
        for_each_block(*trace, |block| {
            block.iter().try_for_each(|&x| kept.put(out, x, info))
        })?;
        out.put(b"\n")?;
    }
    Ok(warnings)
}

fn preamble(info: &WaveformInfo, kept: Kept, warnings: &mut Vec<String>) -> Result<String, Error> {
    let (samples, width) = (info.samples, kept.width());
    let length = samples.saturating_mul(width);
    if length > LENGTH_LIMIT {
        return Err(Error::Limit {
            format: Format::TekIsf.name(),
            field: "bytes of samples".into(),
            limit: LENGTH_LIMIT,
            found: length,
        });
    }
    let (factor, zero) = match kept {
        Kept::Float => (1.0, 0.0),
        _ => (info.scale, info.offset),
    };
    // Commas end a channel's name within WFID, quotes the whole text.
    let plain = |text: &str| text.replace(['"', ',', ';', '\n', '\r'], " ");
    let (channel, unit) = (plain(&info.channel), plain(&info.unit));
    if channel != info.channel || unit != info.unit {
        warnings.push("quotes, commas and line ends in names are written as blanks".into());
    }
    let step = match info.sample_interval_s {
        Some(step) => format!("XINCR {step:E};"),
        None => {
            warnings.push("no sample interval is known; none is written".into());
            String::new()
        }
    };
    let digits = length.to_string();
    Ok(format!(
        ":WFMPRE:BYT_NR {width};BIT_NR {};ENCDG BINARY;BN_FMT {};BYT_OR MSB;\
         WFID \"{channel}, {samples} points\";NR_PT {samples};PT_FMT Y;XUNIT \"s\";{step}\
         XZERO {:E};PT_OFF 0;YUNIT \"{unit}\";YMULT {factor:E};YOFF 0.0E+0;YZERO {zero:E};\
         :CURVE #{:X}{digits}",
        8 * width,
        kept.name(),
        info.t0_s,
        digits.len(),
    ))
}
