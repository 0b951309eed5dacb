//! The blocks GenParams, SupParams and FxdParams.

use super::map::Map;
use crate::Error;

const LIGHT_M_PER_S: f64 = 299_792_458.0;
/// Unit of times: 100 ps, one way.
pub(super) const TICK_S: f64 = 1e-10;
/// Unit of the time between points: 10,000 of them in 100 ps.
const SPACING_S: f64 = 1e-14;

/// What FxdParams says.
pub(super) struct Fixed {
    pub(super) measured_unix_s: u32,
    wavelength: u16,
    /// Time of the first point behind the front panel.
    pub(super) offset_s: f64,
    pub(super) pulses: Vec<Pulse>,
    pub(super) group_index: f64,
    pub(super) backscatter_db: f64,
    pub(super) averages: u32,
}

/// One pulse width.
pub(super) struct Pulse {
    pub(super) width_s: f64,
    pub(super) spacing_s: f64,
    pub(super) points: u32,
}

impl Fixed {
    pub(super) fn read(map: &Map<'_>) -> Result<Self, Error> {
        let mut fields = map.required("FxdParams")?;
        let measured_unix_s = fields.u32("time")?;
        fields.take("unit of distance", 2)?;
        let wavelength = fields.u16("wavelength")?;
        let offset_s = f64::from(fields.i32("acquisition offset")?) * TICK_S;
        if map.second() {
            fields.i32("acquisition offset as a distance")?;
        }
        let count = fields.u16("number of pulse widths")?;
        // Ten bytes each: more than the block holds are refused before any is kept.
        let needed = usize::from(count) * 10;
        if count == 0 || needed > fields.left() {
            let found = format!("{count} in a block with {} bytes left", fields.left());
            return Err(fields.wrong("number of pulse widths", "1 or more", found));
        }
        let mut pulses = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            pulses.push(Pulse {
                width_s: f64::from(fields.u16("pulse width")?) * 1e-9,
                spacing_s: 0.0,
                points: 0,
            });
        }
        for pulse in &mut pulses {
            let spacing = fields.u32("time between points")?;
            if spacing == 0 {
                return Err(fields.wrong("time between points", "more than 0", "0"));
            }
            pulse.spacing_s = f64::from(spacing) * SPACING_S;
        }
        for pulse in &mut pulses {
            pulse.points = fields.u32("number of points")?;
        }
        let index = fields.u32("group index")?;
        if !(100_000..300_000).contains(&index) {
            let found = f64::from(index) / 1e5;
            return Err(fields.wrong("group index", "1 to 3", found.to_string()));
        }
        Ok(Self {
            measured_unix_s,
            wavelength,
            offset_s,
            pulses,
            group_index: f64::from(index) / 1e5,
            backscatter_db: f64::from(fields.i16("backscatter coefficient")?) / -10.0,
            averages: fields.u32("averages")?,
        })
    }

    /// Speed of the pulse in m/s.
    pub(super) fn speed(&self) -> f64 {
        LIGHT_M_PER_S / self.group_index
    }

    /// The wavelength; `general` is what GenParams says, in whole nanometres.
    pub(super) fn wavelength_m(
        &self,
        general: Option<u16>,
        warnings: &mut Vec<String>,
    ) -> Option<f64> {
        let found = normalised(self.wavelength);
        if found.is_none() {
            let used = general.and_then(normalised);
            let instead = match used {
                Some(_) => "that of GenParams is taken",
                None => "none is given",
            };
            let stated = self.wavelength;
            warnings.push(format!(
                "{stated} is no wavelength in nm or 0.1 nm; {instead}"
            ));
            return used;
        }
        found
    }
}

/// Metres from whole nanometres or tenths: no fibre is measured where both would be possible.
fn normalised(stated: u16) -> Option<f64> {
    match stated {
        400..=2500 => Some(f64::from(stated) * 1e-9),
        4000..=25000 => Some(f64::from(stated) * 1e-10),
        _ => None,
    }
}

/// What GenParams says.
#[derive(Default)]
pub(super) struct General {
    pub(super) wavelength: Option<u16>,
    pub(super) user_offset_s: f64,
    pub(super) labels: Vec<(&'static str, String)>,
}

pub(super) fn general(map: &Map<'_>) -> Result<General, Error> {
    let Some(mut fields) = map.block("GenParams")? else {
        return Ok(General::default());
    };
    let mut labels = Vec::new();
    fields.take("language", 2)?;
    for name in ["cable", "fibre"] {
        labels.push((name, fields.text(name)?));
    }
    if map.second() {
        fields.u16("fibre type")?;
    }
    let wavelength = fields.u16("wavelength")?;
    for name in ["from", "to", "cable code"] {
        labels.push((name, fields.text(name)?));
    }
    fields.take("condition", 2)?;
    let user_offset_s = f64::from(fields.i32("user offset")?) * TICK_S;
    if map.second() {
        fields.i32("user offset as a distance")?;
    }
    for name in ["operator", "comment"] {
        labels.push((name, fields.text(name)?));
    }
    labels.retain(|(_, text)| !text.is_empty());
    Ok(General {
        wavelength: Some(wavelength),
        user_offset_s,
        labels,
    })
}

/// Who made the instrument.
pub(super) fn supplier(map: &Map<'_>) -> Result<Vec<(&'static str, String)>, Error> {
    let mut labels = Vec::new();
    let Some(mut fields) = map.block("SupParams")? else {
        return Ok(labels);
    };
    for name in [
        "supplier",
        "instrument",
        "instrument serial",
        "module",
        "module serial",
        "software",
        "other",
    ] {
        labels.push((name, fields.text(name)?));
    }
    labels.retain(|(_, text)| !text.is_empty());
    Ok(labels)
}
