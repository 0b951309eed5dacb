//! Files made from the published layouts, for the paths that no public file takes: LeCroy
//! sequences, big-endian and long-prefix traces, Keysight AG01, AG03 and segments.
//!
//! Written apart from the crate's own writers, so that a shared mistake cannot hide.
#![allow(dead_code)] // each test file uses its own part

pub mod hdf5;
pub mod mat;
pub mod npz;
pub mod tek;
pub mod wav;

/// A LeCroy trace, template LECROY_2_3.
#[derive(Clone)]
pub struct Trc {
    pub big_endian: bool,
    pub prefix: &'static str,
    pub words: bool,
    pub user_text: &'static [u8],
    /// Trigger time, time from trigger to first sample, raw samples.
    pub segments: Vec<(f64, f64, Vec<i16>)>,
    pub record_type: i16,
}

impl Trc {
    pub fn sequence() -> Self {
        let segments = (0..3_i16).map(|k| {
            let time = 1.5e-3 * f64::from(k) + 0.25;
            (
                time,
                -1e-8 - 1e-12 * f64::from(k),
                (0..20).map(|i| i * 5 - 40 + k).collect(),
            )
        });
        Self {
            big_endian: false,
            prefix: "#9",
            words: true,
            user_text: b"",
            segments: segments.collect(),
            record_type: 0,
        }
    }

    /// Gain 0.5 and offset 2 are exact in 32 bits.
    pub const GAIN: f32 = 0.5;
    pub const OFFSET: f32 = 2.0;
    pub const INTERVAL: f32 = 2.5e-10;

    pub fn bytes(&self) -> Vec<u8> {
        let width = if self.words { 2 } else { 1 };
        let points: usize = self.segments.iter().map(|s| s.2.len()).sum();
        let triggers = if self.segments.len() > 1 {
            16 * self.segments.len()
        } else {
            0
        };
        let mut head = vec![0_u8; 346];
        head[..8].copy_from_slice(b"WAVEDESC");
        head[16..26].copy_from_slice(b"LECROY_2_3");
        let swap = |mut bytes: Vec<u8>| {
            if self.big_endian {
                bytes.reverse();
            }
            bytes
        };
        let put = |head: &mut Vec<u8>, at: usize, bytes: Vec<u8>| {
            let bytes = swap(bytes);
            head[at..at + bytes.len()].copy_from_slice(&bytes);
        };
        let longs = [
            (36, 346),
            (40, self.user_text.len()),
            (48, triggers),
            (60, points * width),
            (116, points),
            (128, points - 1),
            (144, self.segments.len()),
        ];
        for (at, value) in longs {
            put(&mut head, at, (value as i32).to_le_bytes().to_vec());
        }
        put(&mut head, 32, i16::from(self.words).to_le_bytes().to_vec());
        put(
            &mut head,
            34,
            i16::from(!self.big_endian).to_le_bytes().to_vec(),
        );
        put(&mut head, 156, Self::GAIN.to_le_bytes().to_vec());
        put(&mut head, 160, Self::OFFSET.to_le_bytes().to_vec());
        put(&mut head, 176, Self::INTERVAL.to_le_bytes().to_vec());
        put(&mut head, 180, self.segments[0].1.to_le_bytes().to_vec());
        head[196] = b'W';
        head[244] = b'S';
        put(&mut head, 316, self.record_type.to_le_bytes().to_vec());
        put(&mut head, 344, 2_i16.to_le_bytes().to_vec());
        let mut body = head;
        body.extend_from_slice(self.user_text);
        if triggers > 0 {
            for (time, offset, _) in &self.segments {
                body.extend(swap(time.to_le_bytes().to_vec()));
                body.extend(swap(offset.to_le_bytes().to_vec()));
            }
        }
        for sample in self.segments.iter().flat_map(|s| &s.2) {
            if self.words {
                body.extend(swap(sample.to_le_bytes().to_vec()));
            } else {
                body.push(*sample as u8);
            }
        }
        let mut file = match self.prefix {
            "#9" => format!("#9{:09}", body.len()).into_bytes(),
            "#A" => format!("#A{:010}", body.len()).into_bytes(),
            other => other.as_bytes().to_vec(),
        };
        file.extend(body);
        file
    }
}

