//! Writes template LECROY_2_3, little-endian, as a single sweep or a sequence.

use super::FORMAT;
use crate::Error;
use crate::stats::stats;
use crate::write::{Sink, for_each_block};
use etalon_types::{Storage, WaveformSource};

/// Width of the samples in a written trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrcWidth {
    /// 8-bit samples, as a real-time channel of an 8-bit instrument.
    Byte,
    /// 16-bit samples.
    #[default]
    Word,
}

impl TrcWidth {
    fn full_scale(self) -> f64 {
        match self {
            Self::Byte => 127.0,
            Self::Word => 32_767.0,
        }
    }

    fn storage(self) -> Storage {
        match self {
            Self::Byte => Storage::I8,
            Self::Word => Storage::I16,
        }
    }

    fn bytes(self) -> u64 {
        match self {
            Self::Byte => 1,
            Self::Word => 2,
        }
    }
}

/// Gain and offset as the header keeps them: `value = gain * raw - offset`.
#[derive(Clone, Copy)]
struct Scaling {
    gain: f32,
    offset: f32,
}

impl Scaling {
    /// Keeps the source's own scaling where its integers fit, so that reading and writing give
    /// the same integers back; else spreads the values over the whole range.
    fn of(traces: &[&dyn WaveformSource], width: TrcWidth) -> Result<Self, Error> {
        let first = traces[0].info();
        let own = Self {
            gain: first.scale as f32,
            offset: -first.offset as f32,
        };
        let keeps = traces.iter().all(|trace| {
            let info = trace.info();
            info.storage == width.storage()
                && info.scale == f64::from(own.gain)
                && info.offset == -f64::from(own.offset)
        });
        if keeps && own.gain.is_normal() {
            return Ok(own);
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for trace in traces {
            let sums = stats(*trace)?;
            if sums.non_finite > 0 {
                return Err(Error::unsupported(
                    "LeCroy .trc",
                    format!("{} samples are not finite", sums.non_finite),
                    "integers cannot hold them: write npy or csv",
                ));
            }
            (low, high) = (low.min(sums.min), high.max(sums.max));
        }
        let middle = -((low + high) / 2.0) as f32;
        // The rounded middle moves one end outwards; the gain has to cover that too.
        let reach = (high + f64::from(middle)).max(-(low + f64::from(middle)));
        let gain = ((reach / width.full_scale()) as f32)
            .next_up()
            .max(f32::MIN_POSITIVE);
        if !gain.is_finite() || !middle.is_finite() {
            return Err(Error::unsupported(
                "LeCroy .trc",
                format!("samples from {low} to {high} leave the range of its 32-bit scale"),
                "write npy or csv",
            ));
        }
        Ok(Self {
            gain,
            offset: middle,
        })
    }

    fn raw(self, value: f64, width: TrcWidth) -> i16 {
        let raw = (value + f64::from(self.offset)) / f64::from(self.gain);
        // One code below full scale exists too; the source's own integers may use it.
        raw.round()
            .clamp(-width.full_scale() - 1.0, width.full_scale()) as i16
    }
}

/// Writes the traces as segments of one file; returns what the format could not hold.
pub(crate) fn write(
    out: &mut Sink,
    traces: &[&dyn WaveformSource],
    width: TrcWidth,
) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let step_s = common_interval(traces)?;
    let kept = f64::from(step_s as f32);
    if kept != step_s {
        warnings.push(format!(
            "the format keeps the sample interval as {kept:e} s ({step_s:e})"
        ));
    }
    let first = traces[0].info();
    let scaling = Scaling::of(traces, width)?;
    let points = first.samples.saturating_mul(traces.len() as u64);
    let array = points.saturating_mul(width.bytes());
    if array > i32::MAX as u64 {
        let field = "bytes of samples".into();
        return Err(Error::Limit {
            format: FORMAT,
            field,
            limit: i32::MAX as u64,
            found: array,
        });
    }
    let triggers = if traces.len() > 1 {
        16 * traces.len() as u64
    } else {
        0
    };
    let total = super::layout::of("LECROY_2_3").map_or(0, |l| l.size as u64) + triggers + array;
    let prefix = if total < 1_000_000_000 {
        format!("#9{total:09}")
    } else {
        format!("#A{total:010}")
    };
    out.put(prefix.as_bytes())?;
    out.put(&descriptor(traces, width, scaling, step_s, points))?;
    if traces.len() > 1 {
        for trace in traces {
            let info = trace.info();
            out.put(&info.trigger_time_s.unwrap_or(0.0).to_le_bytes())?;
            out.put(&info.t0_s.to_le_bytes())?;
        }
        if traces
            .iter()
            .any(|trace| trace.info().trigger_time_s.is_none())
        {
            warnings.push("unknown trigger times are written as 0 s".into());
        }
    }
    for trace in traces {
        for_each_block(*trace, |block| {
            block.iter().try_for_each(|&x| match width {
                TrcWidth::Byte => out.put(&(scaling.raw(x, width) as i8).to_le_bytes()),
                TrcWidth::Word => out.put(&scaling.raw(x, width).to_le_bytes()),
            })
        })?;
    }
    Ok(warnings)
}

