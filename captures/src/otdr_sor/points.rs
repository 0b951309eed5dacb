//! The block DataPts.

use super::OtdrTrace;
use super::header::{Fixed, Pulse};
use super::map::Map;
use crate::Error;

/// Reads the points and gives each pulse width its own.
pub(super) fn read(
    map: &Map<'_>,
    fixed: &Fixed,
    user_offset_s: f64,
    warnings: &mut Vec<String>,
) -> Result<Vec<OtdrTrace>, Error> {
    let mut fields = map.required("DataPts")?;
    let stated = fields.u32("number of points")?;
    let count = fields.u16("number of groups")?;
    let place = fields.at;
    let mut levels: Vec<f32> = Vec::new();
    let mut groups = Vec::new();
    for _ in 0..count {
        let points = fields.u32("points of a group")?;
        // Thousandths of a decibel, and a scale in thousandths.
        let scale = f64::from(fields.u16("scale of a group")?) * -1e-6;
        let raw = fields.take("points", (points as usize).saturating_mul(2))?;
        levels.extend(
            raw.as_chunks::<2>()
                .0
                .iter()
                .map(|&raw| (f64::from(u16::from_le_bytes(raw)) * scale) as f32),
        );
        groups.push(points as usize);
    }
    if levels.is_empty() {
        return Err(fields.wrong("points", "at least one point", "none"));
    }
    if stated as usize != levels.len() {
        let there = levels.len();
        warnings.push(format!("DataPts says {stated} points and holds {there}"));
    }
    let Some(lengths) = lengths(&fixed.pulses, &groups, levels.len(), warnings) else {
        let expected = format!("as many groups as the {} pulse widths", fixed.pulses.len());
        return Err(Error::malformed(
            super::FORMAT,
            place as u64,
            "DataPts: points of the groups",
            format!("the sum of FxdParams, or {expected}"),
            format!("{} groups, {} points", groups.len(), levels.len()),
        ));
    };
    let speed = fixed.speed();
    let mut rest = levels.as_slice();
    let mut traces = Vec::with_capacity(lengths.len());
    for (pulse, length) in fixed.pulses.iter().zip(lengths) {
        let (own, others) = rest.split_at(length);
        rest = others;
        traces.push(OtdrTrace {
            pulse_width_s: pulse.width_s,
            spacing_m: pulse.spacing_s * speed,
            first_point_m: (fixed.offset_s - user_offset_s) * speed,
            level_db: own.to_vec(),
        });
    }
    Ok(traces)
}

/// How many points belong to each pulse width: as FxdParams says, or a group for each where the
/// two blocks disagree.
fn lengths(
    pulses: &[Pulse],
    groups: &[usize],
    there: usize,
    warnings: &mut Vec<String>,
) -> Option<Vec<usize>> {
    let told: Vec<usize> = pulses.iter().map(|pulse| pulse.points as usize).collect();
    let sum = told.iter().try_fold(0_usize, |sum, &n| sum.checked_add(n));
    if sum == Some(there) {
        return Some(told);
    }
    let held = match pulses.len() {
        1 => vec![there],
        count if count == groups.len() => groups.to_vec(),
        _ => return None,
    };
    let told = sum.map_or("too many".into(), |sum| sum.to_string());
    warnings.push(format!(
        "FxdParams says {told} points, DataPts holds {there}: what is held is read"
    ));
    Some(held)
}