/// One waveform of a Keysight file.
#[derive(Clone)]
pub struct AgWaveform {
    pub header_size: u32,
    pub kind: u32,
    pub points: u32,
    pub label: &'static str,
    pub x_units: u32,
    pub y_units: u32,
    pub time_tag: f64,
    pub segment: u32,
    /// Buffer type, bytes per point, payload.
    pub buffers: Vec<(u16, u16, Vec<u8>)>,
}

impl AgWaveform {
    pub fn floats(label: &'static str, samples: &[f32]) -> Self {
        let payload = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self {
            header_size: 140,
            kind: 1,
            points: samples.len() as u32,
            label,
            x_units: 2,
            y_units: 1,
            time_tag: 0.0,
            segment: 0,
            buffers: vec![(1, 4, payload)],
        }
    }
}

/// A Keysight or Rigol file of the given version, such as `AG10` or `RG03`.
pub fn ag(version: &str, waveforms: &[AgWaveform]) -> Vec<u8> {
    let wide = version.ends_with("03");
    let mut body = Vec::new();
    for w in waveforms {
        let start = body.len();
        for word in [w.header_size, w.kind, w.buffers.len() as u32, w.points, 0] {
            body.extend(word.to_le_bytes());
        }
        body.extend(1.0_f32.to_le_bytes());
        // x_display_origin is not the first sample's time: 9 would show.
        for value in [9.0_f64, 1e-9, -2e-6] {
            body.extend(value.to_le_bytes());
        }
        body.extend(w.x_units.to_le_bytes());
        body.extend(w.y_units.to_le_bytes());
        body.extend([b' '; 56]);
        let mut label = w.label.as_bytes().to_vec();
        label.resize(16, 0);
        body.extend(label);
        body.extend(w.time_tag.to_le_bytes());
        body.extend(w.segment.to_le_bytes());
        body.resize(start + w.header_size as usize, 0);
        for (kind, width, payload) in &w.buffers {
            body.extend(if wide { 16_u32 } else { 12 }.to_le_bytes());
            body.extend(kind.to_le_bytes());
            body.extend(width.to_le_bytes());
            if wide {
                body.extend((payload.len() as u64).to_le_bytes());
            } else {
                body.extend((payload.len() as u32).to_le_bytes());
            }
            body.extend(payload);
        }
    }
    let mut file = version.as_bytes().to_vec();
    if wide {
        file.extend((body.len() as u64 + 16).to_le_bytes());
    } else {
        file.extend((body.len() as u32 + 12).to_le_bytes());
    }
    file.extend((waveforms.len() as u32).to_le_bytes());
    file.extend(body);
    file
}

/// What one firmware of the MSO5074 writes: headers that never change, and 8-bit codes.
pub fn mso5074(channels: &[Vec<u8>]) -> Vec<u8> {
    let floats = AgWaveform {
        header_size: 144,
        ..AgWaveform::floats("", &[0.0; 1000])
    };
    let header = ag("RG01", &[floats])[..168].to_vec();
    let file = channels.iter().map(|codes| [&header[..], codes].concat());
    file.collect::<Vec<_>>().concat()
}

