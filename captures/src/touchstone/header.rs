//! Option line and keywords.

use num_complex::Complex64;

use super::{FORMAT, Line, MOST_PORTS, number};
use crate::Error;
use crate::bytes::excerpt;

/// So many lines that change nothing are told one by one.
const TOLD: usize = 10;

/// How a pair of numbers tells a complex one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pair {
    /// Magnitude and angle in degrees.
    #[default]
    MagnitudeAngle,
    /// 20 log10 of the magnitude and angle in degrees.
    DecibelAngle,
    /// Real and imaginary part.
    RealImaginary,
}

impl Pair {
    /// Returns the complex number.
    pub(super) fn complex(self, a: f64, b: f64) -> Complex64 {
        match self {
            Self::MagnitudeAngle => Complex64::from_polar(a, b.to_radians()),
            Self::DecibelAngle => Complex64::from_polar(10f64.powf(a / 20.0), b.to_radians()),
            Self::RealImaginary => Complex64::new(a, b),
        }
    }
}

/// Which entries of a matrix a file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Matrix {
    #[default]
    Full,
    Lower,
    Upper,
}

/// What lines of numbers belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    /// Version 1, or the header of version 2.
    #[default]
    Start,
    /// Values of `[Reference]` go on until there are as many as ports.
    Reference,
    /// Free text.
    Information,
    Network,
    Noise,
    End,
}

/// What the lines before the numbers say.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// True after `[Version] 2.0`.
    pub version_2: bool,
    pub unit_hz: f64,
    pub pair: Pair,
    /// Reference of all ports, from the option line.
    pub reference_ohm: Complex64,
    /// Reference of each port, from `[Reference]`.
    pub references_ohm: Vec<f64>,
    /// Ports by `[Number of Ports]`, with the line that says so.
    pub ports: Option<usize>,
    pub two_port_21_12: Option<bool>,
    pub frequencies: Option<usize>,
    pub matrix: Matrix,
    pub noise_lines: usize,
    pub warnings: Vec<String>,
    option_line: bool,
    section: Section,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            version_2: false,
            unit_hz: 1e9,
            pair: Pair::default(),
            reference_ohm: Complex64::new(50.0, 0.0),
            references_ohm: Vec::new(),
            ports: None,
            two_port_21_12: None,
            frequencies: None,
            matrix: Matrix::default(),
            noise_lines: 0,
            warnings: Vec::new(),
            option_line: false,
            section: Section::default(),
        }
    }
}

impl Header {
    /// Takes a line in; true when it holds numbers of the network.
    pub(super) fn take(&mut self, line: &Line<'_>) -> Result<bool, Error> {
        match (self.section, line.text[0]) {
            (Section::End, _) => return Ok(false),
            (_, b'[') => self.keyword(line)?,
            (Section::Information, _) => {}
            (_, b'#') => self.option_line(line)?,
            (Section::Reference, _) => self.more_references(line, line.text)?,
            (Section::Noise, _) => self.noise_lines += 1,
            (Section::Network, _) => return Ok(true),
            (Section::Start, _) if self.version_2 => {
                return Err(line.wrong("a keyword like [Network Data]", excerpt(line.text)));
            }
            (Section::Start, _) if !self.option_line => {
                return Err(line.wrong("an option line, # GHz S MA R 50", excerpt(line.text)));
            }
            (Section::Start, _) => return Ok(true),
        }
        Ok(false)
    }

