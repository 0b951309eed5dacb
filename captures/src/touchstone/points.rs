//! Numbers to matrices.

use etalon_types::SParameters;
use num_complex::Complex64;

use super::header::{Header, Matrix};
use super::{MOST_PORTS, Numbers, Touchstone, wrong_at};
use crate::Error;

/// Numbers of a line of noise parameters: frequency, minimum figure, reflection, resistance.
const NOISE_COLUMNS: usize = 5;

/// Puts the numbers of a file together.
pub(super) fn assemble(
    header: Header,
    numbers: &Numbers,
    told: Option<usize>,
) -> Result<Touchstone, Error> {
    let Some(&(_, first_line, first_offset)) = numbers.starts.first() else {
        return Err(wrong_at(1, 0, "network data", "none in the file"));
    };
    let missing = |what: &str| wrong_at(first_line, first_offset, what, "none");
    let ports = match (header.version_2, header.ports) {
        (true, None) => return Err(missing("[Number of Ports] before the data")),
        (true, Some(ports)) => ports,
        (false, _) => match told {
            Some(ports) => ports,
            None => infer_ports(numbers)?,
        },
    };
    if header.version_2 && ports == 2 && header.two_port_21_12.is_none() {
        return Err(missing("[Two-Port Data Order] before the data"));
    }
    let layout = layout(&header, ports);
    let (frequencies, noise_points) = split(&header, numbers, ports, layout.len())?;
    let width = 1 + 2 * layout.len();
    let mut frequency_hz = Vec::with_capacity(frequencies);
    let mut matrices = vec![Complex64::default(); frequencies * ports * ports];
    let records = numbers.values.chunks_exact(width).take(frequencies);
    for (k, (record, matrix)) in records
        .zip(matrices.chunks_exact_mut(ports * ports))
        .enumerate()
    {
        let frequency = record[0] * header.unit_hz;
        if !frequency.is_finite() {
            let (line, offset) = numbers.place(k * width);
            let found = record[0].to_string();
            return Err(wrong_at(line, offset, "a finite frequency", found));
        }
        frequency_hz.push(frequency);
        for (pair, &(to, from)) in record[1..].chunks_exact(2).zip(&layout) {
            let value = header.pair.complex(pair[0], pair[1]);
            if !(value.re.is_finite() && value.im.is_finite()) {
                let (line, offset) = numbers.place(k * width);
                let found = format!("{} and {}", pair[0], pair[1]);
                return Err(wrong_at(line, offset, "a finite parameter", found));
            }
            matrix[to * ports + from] = value;
            if header.matrix != Matrix::Full {
                matrix[from * ports + to] = value;
            }
        }
    }
    let reference_ohm = if header.references_ohm.is_empty() {
        vec![header.reference_ohm; ports]
    } else {
        let real = |&r: &f64| Complex64::new(r, 0.0);
        header.references_ohm.iter().map(real).collect()
    };
    let parameters = SParameters::new(frequency_hz, reference_ohm, matrices)
        .map_err(|error| wrong_at(first_line, first_offset, "a network", error.to_string()))?;
    Ok(Touchstone {
        parameters,
        noise_points: noise_points + header.noise_lines,
        warnings: header.warnings,
    })
}

/// The entries of a matrix in the order of the file, as (to, from) from 0.
fn layout(header: &Header, ports: usize) -> Vec<(usize, usize)> {
    let rows = (0..ports).flat_map(|to| (0..ports).map(move |from| (to, from)));
    let columns_first = ports == 2 && header.two_port_21_12.unwrap_or(true);
    match header.matrix {
        Matrix::Full if columns_first => rows.map(|(to, from)| (from, to)).collect(),
        Matrix::Full => rows.collect(),
        Matrix::Lower => rows.filter(|(to, from)| from <= to).collect(),
        Matrix::Upper => rows.filter(|(to, from)| from >= to).collect(),
    }
}

/// Ports by the lines: a frequency makes its line's count of numbers odd, and the numbers up to
/// the next such line are `1 + 2 ports^2`.
fn infer_ports(numbers: &Numbers) -> Result<usize, Error> {
    let ends = numbers.starts.iter().skip(1).map(|start| start.0);
    let mut until = numbers.values.len();
    for (end, next) in ends.zip(
        numbers
            .starts
            .iter()
            .skip(2)
            .map(|start| start.0)
            .chain([numbers.values.len()]),
    ) {
        if (next - end) % 2 == 1 {
            until = end;
            break;
        }
    }
    (1..=MOST_PORTS)
        .find(|ports| 1 + 2 * ports * ports == until)
        .ok_or_else(|| {
            let (line, offset) = numbers.place(0);
            wrong_at(
                line,
                offset,
                "3, 9, 19, 33, ... numbers up to the next frequency",
                until.to_string(),
            )
        })
}

/// Returns how many records the network has, and how many lines of noise follow.
fn split(
    header: &Header,
    numbers: &Numbers,
    ports: usize,
    entries: usize,
) -> Result<(usize, usize), Error> {
    let width = 1 + 2 * entries;
    let values = &numbers.values;
    let mut before = -f64::MIN_POSITIVE;
    let mut records = 0;
    let mut noise_points = 0;
    let mut at = 0;
    while at < values.len() {
        let (line, offset) = numbers.place(at);
        if values[at] <= before {
            if ports == 2 && records > 0 && !header.version_2 {
                noise_points = noise(numbers, at)?;
                break;
            }
            let found = format!("{} after {before}", values[at]);
            return Err(wrong_at(line, offset, "a frequency that rises", found));
        }
        let left = values.len() - at;
        if left < width {
            let expected = format!("{width} numbers for {ports} ports from this frequency on");
            return Err(wrong_at(line, offset, expected, left.to_string()));
        }
        if !numbers.begins_a_line(at) {
            let expected = format!("a line to end after the {width} numbers of {ports} ports");
            return Err(wrong_at(line, offset, expected, "more in the same line"));
        }
        before = values[at];
        records += 1;
        at += width;
    }
    match header.frequencies {
        Some(expected) if expected != records => {
            let (line, offset) = numbers.place(values.len());
            let expected = format!("{expected} frequencies");
            Err(wrong_at(line, offset, expected, records.to_string()))
        }
        _ => Ok((records, noise_points)),
    }
}

/// Checks the noise parameters from value `first` on; returns how many frequencies they have.
fn noise(numbers: &Numbers, first: usize) -> Result<usize, Error> {
    let values = &numbers.values[first..];
    let mut before = -f64::MIN_POSITIVE;
    for (k, line) in values.chunks(NOISE_COLUMNS).enumerate() {
        let at = first + k * NOISE_COLUMNS;
        let rises = line[0] > before;
        if line.len() < NOISE_COLUMNS || !numbers.begins_a_line(at) || !rises {
            let (number, offset) = numbers.place(at);
            return Err(wrong_at(
                number,
                offset,
                "a frequency that rises, or lines of 5 noise parameters",
                format!("{} numbers that begin with {}", line.len(), line[0]),
            ));
        }
        before = line[0];
    }
    Ok(values.len() / NOISE_COLUMNS)
}