/// Rigol memory images of every family that is read, by their public descriptions.
pub mod wfm {
    fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// DS2000: two channels of four codes, or one of eight in the memory of both.
    pub fn ds2000(woven: bool, on: u8) -> Vec<u8> {
        let mut file = vec![0; 300];
        put(&mut file, 0, b"\xa5\xa5\x38\x00DS2A12345");
        file[64] = if woven { 2 } else { 3 };
        file[65] = u8::from(woven);
        put(&mut file, 68, &290_u32.to_le_bytes());
        put(&mut file, 72, &296_u32.to_le_bytes());
        put(&mut file, 96, &1e9_f32.to_le_bytes());
        put(&mut file, 112, &3000_i64.to_le_bytes());
        for (channel, division, shift) in [(0, 0.5_f32, 0.25_f32), (1, 2.0, -1.0)] {
            let at = 120 + 28 * channel;
            file[at] = on;
            put(&mut file, at + 8, &division.to_le_bytes());
            put(&mut file, at + 12, &shift.to_le_bytes());
            // Unit and inversion change places with the value of `on`; channel 2 is inverted.
            let (unit, inverted) = if on == 1 { (17, 16) } else { (16, 17) };
            file[at + unit] = channel as u8 + 1;
            file[at + inverted] = channel as u8;
        }
        let samples = if woven { 8_u32 } else { 4 };
        for (at, value) in [(244, samples + 4), (248, 2), (252, samples)] {
            put(&mut file, at, &value.to_le_bytes());
        }
        put(&mut file, 292, &[127, 128, 129, 130, 0, 0, 100, 127]);
        file.extend([152, 77]);
        file
    }

    /// DS4000: channels 2 and 3.
    pub fn ds4000() -> Vec<u8> {
        let mut file = vec![0; 580];
        put(&mut file, 0, b"\xa5\xa5\x38\x00DS4A12345");
        file[64] = 0b0110;
        put(&mut file, 72, &580_u32.to_le_bytes());
        put(&mut file, 76, &584_u32.to_le_bytes());
        put(&mut file, 100, &2e9_f32.to_le_bytes());
        for (channel, division, shift) in [(1, 3.2_f32, 0.5_f32), (2, 0.32, 0.0)] {
            let at = 124 + 28 * channel;
            put(&mut file, at + 8, &division.to_le_bytes());
            put(&mut file, at + 12, &shift.to_le_bytes());
            file[at + 17] = 2;
        }
        put(&mut file, 268, &4_u32.to_le_bytes());
        put(&mut file, 568, &(-1000_i64).to_le_bytes());
        file.extend([127, 137, 117, 127, 127, 227, 27, 128]);
        file
    }

    /// DS1000E with both channels, or DS1000C with the codes at 256 or 272.
    pub fn ds1000e(place: usize, roll_stop: u32) -> Vec<u8> {
        let mut file = vec![0; place];
        put(&mut file, 0, b"\xa5\xa5\x00\x00");
        if place == 256 {
            file[0] = 0xa1;
        }
        file[16] = u8::from(place < 276);
        put(&mut file, 20, &roll_stop.to_le_bytes());
        put(&mut file, 28, &6_u32.to_le_bytes());
        for (channel, probe, division, shift) in
            [(0, 10.0_f32, 250_000_i32, 5_i16), (1, 1.0, 500_000, -5)]
        {
            let at = 34 + 24 * channel;
            put(&mut file, at + 10, &probe.to_le_bytes());
            file[at + 15] = 1;
            put(&mut file, at + 18, &division.to_le_bytes());
            put(&mut file, at + 22, &shift.to_le_bytes());
        }
        put(&mut file, 92, &500_i64.to_le_bytes());
        put(&mut file, 100, &1e9_f32.to_le_bytes());
        put(&mut file, 112, &500_i64.to_le_bytes());
        file.extend([125, 115, 120, 130, 9, 9, 125, 130, 135, 125, 9, 9]);
        file
    }

    /// DS1000B with channels 2 and 4.
    pub fn ds1000b() -> Vec<u8> {
        let mut file = vec![0; 420];
        put(&mut file, 0, b"\xa5\xa5\xa4\x01DS1204B");
        put(&mut file, 60, &3_u32.to_le_bytes());
        for (channel, inverted) in [(1, 0), (3, 1)] {
            let at = 68 + 24 * channel;
            put(&mut file, at + 8, &1.0_f32.to_le_bytes());
            file[at + 14] = 1;
            file[at + 15] = inverted;
            put(&mut file, at + 16, &1_000_000_i32.to_le_bytes());
            put(&mut file, at + 20, &(-1_i16).to_le_bytes());
        }
        put(&mut file, 172, &1500_i64.to_le_bytes());
        put(&mut file, 180, &1e9_f32.to_le_bytes());
        file.extend([0, 0, 0, 100, 75, 125, 0, 0, 0, 100, 75, 125]);
        file
    }
}