    /// `# [unit] [parameter] [format] [R n]`, in any order and case, each with a default.
    fn option_line(&mut self, line: &Line<'_>) -> Result<(), Error> {
        if self.option_line {
            let told = format!(
                "line {}: a second option line; only the first counts",
                line.number
            );
            match self.warnings.len() {
                0..TOLD => self.warnings.push(told),
                TOLD => self
                    .warnings
                    .push(format!("{told}; further ones are not told")),
                _ => {}
            }
            return Ok(());
        }
        self.option_line = true;
        let lower = line.text[1..].to_ascii_lowercase();
        let mut words = lower
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            match word {
                b"hz" => self.unit_hz = 1.0,
                b"khz" => self.unit_hz = 1e3,
                b"mhz" => self.unit_hz = 1e6,
                b"ghz" => self.unit_hz = 1e9,
                b"s" => {}
                b"y" | b"z" | b"g" | b"h" => {
                    return Err(Error::unsupported(
                        FORMAT,
                        format!("{} parameters", char::from(word[0]).to_ascii_uppercase()),
                        "save the network as S-parameters",
                    ));
                }
                b"ma" => self.pair = Pair::MagnitudeAngle,
                b"db" => self.pair = Pair::DecibelAngle,
                b"ri" => self.pair = Pair::RealImaginary,
                b"r" => {
                    let value = words.next().unwrap_or(b"");
                    self.reference_ohm = impedance(line, value)?;
                }
                _ => {
                    return Err(line.wrong(
                        "Hz, kHz, MHz, GHz, S, MA, DB, RI or R with a number",
                        excerpt(word),
                    ));
                }
            }
        }
        Ok(())
    }

    /// `[Name] value`, the name in any case.
    fn keyword(&mut self, line: &Line<'_>) -> Result<(), Error> {
        let Some(end) = line.text.iter().position(|&b| b == b']') else {
            return Err(line.wrong("a keyword that ends with ]", excerpt(line.text)));
        };
        let words: Vec<String> = line.text[1..end]
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .map(|word| String::from_utf8_lossy(word).to_lowercase())
            .collect();
        let name = words.join(" ");
        let value = line.text[end + 1..].trim_ascii();
        if self.section == Section::Information && name != "end information" {
            return Ok(());
        }
        if !self.version_2 && name != "version" {
            return Err(line.wrong("[Version] 2.0 before any other keyword", excerpt(line.text)));
        }
        self.section = match name.as_str() {
            "network data" => Section::Network,
            "noise data" => Section::Noise,
            "end" => Section::End,
            "begin information" => Section::Information,
            "reference" => {
                self.more_references(line, value)?;
                self.section
            }
            _ => {
                self.setting(line, &name, value)?;
                Section::Start
            }
        };
        Ok(())
    }

    /// A keyword that sets one thing.
    fn setting(&mut self, line: &Line<'_>, name: &str, value: &[u8]) -> Result<(), Error> {
        let lower = value.to_ascii_lowercase();
        match name {
            "version" if lower == b"2.0" => self.version_2 = true,
            "version" => {
                return Err(Error::unsupported(
                    FORMAT,
                    format!("[Version] {}", excerpt(value)),
                    "save the network as version 1.1 or 2.0",
                ));
            }
            "number of ports" => {
                let ports = count(line, value)?;
                if !(1..=MOST_PORTS).contains(&ports) {
                    return Err(line.wrong(format!("1 to {MOST_PORTS} ports"), ports.to_string()));
                }
                self.ports = Some(ports);
            }
            "number of frequencies" => self.frequencies = Some(count(line, value)?),
            "number of noise frequencies" => {
                count(line, value)?;
            }
            "two-port data order" | "two-port order" => {
                self.two_port_21_12 = Some(match lower.as_slice() {
                    b"21_12" => true,
                    b"12_21" => false,
                    _ => return Err(line.wrong("21_12 or 12_21", excerpt(value))),
                });
            }
            "matrix format" => {
                self.matrix = match lower.as_slice() {
                    b"full" => Matrix::Full,
                    b"lower" => Matrix::Lower,
                    b"upper" => Matrix::Upper,
                    _ => return Err(line.wrong("Full, Lower or Upper", excerpt(value))),
                };
            }
            "end information" => {}
            _ => {
                let end = line.text.iter().position(|&b| b == b']').unwrap_or(0);
                return Err(Error::unsupported(
                    FORMAT,
                    format!(
                        "line {}: the keyword {}",
                        line.number,
                        excerpt(&line.text[..=end])
                    ),
                    "save the network without it, as plain S-parameters",
                ));
            }
        }
        Ok(())
    }

    /// Values of `[Reference]`; they may go on over several lines.
    fn more_references(&mut self, line: &Line<'_>, text: &[u8]) -> Result<(), Error> {
        let Some(ports) = self.ports else {
            return Err(line.wrong("[Number of Ports] before [Reference]", "none"));
        };
        let words = text.split(u8::is_ascii_whitespace);
        for word in words.filter(|word| !word.is_empty()) {
            let value = number(line, word)?;
            if value <= 0.0 || self.references_ohm.len() == ports {
                return Err(line.wrong(format!("{ports} references above 0 ohm"), excerpt(text)));
            }
            self.references_ohm.push(value);
        }
        self.section = if self.references_ohm.len() < ports {
            Section::Reference
        } else {
            Section::Start
        };
        Ok(())
    }
}

fn count(line: &Line<'_>, value: &[u8]) -> Result<usize, Error> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| line.wrong("a whole number", excerpt(value)))
}

/// A reference: a number, or what some programs write, `(10+10j)`.
fn impedance(line: &Line<'_>, word: &[u8]) -> Result<Complex64, Error> {
    let error = || line.wrong("a reference in ohm with a real part above 0", excerpt(word));
    let inner = word
        .strip_prefix(b"(")
        .and_then(|w| w.strip_suffix(b")"))
        .unwrap_or(word);
    let value = match inner.strip_suffix(b"j") {
        Some(both) => {
            // The sign that parts them is the last one that no exponent owns.
            let at = (1..both.len())
                .rev()
                .find(|&i| b"+-".contains(&both[i]) && both[i - 1] != b'e')
                .ok_or_else(error)?;
            Complex64::new(number(line, &both[..at])?, number(line, &both[at..])?)
        }
        None => Complex64::new(number(line, inner).map_err(|_| error())?, 0.0),
    };
    if value.re > 0.0 {
        Ok(value)
    } else {
        Err(error())
    }
}