/// Checks that the traces can share one descriptor; returns their sample interval in seconds.
fn common_interval(traces: &[&dyn WaveformSource]) -> Result<f64, Error> {
    let first = traces[0].info();
    let same = traces.iter().map(|trace| trace.info()).all(|info| {
        info.samples == first.samples
            && info.sample_interval_s == first.sample_interval_s
            && info.unit == first.unit
            && info.channel == first.channel
    });
    if !same {
        return Err(Error::unsupported(
            "LeCroy .trc",
            "traces that differ in length, sample interval, unit or channel",
            "one file holds one channel: write a file for each, or npy or csv",
        ));
    }
    first.sample_interval_s.ok_or_else(|| {
        Error::unsupported(
            "LeCroy .trc",
            "a trace without a sample interval",
            "give the sample rate, or write npy or csv",
        )
    })
}

/// Fills the 346 bytes of `WAVEDESC`.
fn descriptor(
    traces: &[&dyn WaveformSource],
    width: TrcWidth,
    scaling: Scaling,
    step_s: f64,
    points: u64,
) -> Vec<u8> {
    let info = traces[0].info();
    let mut block = vec![0_u8; 346];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    let text = |value: &str, room: usize| -> Vec<u8> {
        value.bytes().take(room - 1).collect() // one byte for the terminating zero
    };
    put(0, b"WAVEDESC");
    put(16, b"LECROY_2_3");
    put(32, &i16::from(width == TrcWidth::Word).to_le_bytes());
    put(34, &1_i16.to_le_bytes());
    put(36, &346_i32.to_le_bytes());
    let segments = traces.len() as i32;
    if segments > 1 {
        put(48, &(16 * segments).to_le_bytes());
    }
    // The caller has checked that the byte count fits 31 bits.
    let per_segment = info.samples as i32;
    put(60, &((points * width.bytes()) as i32).to_le_bytes());
    put(76, b"ETALON");
    put(116, &(points as i32).to_le_bytes());
    put(120, &per_segment.to_le_bytes());
    put(128, &(points as i32 - 1).to_le_bytes());
    put(144, &segments.to_le_bytes());
    put(148, &1_i32.to_le_bytes());
    put(156, &scaling.gain.to_le_bytes());
    put(160, &scaling.offset.to_le_bytes());
    put(164, &(width.full_scale() as f32).to_le_bytes());
    put(168, &(-width.full_scale() as f32).to_le_bytes());
    put(172, &(8 * width.bytes() as i16).to_le_bytes());
    put(
        174,
        &(segments.min(i32::from(i16::MAX)) as i16).to_le_bytes(),
    );
    put(176, &(step_s as f32).to_le_bytes());
    put(180, &info.t0_s.to_le_bytes());
    put(188, &info.t0_s.to_le_bytes());
    put(196, &text(&info.unit, 48));
    put(244, b"S");
    put(328, &1.0_f32.to_le_bytes());
    put(336, &1.0_f32.to_le_bytes());
    let source = info
        .channel
        .strip_prefix('C')
        .unwrap_or(&info.channel)
        .parse::<i16>();
    let source = source
        .ok()
        .filter(|n| (1..=8).contains(n))
        .map_or(9, |n| n - 1);
    put(344, &source.to_le_bytes());
    block
}
