//! Rohde & Schwarz pairs made from the published layout, for what no public file shows: int16 in
//! both byte orders, several channels, envelopes, histories with timestamps, and damage.

use etalon_captures::{Capture, Error, OpenOptions, open, stats};
use etalon_types::{Storage, WaveformSource};
use std::path::{Path, PathBuf};

/// A pair in the making: properties with their `Value`, others as they are, and the payload.
#[derive(Clone)]
struct Pair {
    values: Vec<(&'static str, String)>,
    elements: String,
    payload: Vec<u8>,
}

impl Pair {
    /// Ten stored rows, of which six count, from row 3 on.
    fn new(format: &str, code: u32) -> Self {
        let mut pair = Self {
            values: Vec::new(),
            elements: String::new(),
            payload: [code, 10].iter().flat_map(|x| x.to_le_bytes()).collect(),
        };
        for (name, value) in [
            ("SourceType", "eRS_SIGNAL_SOURCE_TYPE_SOURCE"),
            ("RecordLength", "6"),
            ("BaseUnit", "eRS_UNIT_LEVEL_A"),
            ("XStart", "-5e-9"),
            ("SignalRecordLength", "6"),
            ("SignalHardwareRecordLength", "10"),
            ("InterleavedTraceCount", "1"),
            ("NofQuantisationLevels", "250"),
            ("SignalResolution", "2.5e-10"),
            ("LeadingSettlingSamples", "3"),
            ("VerticalPosition", "2"),
            ("VerticalScale", "0.5"),
            ("VerticalOffset", "0.25"),
            ("Source", "eRS_SIGNAL_SOURCE_CH3_TR1"),
            ("VerticalDivisionCount", "10"),
            ("MultiChannelExport", "eRS_ONOFF_OFF"),
            ("ByteOrder", "eRS_BYTE_ORDER_LSB_FIRST"),
            ("NumberOfAcquisitions", "1"),
            ("TimestampState", "eRS_ONOFF_OFF"),
        ] {
            pair = pair.with(name, value);
        }
        pair.with("SignalFormat", &format!("eRS_SIGNAL_FORMAT_{format}"))
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name, value.to_string()));
        self
    }

    fn with_slots(mut self, name: &str, slots: [&str; 4]) -> Self {
        self.elements += &format!("\t\t<Prop Name='{name}' Size = \"4\"");
        for (k, slot) in slots.iter().enumerate() {
            self.elements += &format!(" I_{k}=\"{slot}\"");
        }
        self.elements += "/>\n";
        self
    }

    fn with_payload(mut self, bytes: impl IntoIterator<Item = u8>) -> Self {
        self.payload.extend(bytes);
        self
    }

    fn xml(&self) -> String {
        let mut text =
            "<?xml version=\"1.0\"?>\n<Database FWVersion=\"\">\n<!-- <Prop Name=\"XStart\" \
             Value=\"9\"/> -->\n\t<Group Avail=\"0\" Name=\"ReferenceCurveAttributes\">\n"
                .to_string();
        for (name, value) in &self.values {
            let unit = if *name == "XStart" { "s" } else { "" };
            text += &format!("\t\t<Prop Name=\"{name}\" Value=\"{value}\" UnitName=\"{unit}\"/>\n");
        }
        text + &self.elements + "\t</Group>\n</Database>\n"
    }

    fn save(&self, folder: &Path) -> PathBuf {
        std::fs::write(folder.join("a.bin"), self.xml()).unwrap();
        std::fs::write(folder.join("a.Wfm.bin"), &self.payload).unwrap();
        folder.join("a.bin")
    }
}

