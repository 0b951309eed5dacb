//! Tektronix `.isf`: preambles and curves by hand. The real file is in the manifest's test.

mod look;
mod made;

use etalon_captures::{Error, Format, OpenOptions, decode, open, stats};
use etalon_types::{Storage, WaveformSource};
use look::{info, malformed, read, refusal, samples, warned};
use made::tek::isf;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

const LONG: &str = ":WFMPRE:NR_PT 4;:WFMPRE:BYT_NR 2;BIT_NR 16;ENCDG BINARY;BN_FMT RI;BYT_OR MSB;\
    WFID \"Ch2, DC coupling; 5.0V/div\";NR_PT 4;PT_FMT Y;XUNIT \"s\";XINCR 4.0E-9;XZERO -2E-6;\
    PT_OFF 3;YUNIT \"V\";YMULT 2.5E-1;YOFF -8;YZERO 1.0E+0;:CURVE ";

#[test]
fn isf_preambles_long_and_short_say_the_same() {
    let words: Vec<u8> = [1_i16, -2, 300, -400]
        .iter()
        .flat_map(|x| x.to_be_bytes())
        .collect();
    let preambles = [
        LONG.to_string(),
        LONG.replace(":WFMPRE:", ":WFMOUTPRE:"),
        LONG.replace(":WFMPRE:", "wfmpre:")
            .to_lowercase()
            .replace("ch2", "Ch2")
            .replace("\"v\"", "\"V\""),
        LONG.replace("\"V\"", "\"Volts\"")
            .replace(";:CURVE ", "\n:CURVE\t"),
        LONG.replace(":WFMPRE:", ":WFMPRE:CH2:"),
        format!("HEADER 1;VERBOSE 1;{LONG}"),
        ":WFMP:BYT_N 2;BIT_N 16;ENC BIN;BN_F RI;BYT_O MSB;NR_P 4;WFI \"Ch2, x\";PT_F Y;XUN \"s\";\
         XIN 4.0E-9;XZE -2E-6;PT_O 3;YUN \"V\";YMU 250E-3;YOF -8.0;YZE 1;:CURV "
            .to_string(),
    ];
    for preamble in preambles {
        for end in ["", "\n", ";\r\n"] {
            let mut bytes = isf(&preamble, &words);
            bytes.extend(end.as_bytes());
            let capture = read(bytes);
            assert_eq!((capture.format, capture.traces.len()), ("tek-isf", 1));
            let about = info(&capture, 0);
            assert_eq!((about.channel.as_str(), about.unit.as_str()), ("Ch2", "V"));
            assert_eq!(about.sample_interval_s, Some(4e-9));
            assert!((about.t0_s - (-2e-6 - 12e-9)).abs() < 1e-20);
            assert_eq!(samples(&capture, 0), [3.25, 2.5, 78.0, -97.0]);
            assert!(!warned(&capture, ""), "{:?}", about.warnings);
        }
    }
}

