//! Files that other software wrote, where no real capture is at hand. Each test names the
//! command; NumPy 2.4.6, SciPy 1.17.1, sigmf-python 1.14.0 and Python 3.11.7 made the bytes.

use etalon_captures::{Capture, OpenOptions, decode, open};
use etalon_types::{Storage, WaveformSource};

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    let pairs = digits.chunks_exact(2);
    pairs.map(|d| 16 * value(d[0]) + value(d[1])).collect()
}

fn read(bytes: Vec<u8>) -> Capture {
    decode(bytes, &OpenOptions::default()).unwrap()
}

fn samples(capture: &Capture, k: usize) -> Vec<f64> {
    let mut out = vec![0.0; capture.traces[k].info().samples as usize];
    assert_eq!(capture.traces[k].read_at(0, &mut out).unwrap(), out.len());
    out
}

/// `np.savez_compressed(f, x=np.array([1, -2, 3], 'i2'), fs=2e9)`
#[test]
fn ref_numpy_savez_compressed() {
    let capture = read(unhex(
        "504b03042d000000080000002100921f28e3ffffffffffffffff05001400782e6e70790100100086000000000000
         004a000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a4aea3a09e965f54529498179f
         5f94920a12774bcc294e058a17672416a402f91ac63a9a3a0ab50a14002e46867fff991900504b03042d00000008
         0000002100d7f84821ffffffffffffffff0600140066732e6e707901001000880000000000000049000000000000
         009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a1aea3a09e965f54529498179f5f94920a12774bcc
         294e058a17672416a402f91a9a3a0ab50a14012e0620483d7bd71100504b01022d032d000000080000002100921f
         28e34a00000086000000050000000000000000000000800100000000782e6e7079504b01022d032d000000080000
         002100d7f84821490000008800000006000000000000000000000080018100000066732e6e7079504b0506000000
         000200020067000000020100000000",
    ));
    let info = capture.traces[0].info();
    assert_eq!((info.format.as_str(), info.channel.as_str()), ("npz", "x"));
    assert_eq!(
        (info.storage, info.sample_interval_s),
        (Storage::I16, Some(5e-10))
    );
    assert_eq!(samples(&capture, 0), [1.0, -2.0, 3.0]);
    assert_eq!(capture.traces.len(), 1);
}

/// `scipy.io.savemat(f, dict(z=np.array([1+2j, -0.5j, 3.25]), dt=2e-9, s={'a': 1}),
/// do_compression=True)`, whose text has the date in it and is made here.
#[test]
fn ref_scipy_savemat_deflated() {
    let mut file = b"MATLAB 5.0 MAT-file Platform: posix, Created on: a day".to_vec();
    file.resize(124, 0);
    file.extend(b"\x00\x01IM");
    file.extend(unhex(
        "0f0000003b000000789ce3636060c800623620e600d120020858a17c46206606d38c0c55409a1388251860e0833d
         94d100a1b81c50e5191c20d483fd300100dc14053a0f0000002b000000789ce3636060b000623620e680d220c00a
         e533c23113434a09030327547cea35b517dc7a8a760039d804670f00000038000000789ce3636060a800623620e6
         00622606086085f219e19891a1182cce0256c308241381341f105b20e9e7c3a91f027890c4410000acca0211",
    ));
    let capture = read(file);
    assert_eq!((capture.format, capture.traces.len()), ("mat", 2));
    assert_eq!(samples(&capture, 0), [1.0, 0.0, 3.25]);
    assert_eq!(samples(&capture, 1), [2.0, -0.5, 0.0]);
    let info = capture.traces[1].info();
    assert_eq!(
        (info.channel.as_str(), info.sample_interval_s),
        ("z Q", Some(2e-9))
    );
    assert_eq!(capture.warnings, ["left out: `s` (struct)"]);
}

/// Python's `wave`, two channels of 24 bits, 1 kHz: 1, -1, 8388607, -8388608.
#[test]
fn ref_python_wave_of_24_bits() {
    let capture = read(unhex(
        "524946463000000057415645666d74201000000001000200e80300007017000006001800646174610c0000000100
         00ffffffffff7f000080",
    ));
    assert!(capture.warnings.is_empty(), "{:?}", capture.warnings);
    let counts = |k| -> Vec<f64> {
        let parts = samples(&capture, k).into_iter();
        parts.map(|x| x * 8_388_608.0).collect()
    };
    assert_eq!(counts(0), [1.0, 8_388_607.0]);
    assert_eq!(counts(1), [-1.0, -8_388_608.0]);
    assert_eq!(capture.traces[0].info().sample_interval_s, Some(1e-3));
}

/// `SigMFFile` with `add_capture` at 0 and 2 and `add_annotation`, `tofile`; without its hash.
#[test]
fn ref_sigmf_python() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sigmf-python");
    std::fs::create_dir_all(&folder).unwrap();
    let text = r#"{
    "global": {
        "core:datatype": "cf32_le",
        "core:description": "t",
        "core:num_channels": 1,
        "core:offset": 0,
        "core:sample_rate": 1000000.0,
        "core:version": "1.2.6"
    },
    "captures": [
        {
            "core:datetime": "2026-01-01T00:00:00.000000Z",
            "core:sample_start": 0
        },
        {
            "core:datetime": "2026-01-01T00:00:01.500000Z",
            "core:sample_start": 2
        }
    ],
    "annotations": [
        {
            "core:label": "x",
            "core:sample_count": 50,
            "core:sample_start": 100
        }
    ]
}
"#;
    let data = [1.0_f32, -1.0, 2.0, -2.0, 3.0, -3.0].map(f32::to_le_bytes);
    std::fs::write(folder.join("s.sigmf-meta"), text).unwrap();
    std::fs::write(folder.join("s.sigmf-data"), data.concat()).unwrap();
    let capture = open(&folder.join("s.sigmf-meta"), &OpenOptions::default()).unwrap();
    assert_eq!(capture.traces.len(), 4);
    assert_eq!(samples(&capture, 0), [1.0, 2.0]);
    assert_eq!(samples(&capture, 3), [-3.0]);
    let info = capture.traces[3].info();
    assert_eq!((info.segment, info.trigger_time_s), (1, Some(1.5)));
    assert_eq!(info.sample_interval_s, Some(1e-6));
}
