//! The variables of a MATLAB file and what they become, whatever level the file has: a number
//! that says something of time, the times of the samples, or traces under the variable's name.

use super::FORMAT;
use crate::Error;
use crate::hdf5::{Dataset, Part, Samples};
use crate::time_names::{Instants, Role, TimeBase, listed, role};
use crate::trace::{Capture, Cell, Stored, Trace, bare_info};
use std::sync::Arc;

/// More columns than this are taken as segments rather than channels.
pub(super) const CHANNEL_LIMIT: u64 = 16;
/// More traces or variables than this would be mostly descriptions.
const COUNT_LIMIT: u64 = 65_536;

/// Where the numbers of one part (real or imaginary) of an array are, columns one after the
/// other.
pub(super) enum Numbers {
    /// From the first one on, in the file or in what a deflated element gave.
    Stored(Stored),
    /// A part of an HDF5 dataset, whose axes are columns and rows.
    Hdf5(Arc<Dataset>, Part),
}

impl Numbers {
    fn cell(&self) -> Cell {
        match self {
            Self::Stored(stored) => stored.cell,
            Self::Hdf5(_, (_, cell, _)) => *cell,
        }
    }

    /// Returns column `k`, or row `k` where rows are longer.
    fn along(&self, [rows, columns]: [u64; 2], k: u64) -> Samples {
        let tall = rows >= columns;
        match self {
            Self::Stored(stored) => {
                let (across, along) = if tall { (rows, 1) } else { (1, rows) };
                Samples::Stored(Stored {
                    first_byte: stored.first_byte + k * across * stored.stride,
                    stride: along * stored.stride,
                    ..stored.clone()
                })
            }
            Self::Hdf5(dataset, part) => {
                let last = dataset.shape.len().saturating_sub(1);
                let axis = if tall { last } else { 0 };
                dataset.samples(*part, axis, k)
            }
        }
    }
}

/// A numeric variable.
pub(super) struct Variable {
    pub(super) name: String,
    /// Rows and columns.
    pub(super) dimensions: [u64; 2],
    /// The real part and perhaps the imaginary one.
    pub(super) parts: Vec<Numbers>,
}

/// What has been found on the way through a file.
#[derive(Default)]
pub(super) struct Found {
    variables: Vec<Variable>,
    time: TimeBase,
    pub(super) unit: String,
    pub(super) source: Option<String>,
    /// Single numbers that say nothing of time.
    numbers: Vec<String>,
    /// Variables that hold no samples, with the reason.
    pub(super) left_out: Vec<String>,
}

pub(super) fn limit(field: &str, found: u64) -> Result<(), Error> {
    if found <= COUNT_LIMIT {
        return Ok(());
    }
    Err(Error::Limit {
        format: FORMAT,
        field: field.into(),
        limit: COUNT_LIMIT,
        found,
    })
}

impl Found {
    /// Sorts a numeric variable: a number, the times of the samples, or samples.
    pub(super) fn numeric(&mut self, variable: Variable) -> Result<(), Error> {
        let samples = variable.samples();
        let real = variable.parts.len() == 1;
        match role(&variable.name) {
            Some(role) if samples == 1 && variable.traces() == 1 && real => {
                self.time.take(role, variable.value(0)?);
            }
            Some(Role::Instants) if variable.traces() == 1 && real => {
                let instants = Instants {
                    samples,
                    first_s: variable.value(0)?,
                    middle_s: variable.value(samples / 2)?,
                    last_s: variable.value(samples - 1)?,
                };
                self.time.instants = Some((variable.name, instants));
            }
            _ if samples == 1 => self.numbers.push(variable.name),
            _ => self.variables.push(variable),
        }
        Ok(())
    }

    pub(super) fn into_capture(self) -> Result<Capture, Error> {
        let mut warnings = Vec::new();
        if !self.left_out.is_empty() {
            warnings.push(format!("left out: {}", listed(&self.left_out)));
        }
        if !self.numbers.is_empty() {
            let names = listed(&self.numbers);
            warnings.push(format!("single numbers, not read as traces: {names}"));
        }
        let total = self.variables.iter().fold(0_u64, |sum, v| {
            sum.saturating_add(v.traces() * v.parts.len() as u64)
        });
        limit("traces", total)?;
        if total == 0 {
            let found = match warnings.first() {
                Some(warning) => format!("no numeric vector or matrix ({warning:.300})"),
                None => "no numeric vector or matrix".into(),
            };
            return Err(Error::unsupported(
                "MATLAB .mat",
                found,
                "save the samples as a plain variable, such as `data`, beside `fs` or `dt`",
            ));
        }
        let mut traces = Vec::new();
        for variable in &self.variables {
            // Only the record that Tektronix calls `data` or `IQData` is its source's.
            let single = self.variables.len() == 1 && variable.traces() == 1;
            let source = self.source.clone().filter(|_| single);
            let channel = source.unwrap_or_else(|| variable.name.clone());
            variable.traces_into(&channel, &self, &mut traces, &mut warnings);
        }
        Ok(Capture {
            format: FORMAT,
            warnings,
            traces,
        })
    }
}

impl Variable {
    fn samples(&self) -> u64 {
        self.dimensions[0].max(self.dimensions[1])
    }

    fn traces(&self) -> u64 {
        self.dimensions[0].min(self.dimensions[1])
    }

    /// Reads element `k` of a vector's real part.
    fn value(&self, k: u64) -> Result<f64, Error> {
        let mut value = [0.0];
        let samples = self.parts[0].along(self.dimensions, 0);
        samples.read(k, (1.0, 0.0), &mut value)?;
        Ok(value[0])
    }

    fn traces_into(
        &self,
        channel: &str,
        found: &Found,
        traces: &mut Vec<Trace>,
        warnings: &mut Vec<String>,
    ) {
        let [rows, columns] = self.dimensions;
        let count = self.traces();
        let segments = count > CHANNEL_LIMIT;
        if count > 1 {
            let axis = if rows >= columns { "columns" } else { "rows" };
            let kind = if segments { "segments" } else { "channels" };
            warnings.push(format!(
                "`{}` is {rows} x {columns}: its {axis} are taken as {kind}",
                self.name
            ));
        }
        for k in 0..count {
            for (part, suffix) in self.parts.iter().zip([" I", " Q"]) {
                let mut info = bare_info(FORMAT, self.samples());
                info.channel = match (count, segments) {
                    (1, _) | (_, true) => channel.to_string(),
                    _ if rows >= columns => format!("{channel}(:,{})", k + 1),
                    _ => format!("{channel}({},:)", k + 1),
                };
                if self.parts.len() == 2 {
                    info.channel.push_str(suffix);
                }
                info.segment = if segments { k as usize } else { 0 };
                info.unit.clone_from(&found.unit);
                found.time.apply(&mut info, self.parts.len() as u64);
                if matches!(part.cell(), Cell::I64 | Cell::U64) {
                    let wide = "wide integers are given as 64-bit floats, exact up to 2^53";
                    info.warnings.push(wide.into());
                }
                traces.push(part.along(self.dimensions, k).trace(info));
            }
        }
    }
}
