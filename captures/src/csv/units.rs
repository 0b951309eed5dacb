//! Names and units as header lines write them.

/// Returns the usual symbol of a word that is a unit: `Volts` gives `V`.
pub(super) fn symbol(word: &str) -> Option<&'static str> {
    const WORDS: [(&[&str], &str); 16] = [
        (&["v", "volt", "volts"], "V"),
        (&["mv", "millivolt", "millivolts"], "mV"),
        (&["uv", "\u{b5}v", "\u{3bc}v"], "uV"),
        (&["w", "watt", "watts"], "W"),
        (&["mw", "milliwatt", "milliwatts"], "mW"),
        (&["uw", "\u{b5}w", "\u{3bc}w"], "uW"),
        (&["a", "amp", "amps", "ampere", "amperes"], "A"),
        (&["ma"], "mA"),
        (&["dbm"], "dBm"),
        (&["db"], "dB"),
        (&["s", "sec", "second", "seconds"], "s"),
        (&["ms"], "ms"),
        (&["us", "\u{b5}s", "\u{3bc}s"], "us"),
        (&["ns"], "ns"),
        (&["ps"], "ps"),
        (&["fs"], "fs"),
    ];
    let word = word.trim().to_lowercase();
    WORDS
        .iter()
        .find(|(names, _)| names.contains(&word.as_str()))
        .map(|&(_, symbol)| symbol)
}

/// Returns the seconds in a unit of time.
pub(super) fn seconds(unit: &str) -> Option<f64> {
    match symbol(unit)? {
        "s" => Some(1.0),
        "ms" => Some(1e-3),
        "us" => Some(1e-6),
        "ns" => Some(1e-9),
        "ps" => Some(1e-12),
        "fs" => Some(1e-15),
        _ => None,
    }
}

/// Parts `Power (W)` or `CH1[V]` into name and unit; a bare unit has no name.
pub(super) fn name_and_unit(text: &str) -> (String, Option<String>) {
    let text = text.trim().trim_matches('"').trim();
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some(inner) = text.strip_suffix(close)
            && let Some((name, unit)) = inner.rsplit_once(open)
        {
            let unit = unit.trim();
            let unit = symbol(unit).unwrap_or(unit).to_string();
            return (
                name.trim().to_string(),
                Some(unit).filter(|u| !u.is_empty()),
            );
        }
    }
    (text.to_string(), None)
}

/// Whether a column of this name counts rows.
pub(super) fn names_an_index(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    matches!(
        name.as_str(),
        "sequence" | "index" | "sample" | "samples" | "point" | "points" | "#" | "n" | "no" | "no."
    )
}

/// Whether a column of this name is time.
pub(super) fn names_time(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    name.starts_with("time") || matches!(name.as_str(), "t" | "second" | "seconds" | "sec" | "s")
}

/// Whether a column of this name is what is measured rather than which channel measured it.
pub(super) fn names_a_quantity(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    matches!(
        name.as_str(),
        "power" | "voltage" | "current" | "value" | "ampl" | "amplitude" | "y" | ""
    ) || symbol(&name).is_some()
}
