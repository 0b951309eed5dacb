//! The block KeyEvents.

use super::header::{Fixed, TICK_S};
use super::map::{Fields, Map};
use super::{OtdrEvent, OtdrEventKind, OtdrEventOrigin};
use crate::Error;
use crate::bytes::latin;

/// Smallest event of version 1: numbers, code and an empty comment.
const LEAST_BYTES: usize = 23;

/// Events and the figures of the whole link.
#[derive(Default)]
pub(super) struct Marked {
    pub(super) events: Vec<OtdrEvent>,
    pub(super) total_loss_db: Option<f64>,
    pub(super) return_loss_db: Option<f64>,
}

pub(super) fn read(
    map: &Map<'_>,
    fixed: &Fixed,
    warnings: &mut Vec<String>,
) -> Result<Marked, Error> {
    let Some(mut fields) = map.block("KeyEvents")? else {
        return Ok(Marked::default());
    };
    let count = usize::from(fields.u16("number of events")?);
    if count * LEAST_BYTES > fields.left() {
        let found = format!("{count} events in {} bytes", fields.left());
        return Err(fields.wrong("number of events", "as many as fit the block", found));
    }
    let mut events = Vec::with_capacity(count);
    for _ in 0..count {
        events.push(event(&mut fields, map, fixed)?);
    }
    if !events.is_sorted_by_key(|event| event.number) {
        warnings.push("events are not in the order of their numbers; kept as they are".into());
    }
    // Some files end behind the events.
    if fields.left() == 0 {
        return Ok(Marked {
            events,
            ..Marked::default()
        });
    }
    let total = fields.i32("total loss")?;
    fields.take("start and end of the total loss", 8)?;
    let return_loss = fields.u16("return loss")?;
    Ok(Marked {
        events,
        total_loss_db: Some(f64::from(total) / 1000.0),
        return_loss_db: (return_loss != 0).then_some(f64::from(return_loss) / 1000.0),
    })
}

fn event(fields: &mut Fields<'_>, map: &Map<'_>, fixed: &Fixed) -> Result<OtdrEvent, Error> {
    let number = fields.u16("number of an event")?;
    let time = fields.u32("time of an event")?;
    let slope = fields.i16("slope before an event")?;
    let loss = fields.i16("loss of an event")?;
    let reflectance = fields.i32("reflectance of an event")?;
    let code = fields.take("code of an event", 8)?;
    if map.second() {
        fields.take("markers of an event", 20)?;
    }
    Ok(OtdrEvent {
        number,
        distance_m: f64::from(time) * TICK_S * fixed.speed(),
        slope_db_per_km: f64::from(slope) / 1000.0,
        loss_db: f64::from(loss) / 1000.0,
        reflectance_db: (reflectance != 0).then_some(f64::from(reflectance) / 1000.0),
        kind: match code[0] {
            b'0' => OtdrEventKind::NonReflective,
            b'1' => OtdrEventKind::Reflective,
            b'2' => OtdrEventKind::Saturated,
            _ => OtdrEventKind::Unknown,
        },
        origin: match code[1] {
            b'F' => OtdrEventOrigin::Found,
            b'A' => OtdrEventOrigin::Added,
            b'M' => OtdrEventOrigin::Moved,
            b'E' => OtdrEventOrigin::End,
            b'D' => OtdrEventOrigin::EndChanged,
            b'O' => OtdrEventOrigin::OutOfRange,
            _ => OtdrEventOrigin::Unknown,
        },
        code: latin(code).trim_end_matches('\0').to_string(),
        comment: fields.text("comment of an event")?,
    })
}
