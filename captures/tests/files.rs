//! Behaviour towards the disk: what cannot be opened, what is cut short under us, and writing
//! whole files or none.

use etalon_captures::{Error, Format, OpenOptions, open, pattern_file, write};
use etalon_types::{ReadError, Waveform, WaveformInfo, WaveformSource};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

/// A folder of one test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn forced(name: &str) -> OpenOptions {
    OpenOptions {
        format: name.parse().unwrap(),
        ..OpenOptions::default()
    }
}

#[test]
fn missing_empty_and_odd_paths_are_typed() {
    let folder = folder("odd-paths");
    let missing = open(&folder.join("none.npy"), &OpenOptions::default()).unwrap_err();
    assert!(matches!(missing, Error::Io { .. }) && missing.to_string().contains("none.npy"));
    let itself = open(&folder, &OpenOptions::default()).unwrap_err();
    assert!(itself.to_string().contains("a folder"), "{itself}");
    let empty = folder.join("empty.csv");
    std::fs::write(&empty, b"").unwrap();
    for hints in [
        OpenOptions::default(),
        forced("csv"),
        forced("raw-i8"),
        forced("trc"),
    ] {
        match open(&empty, &hints) {
            Err(Error::Malformed {
                offset: 0,
                field,
                found,
                ..
            }) => {
                assert_eq!(field, "file size");
                assert!(found.contains("0 bytes"), "{found}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn content_decides_and_the_name_does_not() {
    let folder = folder("names");
    let made = Waveform::from_f32(vec![1.0, 2.0, 3.0], 1e-9, "V");
    for format in [
        Format::Npy,
        Format::Csv,
        Format::Trc,
        Format::KeysightBin,
        Format::Mat,
        Format::TekIsf,
    ] {
        let path = folder.join("capture.wfm");
        write(&path, format, &[&made]).unwrap();
        assert_eq!(
            open(&path, &OpenOptions::default()).unwrap().format,
            format.name()
        );
    }
}

#[test]
fn a_file_cut_short_under_us_is_a_read_error() {
    let path = folder("cut").join("cut.npy");
    let made = Waveform::from_f32(vec![1.0; 10_000], 1e-9, "V");
    write(&path, Format::Npy, &[&made]).unwrap();
    let capture = open(&path, &OpenOptions::default()).unwrap();
    std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(20_000)
        .unwrap();
    let mut block = [0.0; 100];
    assert_eq!(capture.traces[0].read_at(0, &mut block).unwrap(), 100);
    let error: ReadError = capture.traces[0].read_at(9_900, &mut block).unwrap_err();
    assert!(error.reason.contains("cut short"), "{error}");
    assert!(etalon_captures::stats(&capture.traces[0]).is_err());
}

#[test]
fn files_beyond_four_gigabytes_are_read_by_blocks() {
    // Sparse: only the header and the last samples take room on the disk.
    const SAMPLES: u64 = 1_500_000_000;
    let path = folder("sparse").join("long.npy");
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({SAMPLES},), }}");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"\x93NUMPY\x01\x00").unwrap();
    file.write_all(&(header.len() as u16).to_le_bytes())
        .unwrap();
    file.write_all(header.as_bytes()).unwrap();
    let data = 10 + header.len() as u64;
    file.seek(SeekFrom::Start(data + 4 * (SAMPLES - 2)))
        .unwrap();
    file.write_all(&[1.5_f32.to_le_bytes(), (-2.5_f32).to_le_bytes()].concat())
        .unwrap();
    drop(file);
    let capture = open(&path, &OpenOptions::default()).unwrap();
    let mut block = [9.0; 8];
    assert_eq!(capture.traces[0].info().samples, SAMPLES);
    assert_eq!(
        capture.traces[0].read_at(SAMPLES - 3, &mut block).unwrap(),
        3
    );
    assert_eq!(block[..4], [0.0, 1.5, -2.5, 9.0]);
    assert_eq!(capture.traces[0].read_at(SAMPLES, &mut block).unwrap(), 0);
    assert_eq!(capture.traces[0].read_at(u64::MAX, &mut block).unwrap(), 0);
    std::fs::remove_file(path).unwrap();
}

/// Announces more samples than it has.
struct Short(WaveformInfo);

impl WaveformSource for Short {
    fn info(&self) -> &WaveformInfo {
        &self.0
    }

    fn read_at(&self, first: u64, out: &mut [f64]) -> Result<usize, ReadError> {
        let left = 1000_u64.saturating_sub(first) as usize;
        let count = left.min(out.len());
        out[..count].fill(0.5);
        Ok(count)
    }
}

#[test]
fn a_failed_write_leaves_the_old_file_and_nothing_else() {
    let folder = folder("atomic");
    let path = folder.join("kept.csv");
    std::fs::write(&path, "1\n2\n").unwrap();
    let mut info = Waveform::from_f32(vec![0.0], 1e-9, "V").info().clone();
    info.samples = 2000;
    let short = Short(info);
    for format in [
        Format::Csv,
        Format::Npy,
        Format::Trc,
        Format::KeysightBin,
        Format::Mat,
        Format::SigMf,
        Format::TekIsf,
    ] {
        let error = write(&path, format, &[&short]).unwrap_err();
        assert!(matches!(error, Error::Read(_)), "{format}: {error}");
    }
    let nan = Waveform::from_f32(vec![0.0, f32::NAN], 1e-9, "V");
    let none = Waveform::from_f32(Vec::new(), 1e-9, "V");
    for (format, trace) in [
        (Format::Trc, &nan),
        (Format::Csv, &none),
        (Format::Auto, &nan),
    ] {
        let error = write(&path, format, &[trace]).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported { .. }),
            "{format}: {error}"
        );
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2\n");
    let names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().file_name())
        .collect();
    assert_eq!(names, ["kept.csv"]);
    let nowhere = write(&folder.join("no/such/x.csv"), Format::Csv, &[&nan]).unwrap_err();
    assert!(matches!(nowhere, Error::Io { .. }), "{nowhere}");
}