#[test]
fn isf_samples_of_every_kind_and_order() {
    type Case = (&'static str, u8, Storage, Vec<u8>, [f64; 2]);
    let cases: [Case; 8] = [
        ("RI", 1, Storage::I8, vec![0x81, 3], [-127.0, 3.0]),
        ("RP", 1, Storage::U8, vec![0x81, 3], [129.0, 3.0]),
        ("RI", 2, Storage::I16, vec![0x80, 1, 0, 3], [-32_767.0, 3.0]),
        ("RP", 2, Storage::U16, vec![0x80, 1, 0, 3], [32_769.0, 3.0]),
        (
            "RI",
            4,
            Storage::I32,
            vec![255, 255, 255, 254, 0, 0, 1, 0],
            [-2.0, 256.0],
        ),
        (
            "RP",
            4,
            Storage::F64,
            vec![255, 255, 255, 254, 0, 0, 1, 0],
            [4_294_967_294.0, 256.0],
        ),
        (
            "FP",
            4,
            Storage::F32,
            [1.5_f32.to_be_bytes(), (-0.25_f32).to_be_bytes()].concat(),
            [1.5, -0.25],
        ),
        (
            "FP",
            8,
            Storage::F64,
            [1.5_f64.to_be_bytes(), (-0.25_f64).to_be_bytes()].concat(),
            [1.5, -0.25],
        ),
    ];
    for (format, width, storage, big, expected) in cases {
        for order in ["MSB", "LSB"] {
            let mut block = big.clone();
            if order == "LSB" {
                block
                    .chunks_mut(usize::from(width))
                    .for_each(<[u8]>::reverse);
            }
            let preamble = format!(
                ":WFMOUTPRE:BYT_NR {width};ENCDG BIN;BN_FMT {format};BYT_OR {order};NR_PT 2;XINCR 1E-9;\
                 YMULT 1;:CURVE "
            );
            let capture = read(isf(&preamble, &block));
            assert_eq!(samples(&capture, 0), expected, "{format} {width} {order}");
            assert_eq!(info(&capture, 0).storage, storage);
        }
    }
}

#[test]
fn isf_text_curves_and_blocks_without_a_length() {
    let text = LONG.replace("ENCDG BINARY", "ENCDG ASCII");
    for curve in [
        "1,-2,300,-400",
        "1, -2, 300,\n-400\n",
        "1.0E+0,-2,3.0E2,-400;",
    ] {
        let capture = read(format!("{text}{curve}").into_bytes());
        assert_eq!(samples(&capture, 0), [3.25, 2.5, 78.0, -97.0], "{curve}");
        assert_eq!(info(&capture, 0).unit, "V");
    }
    match refusal(format!("{text}1,2,x3,4").into_bytes()) {
        Error::Malformed { offset, found, .. } => {
            assert_eq!(offset, text.len() as u64 + 4);
            assert!(found.contains("x3"), "{found}");
        }
        other => panic!("{other:?}"),
    }
    let mut endless = format!("{LONG}#0").into_bytes();
    endless.extend([0, 1, 0, 2, 0, 3, 0, 10]);
    assert_eq!(samples(&read(endless.clone()), 0)[3], 5.5);
    endless.push(b'\n');
    assert_eq!(samples(&read(endless), 0).len(), 4);
}

#[test]
fn isf_envelopes_become_max_and_min_in_either_order() {
    for (block, count, step) in [
        ([1_u8, 5, 2, 6, 3, 3], 6, 2e-9),
        ([5, 1, 6, 2, 3, 3], 6, 2e-9),
        // Where NR_PT counts pairs, XINCR is from pair to pair.
        ([1, 5, 2, 6, 3, 3], 3, 1e-9),
    ] {
        for text in [false, true] {
            let encoding = if text { "ASC" } else { "BIN" };
            let preamble = format!(
                ":WFMP:BYT_N 1;ENC {encoding};BN_F RP;NR_P {count};PT_F ENV;XIN 1E-9;XZE 1E-6;\
                 WFI \"Ch1, peak\";YMU 2;YZE 1;:CURV "
            );
            let bytes = if text {
                format!("{preamble}{}", block.map(|b| b.to_string()).join(",")).into_bytes()
            } else {
                isf(&preamble, &block)
            };
            let capture = read(bytes);
            assert_eq!(capture.traces.len(), 2);
            assert_eq!(samples(&capture, 0), [11.0, 13.0, 7.0]);
            assert_eq!(samples(&capture, 1), [3.0, 5.0, 7.0]);
            for (k, channel) in [(0, "Ch1 max"), (1, "Ch1 min")] {
                let about = info(&capture, k);
                assert_eq!((about.channel.as_str(), about.t0_s), (channel, 1e-6));
                assert_eq!(about.sample_interval_s, Some(step));
                assert!(about.warnings.is_empty(), "{:?}", about.warnings);
            }
        }
    }
    let mixed = isf(
        ":WFMPRE:BYT_NR 1;NR_PT 4;PT_FMT ENV;XINCR 1;YMULT 1;:CURVE ",
        &[1, 5, 6, 2],
    );
    assert!(warned(&read(mixed), "now below and now above"));
    let beyond = isf(
        ":WFMPRE:BYT_NR 1;NR_PT 4;PT_FMT ENV;XINCR 1E308;YMULT 1;:CURVE ",
        &[1, 5, 2, 6],
    );
    let capture = read(beyond);
    assert_eq!(info(&capture, 0).sample_interval_s, None);
    let told = &info(&capture, 0).warnings;
    assert!(
        told.iter().any(|w| w.contains("XINCR is not usable")),
        "{told:?}"
    );
}

#[test]
fn isf_frames_and_curves_that_follow_one_another() {
    let frames = LONG.replace("NR_PT 4", "NR_PT 2;NR_FR 2");
    let words = [0, 1, 0, 2, 0, 3, 0, 4];
    let capture = read(isf(&frames, &words));
    assert_eq!((capture.traces.len(), info(&capture, 1).segment), (2, 1));
    assert_eq!(samples(&capture, 1), [3.75, 4.0]);
    let wrong = read(isf(&frames.replace("NR_FR 2", "NR_FR 9"), &words));
    assert_eq!((wrong.traces.len(), samples(&wrong, 0).len()), (1, 4));
    assert!(warned(&wrong, "NR_FR says 9"));

    let tiny = ":WFMPRE:BYT_NR 1;NR_PT 1;NR_FR 70000;YMULT 1;:CURVE ";
    match refusal(isf(tiny, &[1; 70_000])) {
        Error::Limit { limit, found, .. } => assert_eq!((limit, found), (65_536, 70_000)),
        other => panic!("{other:?}"),
    }

    let mut two = isf(LONG, &words);
    two.extend(b"\n");
    two.extend(isf(&LONG.replace("Ch2", "Ch3"), &words[..4]));
    let capture = read(two.clone());
    assert_eq!(
        (capture.traces.len(), info(&capture, 1).channel.as_str()),
        (2, "Ch3")
    );
    assert!(warned(&capture, "NR_PT says 4 points, the curve has 2"));
    two.extend(b" and more");
    assert!(warned(&read(two), "left out"));
}

#[test]
fn isf_values_that_make_no_sense_name_their_key() {
    let words = [0, 1, 0, 2, 0, 3, 0, 4];
    for (good, bad, key) in [
        ("BYT_NR 2", "BYT_NR 3", "BYT_NR"),
        ("BYT_NR 2", "BYT_NR -2", "BYT_NR"),
        ("BYT_NR 2;BIT_NR 16;", "", "BYT_NR"),
        ("BN_FMT RI", "BN_FMT XY", "BN_FMT"),
        ("BN_FMT RI", "BN_FMT FP", "BYT_NR"),
        ("BYT_OR MSB", "BYT_OR PDP", "BYT_OR"),
        ("ENCDG BINARY", "ENCDG HUFFMAN", "ENCDG"),
        ("PT_FMT Y", "PT_FMT XY", "PT_FMT"),
        ("YMULT 2.5E-1", "YMULT inf", "YMULT"),
        ("YMULT 2.5E-1;YOFF -8", "YMULT 1E300;YOFF 1E300", "YOFF"),
        ("NR_PT 4;PT", "NR_PT 1E30;PT", "NR_PT"),
    ] {
        let preamble = LONG.replace(good, bad);
        assert_ne!(preamble, LONG);
        let (offset, field) = malformed(isf(&preamble, &words));
        assert_eq!(field, key, "{bad}");
        assert!(offset < preamble.len() as u64);
    }
    for block in [
        "#4abcd",
        "#x",
        "#9999999999",
        "#18",
        "#F999999999999999",
        "#15abcde",
        "12",
    ] {
        let bytes = format!("{LONG}{block}").into_bytes();
        assert!(malformed(bytes).0 >= LONG.len() as u64, "{block}");
    }
    assert_eq!(malformed(isf(LONG, &[])).1, "curve");
    let (_, field) = malformed(LONG.replace(":CURVE ", "YFOO 3").into_bytes());
    assert_eq!(field, "curve");
    match refusal(isf(&LONG.replace("\"s\"", "\"Hz\""), &words)) {
        Error::Unsupported { found, .. } => assert!(found.contains("spectrum"), "{found}"),
        other => panic!("{other:?}"),
    }
    let bare = isf(":CURVE ", &words);
    assert_eq!(malformed(bare).1, "BYT_NR");
}

#[test]
fn prop_every_bit_and_every_length_of_a_preamble_is_survived() {
    let words = [0, 1, 0, 2, 0, 3, 0, 4];
    let text = LONG.replace("ENCDG BINARY", "ENCDG ASCII");
    let files = [
        isf(LONG, &words),
        format!("{text}1,-2,300,-400").into_bytes(),
        isf(&LONG.replace("PT_FMT Y", "PT_FMT ENV"), &words),
        isf(&LONG.replace("NR_PT 4", "NR_PT 2;NR_FR 2"), &words),
    ];
    let forced = OpenOptions {
        format: Format::TekIsf,
        ..OpenOptions::default()
    };
    let (mut refused, mut readable) = (0, 0);
    let mut survives = |bytes: Vec<u8>| match decode(bytes, &forced) {
        Ok(capture) => {
            for trace in &capture.traces {
                assert!(stats(trace).expect("what was accepted can be read").samples > 0);
            }
            readable += 1;
        }
        Err(error) => {
            let typed = matches!(
                error,
                Error::Malformed { .. } | Error::Unsupported { .. } | Error::Limit { .. }
            );
            assert!(typed, "{error}");
            refused += 1;
        }
    };
    for file in files {
        for at in 0..file.len() {
            survives(file[..at].to_vec());
            for bit in 0..8 {
                let mut damaged = file.clone();
                damaged[at] ^= 1 << bit;
                survives(damaged);
            }
        }
    }
    assert!(refused > 1_000 && readable > 1_000, "{refused} {readable}");
}

#[test]
fn isf_blocks_beyond_four_gigabytes_are_read_by_blocks() {
    // Sparse: only the preamble and the last samples take room on the disk. The length has ten
    // digits, and their number one, in hexadecimal.
    const BYTES: u64 = 5_000_000_000;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sparse.isf");
    let mut file = std::fs::File::create(&path).unwrap();
    let preamble = format!("{}#A{BYTES}", LONG.replace("NR_PT 4", "NR_PT 2500000000"));
    file.write_all(preamble.as_bytes()).unwrap();
    file.seek(SeekFrom::Start(preamble.len() as u64 + BYTES - 4))
        .unwrap();
    file.write_all(&[0, 1, 0, 2]).unwrap();
    drop(file);
    let capture = open(&path, &OpenOptions::default()).unwrap();
    let mut block = [9.0; 4];
    assert_eq!(info(&capture, 0).samples, BYTES / 2);
    let got = capture.traces[0]
        .read_at(BYTES / 2 - 3, &mut block)
        .unwrap();
    assert_eq!((got, block), (3, [3.0, 3.25, 3.5, 9.0]));
    assert!(!warned(&capture, ""), "{:?}", info(&capture, 0).warnings);
    std::fs::remove_file(path).unwrap();
}