/// A NumPy file, format version 1, 2 or 3.
pub fn npy(version: u8, descr: &str, fortran: bool, shape: &str, payload: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version, 0]);
    if version == 1 {
        file.extend((header.len() as u16).to_le_bytes());
    } else {
        file.extend((header.len() as u32).to_le_bytes());
    }
    file.extend(header.as_bytes());
    file.extend(payload);
    file
}

/// One small file of every kind.
pub fn gallery() -> Vec<(&'static str, Vec<u8>)> {
    let long: Vec<(f64, f64, Vec<i16>)> = vec![(0.0, -1e-8, (0..400).collect())];
    let segment = |k: u32| AgWaveform {
        segment: k,
        time_tag: f64::from(k) * 1e-3,
        ..AgWaveform::floats("1", &[0.5; 64])
    };
    let logic = AgWaveform {
        kind: 6,
        y_units: 0,
        buffers: vec![(6, 1, vec![1; 64])],
        ..AgWaveform::floats("D0", &[0.0; 64])
    };
    let text: String = (0..200)
        .map(|i| format!("{:e},{},{}\n", 1e-9 * f64::from(i), i % 7, i))
        .collect();
    let mut files = vec![
        ("trc sequence", Trc::sequence().bytes()),
        (
            "trc big-endian",
            Trc {
                big_endian: true,
                ..Trc::sequence()
            }
            .bytes(),
        ),
        (
            "trc long prefix",
            Trc {
                prefix: "#A",
                ..Trc::sequence()
            }
            .bytes(),
        ),
        (
            "trc bytes",
            Trc {
                words: false,
                segments: long,
                ..Trc::sequence()
            }
            .bytes(),
        ),
        ("ag10", ag("AG10", &[segment(1), segment(2), logic.clone()])),
        ("ag03", ag("AG03", &[segment(1), logic.clone()])),
        ("rg01", ag("RG01", &[segment(1), segment(2)])),
        ("rg03", ag("RG03", &[segment(1), logic])),
        ("mso5074", mso5074(&[vec![128; 1000], vec![127; 1000]])),
        ("wfm ds2000", wfm::ds2000(false, 8)),
        ("wfm ds2000 woven", wfm::ds2000(true, 1)),
        ("wfm ds4000", wfm::ds4000()),
        ("wfm ds1000e", wfm::ds1000e(276, 0)),
        ("wfm ds1000b", wfm::ds1000b()),
        ("mat", mat::scope(false, false).bytes()),
        ("mat big-endian, deflated", mat::scope(true, true).bytes()),
        ("hdf5", hdf5::scope(hdf5::Style::Old)),
        ("hdf5 new", hdf5::scope(hdf5::Style::New)),
        ("mat 7.3", hdf5::record()),
        ("wav", wav::stereo(b"RIFF").bytes()),
        ("wav RIFX", wav::stereo(b"RIFX").bytes()),
        ("wav RF64", wav::stereo(b"RF64").bytes()),
        ("npz", npz::scope(npz::Packing::Stored)),
        ("npz deflated", npz::scope(npz::Packing::Deflated)),
        ("npz 64-bit", npz::scope(npz::Packing::StoredIn64Bits)),
        ("npy", npy(1, "<i2", false, "(300,)", &[7; 600])),
        ("npy 2-D", npy(2, ">f4", true, "(3, 50)", &[7; 600])),
        (
            "csv",
            format!("Time (s),CH1 (V),CH2 (V)\n{text}").into_bytes(),
        ),
        (
            "csv keys",
            format!("Sample Interval,1e-9\nVertical Units,V\n\n{text}").into_bytes(),
        ),
    ];
    files.extend(tek::gallery());
    files
}