#[test]
fn patterns_in_every_shape() {
    let folder = folder("patterns");
    let read = |bytes: &[u8]| {
        let path = folder.join("pattern");
        std::fs::write(&path, bytes).unwrap();
        pattern_file(&path)
    };
    assert_eq!(read(b"0,1, 2\r\n3 0\t1\n").unwrap(), [0, 1, 2, 3, 0, 1]);
    assert_eq!(read(b"\xef\xbb\xbf0110").unwrap(), [0, 1, 1, 0]);
    assert_eq!(read(&[3, 0, 1, 2]).unwrap(), [3, 0, 1, 2]);
    let npy = |descr: &str, shape: &str, data: &[u8]| {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(data);
        file
    };
    let long: Vec<u8> = [3_i64, 0, 1].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(read(&npy("<i8", "(3,)", &long)).unwrap(), [3, 0, 1]);
    assert_eq!(read(&npy("|b1", "(1, 2)", &[1, 0])).unwrap(), [1, 0]);
    for (bytes, at) in [(&b"0101x"[..], 4), (&b"014"[..], 2), (&[0, 1, 4][..], 2)] {
        match read(bytes) {
            Err(Error::Malformed { offset, .. }) => assert_eq!(offset, at),
            other => panic!("{other:?}"),
        }
    }
    for bytes in [&b""[..], b" ,\n"] {
        assert!(matches!(read(bytes), Err(Error::Malformed { .. })));
    }
    assert!(matches!(
        read(&npy("<i2", "(1,)", &[4, 0])),
        Err(Error::Malformed { .. })
    ));
    assert!(matches!(
        read(&npy("<f4", "(1,)", &[0; 4])),
        Err(Error::Unsupported { .. })
    ));
    assert!(matches!(
        read(&npy("|i1", "(2, 2)", &[0; 4])),
        Err(Error::Unsupported { .. })
    ));
}