/// A folder of its own for each test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("etalon-rs-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn read(&self, pair: &Pair) -> Capture {
        open(&pair.save(&self.0), &OpenOptions::default()).unwrap()
    }

    fn refusal(&self, pair: &Pair) -> Error {
        open(&pair.save(&self.0), &OpenOptions::default()).unwrap_err()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn samples(capture: &Capture, k: usize) -> Vec<f64> {
    let mut out = vec![0.0; 20];
    let got = capture.traces[k].read_at(0, &mut out).unwrap();
    out.truncate(got);
    out
}

/// Raw values 0 to 9 as `convert` stores them.
fn ramp<const N: usize>(convert: impl Fn(i16) -> [u8; N]) -> Vec<u8> {
    (0..10).flat_map(convert).collect()
}

/// `raw * 0.5 * 10 / 250 + 0.25 - 2 * 0.5` of rows 3 to 8.
fn ramp_amperes() -> Vec<f64> {
    (3..9).map(|raw| 0.02 * f64::from(raw) - 0.75).collect()
}

fn history() -> Pair {
    let acquisition = |k: i16| {
        let stamp = (-3.0 + 0.5 * f64::from(k)).to_le_bytes();
        let rows = ramp(|raw| (f32::from(raw) + 100.0 * f32::from(k)).to_le_bytes());
        stamp.into_iter().chain(rows)
    };
    Pair::new("FLOAT", 4)
        .with("NumberOfAcquisitions", "3")
        .with("TimestampState", "eRS_ONOFF_ON")
        .with_payload((0..3).flat_map(acquisition))
}

fn two_channels(format: &str, code: u32) -> Pair {
    Pair::new(format, code)
        .with("MultiChannelExport", "eRS_ONOFF_ON")
        .with_slots("MultiChannelVerticalOffset", ["0.25", "0", "0", "-1"])
        .with_slots("MultiChannelVerticalPosition", ["2", "0", "0", "0"])
        .with_slots("MultiChannelVerticalScale", ["0.5", "0", "0", "0.25"])
        .with_slots(
            "MultiChannelExportState",
            [
                "eRS_ONOFF_ON",
                "eRS_ONOFF_OFF",
                "eRS_ONOFF_OFF",
                "eRS_ONOFF_ON",
            ],
        )
        .with_slots(
            "MultiChannelViewUnit",
            [
                "eRS_UNIT_LEVEL_V",
                "eRS_UNIT_NONE",
                "eRS_UNIT_NONE",
                "eRS_UNIT_LEVEL_W",
            ],
        )
        .with_slots("MultiChannelInterleavedTraceCount", ["1"; 4])
        .with_slots(
            "MultiChannelSource",
            [
                "eRS_SIGNAL_SOURCE_CH1_TR1",
                "eRS_SIGNAL_SOURCE_NONE",
                "eRS_SIGNAL_SOURCE_NONE",
                "eRS_SIGNAL_SOURCE_CH4_TR1",
            ],
        )
}

#[test]
fn integers_are_scaled_as_the_manual_says_in_both_byte_orders() {
    let folder = Folder::new("integers");
    let bytes = Pair::new("INT8BIT", 0)
        .with("ByteOrder", "eRS_BYTE_ORDER_MSB_FIRST")
        .with_payload(ramp(|raw| [raw as u8]));
    let little = Pair::new("INT16BIT", 1).with_payload(ramp(i16::to_le_bytes));
    let big = Pair::new("INT16BIT", 1)
        .with("ByteOrder", "eRS_BYTE_ORDER_MSB_FIRST")
        .with_payload(ramp(i16::to_be_bytes));
    let kinds = [
        (bytes, Storage::I8),
        (little, Storage::I16),
        (big, Storage::I16),
    ];
    for (pair, storage) in kinds {
        let capture = folder.read(&pair);
        let info = capture.traces[0].info();
        assert_eq!((info.storage, info.samples), (storage, 6));
        assert_eq!((info.channel.as_str(), info.unit.as_str()), ("CH3", "A"));
        assert_eq!((info.t0_s, info.sample_interval_s), (-5e-9, Some(2.5e-10)));
        for (ours, theory) in samples(&capture, 0).iter().zip(ramp_amperes()) {
            assert!((ours - theory).abs() < 1e-12, "{ours} {theory}");
        }
    }
}

#[test]
fn ref_the_manuals_examples_of_raw_conversion() {
    // R&S RTO6 user manual, table 12-2: -3.478260869559 mV and -4.7091146 mV (printed digits).
    let folder = Folder::new("manual");
    let eight = Pair::new("INT8BIT", 0)
        .with("VerticalScale", "0.11")
        .with("VerticalPosition", "1")
        .with("VerticalOffset", "0.05")
        .with("NofQuantisationLevels", "253")
        .with_payload([13; 10]);
    let sixteen = Pair::new("INT16BIT", 1)
        .with("VerticalScale", "0.05")
        .with("VerticalPosition", "0")
        .with("VerticalOffset", "0")
        .with("NofQuantisationLevels", "64768")
        .with_payload(ramp(|_| (-61_i16).to_le_bytes()));
    for (pair, volts) in [(eight, -3.478_260_869_559e-3), (sixteen, -4.709_114_6e-4)] {
        let ours = samples(&folder.read(&pair), 0)[5];
        assert!((ours / volts - 1.0).abs() < 1e-5, "{ours} against {volts}");
    }
}

#[test]
fn channels_are_told_apart_and_each_has_its_own_scale_and_unit() {
    let folder = Folder::new("channels");
    let rows = ramp(|raw| [raw as u8, (10 * raw) as u8]);
    let capture = folder.read(&two_channels("INT8BIT", 0).with_payload(rows));
    let names: Vec<_> = capture
        .traces
        .iter()
        .map(|t| t.info().channel.as_str())
        .collect();
    assert_eq!(names, ["CH1", "CH4"]);
    assert_eq!(capture.traces[1].info().unit, "W");
    for (k, theory) in ramp_amperes().iter().enumerate() {
        assert!((samples(&capture, 0)[k] - theory).abs() < 1e-12);
        let fourth = 0.01 * 10.0 * (k as f64 + 3.0) - 1.0;
        assert!((samples(&capture, 1)[k] - fourth).abs() < 1e-12);
    }
    // Interleaved X/Y: a float64 time, then a float32 for each channel.
    let row = |raw: i16| {
        let time = -5e-9 + 2.5e-10 * (f64::from(raw) - 3.0);
        let mut bytes = time.to_le_bytes().to_vec();
        bytes.extend(f32::from(raw).to_le_bytes());
        bytes.extend(f32::from(-raw).to_le_bytes());
        bytes
    };
    let pair = two_channels("XYDOUBLEFLOAT", 6).with_payload((0..10).flat_map(row));
    let capture = folder.read(&pair);
    assert_eq!(samples(&capture, 0), [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    assert_eq!(samples(&capture, 1), [-3.0, -4.0, -5.0, -6.0, -7.0, -8.0]);
    assert!(capture.warnings.is_empty(), "{:?}", capture.warnings);
    let late = folder.read(&pair.with("XStart", "0"));
    assert!(late.warnings[0].contains("XStart"), "{:?}", late.warnings);
}

#[test]
fn envelopes_become_a_minimum_and_a_maximum() {
    let folder = Folder::new("envelope");
    let pair = Pair::new("INT8BIT", 0)
        .with("InterleavedTraceCount", "2")
        .with_payload(ramp(|raw| [(-raw) as u8, raw as u8]));
    let capture = folder.read(&pair);
    let names: Vec<_> = capture
        .traces
        .iter()
        .map(|t| t.info().channel.as_str())
        .collect();
    assert_eq!(names, ["CH3 min", "CH3 max"]);
    assert!((samples(&capture, 0)[0] - (-0.06 - 0.75)).abs() < 1e-12);
    assert!((samples(&capture, 1)[0] - (0.06 - 0.75)).abs() < 1e-12);
}

#[test]
fn the_acquisitions_of_a_history_are_segments_with_their_own_times() {
    let folder = Folder::new("history");
    let capture = folder.read(&history());
    assert_eq!(capture.traces.len(), 3);
    for (k, trace) in capture.traces.iter().enumerate() {
        let info = trace.info();
        assert_eq!(
            (info.segment, info.trigger_time_s),
            (k, Some(0.5 * k as f64))
        );
        let first = 3.0 + 100.0 * k as f64;
        assert_eq!(samples(&capture, k)[..2], [first, first + 1.0]);
    }
    // The payload alone finds its header too.
    let payload = folder.0.join("a.Wfm.bin");
    let forced = OpenOptions {
        format: "rs-bin".parse().unwrap(),
        ..OpenOptions::default()
    };
    assert_eq!(open(&payload, &forced).unwrap().traces.len(), 3);
    // Fewer whole acquisitions than announced are read and told; a torn one is an error.
    let mut pair = history();
    pair.payload.truncate(8 + 2 * 48);
    let short = folder.read(&pair);
    assert_eq!(short.traces.len(), 2);
    assert!(
        short.warnings[0].contains("3 acquisitions"),
        "{:?}",
        short.warnings
    );
    pair.payload.pop();
    match folder.refusal(&pair) {
        Error::Malformed {
            offset, expected, ..
        } => {
            assert_eq!(offset, 8 + 2 * 48 - 1);
            assert!(expected.contains("152 bytes"), "{expected}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payload_whose_header_is_missing_names_it() {
    let folder = Folder::new("alone");
    let mut pair = history();
    pair.payload[4] = 100;
    pair.payload.resize(8 + 400, 0);
    let payload = folder.0.join("lonely.Wfm.bin");
    std::fs::write(&payload, &pair.payload).unwrap();
    let text = open(&payload, &OpenOptions::default())
        .unwrap_err()
        .to_string();
    assert!(text.contains("`lonely.bin` is missing"), "{text}");
    // Renamed, it cannot say what its header is called.
    let renamed = folder.0.join("lonely.dat");
    std::fs::write(&renamed, &pair.payload).unwrap();
    let text = open(&renamed, &OpenOptions::default())
        .unwrap_err()
        .to_string();
    assert!(text.contains("x.Wfm.bin"), "{text}");
    // The scope's spelling does not survive every copy.
    std::fs::write(folder.0.join("b.BIN"), history().xml()).unwrap();
    std::fs::write(folder.0.join("b.wfm.bin"), &history().payload).unwrap();
    for name in ["b.BIN", "b.wfm.bin"] {
        let forced = OpenOptions {
            format: "rs-bin".parse().unwrap(),
            ..OpenOptions::default()
        };
        assert_eq!(open(&folder.0.join(name), &forced).unwrap().traces.len(), 3);
    }
}

#[test]
fn what_contradicts_itself_is_refused_with_its_name() {
    let folder = Folder::new("refusals");
    let good = || Pair::new("INT8BIT", 0).with_payload([0; 10]);
    for (name, value) in [
        ("SignalHardwareRecordLength", "8"),
        ("SignalHardwareRecordLength", "-10"),
        ("SignalHardwareRecordLength", "1e300"),
        ("SignalRecordLength", "0"),
        ("SignalRecordLength", "9223372036854775807"),
        ("LeadingSettlingSamples", "4294967295"),
        ("NumberOfAcquisitions", "0"),
        ("SignalResolution", "0"),
        ("SignalResolution", "nan"),
        ("XStart", "soon"),
        ("NofQuantisationLevels", "0"),
        ("InterleavedTraceCount", "5"),
        ("VerticalScale", "1e308"),
    ] {
        match folder.refusal(&good().with(name, value)) {
            Error::Malformed {
                format: "rs-bin",
                field,
                ..
            } => {
                let named =
                    field == name || name.ends_with("RecordLength") || name.starts_with("Lead");
                assert!(named, "{name}: {field}");
            }
            other => panic!("{name} {value}: {other:?}"),
        }
    }
    for (name, value, word) in [
        ("SourceType", "eRS_SIGNAL_SOURCE_TYPE_DIGITAL", "digital"),
        ("SignalFormat", "eRS_SIGNAL_FORMAT_INT24BIT", "INT24BIT"),
    ] {
        let text = folder.refusal(&good().with(name, value)).to_string();
        assert!(text.contains(word), "{text}");
    }
    let many = good().with("NumberOfAcquisitions", "99999999999999");
    let text = folder.refusal(&many.with_payload([0; 5])).to_string();
    assert!(text.contains("acquisitions"), "{text}");
    let mut wrong_code = good();
    wrong_code.payload[0] = 1;
    assert!(
        folder
            .refusal(&wrong_code)
            .to_string()
            .contains("format code")
    );
    // A wrong number of rows in the payload is a warning where all sizes agree.
    let mut wrong_rows = good();
    wrong_rows.payload[4] = 11;
    assert!(folder.read(&wrong_rows).warnings[0].contains("11"));
    let empty = Pair {
        payload: Vec::new(),
        ..good()
    };
    assert!(matches!(folder.refusal(&empty), Error::Malformed { .. }));
}

/// Opens a pair as it lies there; whatever happens, it is typed.
fn survives(file: &Path) -> bool {
    match open(file, &OpenOptions::default()) {
        Ok(capture) => {
            for trace in &capture.traces {
                assert!(stats(trace).unwrap().samples > 0);
            }
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && text.len() < 600, "{text}");
            assert!(
                !matches!(error, Error::Io { .. } | Error::Read(_)),
                "{text}"
            );
            false
        }
    }
}

/// Cuts and changes both files of a pair at the places of `steps`; returns what was refused.
fn damage(folder: &Folder, xml: &[u8], payload: &[u8], step: usize) -> usize {
    let (header_file, payload_file) = (folder.0.join("a.bin"), folder.0.join("a.Wfm.bin"));
    std::fs::write(&header_file, xml).unwrap();
    std::fs::write(&payload_file, payload).unwrap();
    assert!(survives(&header_file));
    let mut refused = 0;
    for at in (0..xml.len()).step_by(step) {
        std::fs::write(&header_file, &xml[..at]).unwrap();
        refused += usize::from(!survives(&header_file));
        let mut changed = xml.to_vec();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&header_file, &changed).unwrap();
        survives(&header_file);
    }
    std::fs::write(&header_file, xml).unwrap();
    for at in 0..payload.len().min(64) {
        std::fs::write(&payload_file, &payload[..at]).unwrap();
        refused += usize::from(!survives(&header_file));
        let mut changed = payload.to_vec();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&payload_file, &changed).unwrap();
        survives(&header_file);
    }
    refused
}

#[test]
fn prop_damaged_pairs_give_samples_or_a_typed_error() {
    let folder = Folder::new("damage");
    let pair = history();
    assert!(damage(&folder, pair.xml().as_bytes(), &pair.payload, 3) > 300);
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let real = shared.join("captures/rohde_schwarz");
    if !real.is_dir() {
        println!("left out: no real captures in {}", real.display());
        return;
    }
    for stem in ["rs_rtp_01", "rs_rtp_04"] {
        let xml = std::fs::read(real.join(format!("{stem}.bin"))).unwrap();
        let payload = std::fs::read(real.join(format!("{stem}.Wfm.bin"))).unwrap();
        // Cutting inside the preview picture leaves a header that is whole.
        assert!(damage(&folder, &xml, &payload, 401) > 50, "{stem}");
    }
}
