//! Touchstone files: shapes of the text, the real channels, and damage.

use std::path::{Path, PathBuf};

use etalon_captures::{Error, Touchstone, decode_touchstone, touchstone};
use etalon_types::Route;
use num_complex::Complex64;

/// Real channels and the manifest, or none with a line that says so; on CI they must be there.
fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("captures");
    if folder.join("touchstone").is_dir() {
        return Some(folder);
    }
    println!("left out: no real channels in {}", folder.display());
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "CI must have them"
    );
    None
}

fn read(text: &str) -> Touchstone {
    decode_touchstone(text.as_bytes(), None).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(text: &str) -> String {
    match decode_touchstone(text.as_bytes(), None) {
        Err(error) => error.to_string(),
        Ok(found) => panic!("{text}: {found:?}"),
    }
}

fn s(file: &Touchstone, to: usize, from: usize) -> Vec<Complex64> {
    file.parameters.parameter(to, from).unwrap()
}

fn real(value: f64) -> Complex64 {
    Complex64::new(value, 0.0)
}

#[test]
fn two_ports_have_their_columns_in_another_order() {
    let file =
        read("# MHz S RI R 75\n1 11 0 21 0 12 0 22 0 ! S11 S21 S12 S22\n2 1 0 2 0 3 0 4 0\n");
    assert_eq!(file.parameters.frequency_hz(), [1e6, 2e6]);
    assert_eq!(file.parameters.reference_ohm(), [real(75.0); 2]);
    assert_eq!(s(&file, 2, 1), [real(21.0), real(2.0)]);
    assert_eq!(s(&file, 1, 2), [real(12.0), real(3.0)]);
    // Version 2 tells which.
    for (order, expected) in [("21_12", 21.0), ("12_21", 12.0)] {
        let text = format!(
            "[Version] 2.0\n# Hz S RI R 50\n[Number of Ports] 2\n[Two-Port Data Order] {order}\n\
             [Number of Frequencies] 1\n[Network Data]\n1 11 0 21 0 12 0 22 0\n[End]\nrubbish\n"
        );
        assert_eq!(s(&read(&text), 2, 1), [real(expected)], "{order}");
    }
}

#[test]
fn pairs_and_units_are_read_as_the_option_line_says() {
    for (line, pair, expected) in [
        ("# Hz S RI R 50", "3 4", Complex64::new(3.0, 4.0)),
        ("#", "2 90", Complex64::new(0.0, 2.0)),
        ("# R 50 DB kHz", "-20 180", real(-0.1)),
    ] {
        let file = read(&format!("{line}\n5 {pair}\n"));
        assert!((s(&file, 1, 1)[0] - expected).norm() < 1e-12, "{line}");
    }
    assert_eq!(read("#\n5 1 0\n").parameters.frequency_hz(), [5e9]);
    assert_eq!(read("# khz\n5 1 0\n").parameters.frequency_hz(), [5e3]);
}

#[test]
fn wrapped_rows_are_put_together() {
    let three = "# GHz S RI R 50\n1 11 0 12 0 13 0\n 21 0 22 0 23 0\n 31 0 32 0 33 0\n\
                 2 0 0 0 0 0 0\n 0 0 0 0 0 0\n 0 0 7 0 0 0\n";
    let file = read(three);
    assert_eq!(file.parameters.ports(), 3);
    assert_eq!(s(&file, 3, 2), [real(32.0), real(7.0)]);
    // Told by the name, a file may wrap anywhere within a frequency.
    let odd = "#GHz S RI\n1 11 0\n12 0 13 0 21\n0 22 0 23 0 31 0 32 0 33 0\n";
    let file = decode_touchstone(odd.as_bytes(), Some(3)).unwrap();
    assert_eq!(s(&file, 2, 3), [real(23.0)]);
}

#[test]
fn triangles_and_references_of_version_2() {
    let with = |format: &str, rows: &str| {
        format!(
            "[Version] 2.0\n# Hz S RI R 50\n[number of ports] 3\n[Reference] 50\n 75.5\n 10\n\
             [Begin Information]\n[Mixed-Mode Order] here this is only text\n[End Information]\n\
             [Matrix Format] {format}\n[Network Data]\n{rows}[End]\n"
        )
    };
    let lower = read(&with("Lower", "1 11 0\n21 0 22 0\n31 0 32 0 33 0\n"));
    let upper = read(&with("Upper", "1 11 0 21 0 31 0\n22 0 32 0\n33 0\n"));
    assert_eq!(lower.parameters, upper.parameters);
    assert_eq!(s(&lower, 2, 3), [real(32.0)]);
    assert_eq!(lower.parameters.reference_ohm()[1], real(75.5));
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    assert!(refusal("# Hz Z RI R 50\n1 1 0\n").contains("Z parameters"));
    assert!(refusal("[Version] 2.1\n").contains("2.1"));
    let mixed = "[Version] 2.0\n# Hz S RI\n[Number of Ports] 2\n[Mixed-Mode Order] D2,1 C2,1\n";
    assert!(refusal(mixed).contains("[Mixed-Mode Order]"));
    assert!(refusal("# Hz S XY\n1 1 0\n").contains("`xy`"));
}

#[test]
fn errors_name_line_and_byte() {
    let told = decode_touchstone(b"# Hz\n1 1 0\n", Some(0));
    assert!(matches!(told, Err(Error::Option { .. })), "{told:?}");
    for (text, line, part) in [
        ("", 1, "network data"),
        ("! only a comment\n", 1, "network data"),
        ("1 1 0\n", 1, "option line"),
        ("# Hz\n1 1 zero\n", 2, "`zero`"),
        ("# Hz\n1 nan 0\n", 2, "`nan`"),
        ("# Hz\n2 1 0\n1 1 0\n", 3, "rises"),
        ("# Hz\n1 1 0 0\n", 2, "3, 9, 19"),
        (
            "# Hz RI\n1 1 0 1 0 1 0 1 0\n2 1 0 1 0\n",
            3,
            "9 numbers for 2 ports",
        ),
        ("# Hz R -50\n1 1 0\n", 1, "above 0"),
        ("# Hz DB\n1 1e300 0\n", 2, "finite"),
        ("[Number of Ports] 2\n", 1, "[Version] 2.0"),
        ("[Version] 2.0\n# Hz\n1 1 0\n", 3, "keyword"),
        (
            "[Version] 2.0\n# Hz\n[Network Data]\n1 1 0\n",
            4,
            "[Number of Ports]",
        ),
        ("[Version] 2.0\n[Number of Ports] 9999\n", 2, "1 to 256"),
        (
            "[Version] 2.0\n[Number of Ports] 1\n[Number of Frequencies] 2\n[Network Data]\n1 1 0\n",
            5,
            "2 frequencies",
        ),
        (
            "[Version] 2.0\n[Number of Ports] 1\n[Reference] 50 50\n",
            3,
            "1 references",
        ),
        ("[Version 2.0\n", 1, "ends with ]"),
    ] {
        match decode_touchstone(text.as_bytes(), None) {
            Err(Error::Malformed {
                field,
                expected,
                found,
                offset,
                ..
            }) => {
                assert_eq!(field, format!("line {line}"), "{text}");
                assert!(
                    format!("{expected} {found}").contains(part),
                    "{text}: {expected} {found}"
                );
                let before = text.as_bytes()[..offset as usize]
                    .iter()
                    .filter(|&&b| b == b'\n')
                    .count();
                assert_eq!(before + 1, line, "{text}: byte {offset}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

/// S21 of every real channel against what scikit-rf 2.2.0 read: count, ends, extremes, mean.
#[test]
fn ref_real_channels_agree_with_an_independent_reader() {
    let Some(folder) = shared() else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let mut read = 0;
    for row in manifest.lines().filter(|row| row.contains("\ttouchstone/")) {
        let cells: Vec<&str> = row.split('\t').collect();
        let file =
            touchstone(&folder.join(cells[1])).unwrap_or_else(|e| panic!("{}: {e}", cells[1]));
        let through = s(&file, 2, 1);
        let f = file.parameters.frequency_hz();
        assert_eq!(
            format!("{}x{}", f.len(), file.parameters.ports()),
            cells[10],
            "{}",
            cells[1]
        );
        let close = |name: &str, found: f64, expected: f64| {
            // Nine digits are printed.
            let tolerance = 6e-9 * expected.abs() + 1e-12;
            assert!(
                (found - expected).abs() <= tolerance,
                "{} {name}: {found} {expected}",
                cells[1]
            );
        };
        let after =
            |text: &str, mark: &str| -> f64 { text.split(mark).nth(1).unwrap().parse().unwrap() };
        close("first frequency", f[0], after(cells[11], "f0="));
        close("last frequency", f[f.len() - 1], after(cells[12], "f1="));
        let sizes = || through.iter().map(|z| z.norm());
        close(
            "smallest",
            sizes().fold(f64::INFINITY, f64::min),
            after(cells[13], "|.|min="),
        );
        close(
            "largest",
            sizes().fold(0.0, f64::max),
            after(cells[14], "max="),
        );
        let mean = through.iter().map(|z| z.re).sum::<f64>() / through.len() as f64;
        close("mean", mean, after(cells[15], "meanre="));
        for (cell, found) in [(16, through[0]), (17, through[through.len() - 1])] {
            let text = cells[cell]
                .split('=')
                .nth(1)
                .unwrap()
                .trim_matches(['(', ')']);
            let expected: Complex64 = text.replace('j', "i").parse().unwrap();
            close("real part", found.re, expected.re);
            close("imaginary part", found.im, expected.im);
        }
        let reference = cells[18]
            .trim_start_matches("z0=[")
            .trim_end_matches(|c| " ]".contains(c));
        let whole: Complex64 = reference
            .replace(".j", "i")
            .replace(".+", "+")
            .parse()
            .unwrap();
        assert_eq!(file.parameters.reference_ohm()[0], whole, "{}", cells[1]);
        read += 1;
    }
    assert_eq!(read, 8);
}

#[test]
fn oddities_of_real_files_are_told() {
    let Some(folder) = shared() else { return };
    let file = |name: &str| touchstone(&folder.join("touchstone").join(name)).unwrap();
    assert_eq!(file("ex_18.s2p").noise_points, 2);
    assert_eq!(file("double_option_line.s2p").warnings.len(), 1);
    // Without the name's ending the lines tell as much.
    for (name, ports) in [
        ("Agilent_E5071B.s4p", 4),
        ("peters_01_0605_B12_thru.s4p", 4),
        ("ex_18.s2p", 2),
    ] {
        let text = std::fs::read(folder.join("touchstone").join(name)).unwrap();
        let found = decode_touchstone(&text, None).unwrap();
        assert_eq!(found.parameters.ports(), ports, "{name}");
        assert_eq!(found, file(name));
    }
}

/// A pair of traces: the differential way through is what the channel is for, so it passes more
/// than any way across; and both measured channels are passive to a few thousandths.
#[test]
fn real_channels_have_a_differential_way_through() {
    let Some(folder) = shared() else { return };
    for name in [
        "TEC_SMT_IO_42GHz_Thru_B5B6_4in.s4p",
        "peters_01_0605_B12_thru.s4p",
    ] {
        let file = touchstone(&folder.join("touchstone").join(name)).unwrap();
        let at = |route: &str| {
            let route: Route = route.parse().unwrap();
            file.parameters.response(route).unwrap().at(1e9).norm()
        };
        assert!(at("2,4,1,3") > 0.5, "{name}: {}", at("2,4,1,3"));
        assert!(at("3,1") < 0.2 && at("4,1") < 0.2, "{name}");
        let passivity = file.parameters.passivity();
        println!("{name}: {passivity:?}");
        assert!(passivity.largest_gain < 1.01, "{name}: {passivity:?}");
    }
}

/// A reproducible sequence (Knuth's MMIX constants).
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

/// Made files of every kind, and the heads of the real ones where they are.
fn files() -> Vec<Vec<u8>> {
    let mut files: Vec<Vec<u8>> = [
        "! made\n# GHz S DB R (50+1j)\n1 0 0 -1 10 -1 10 0 0\n2 0 0 -2 20 -2 20 0 0\n1 .7 .6 69 .4\n",
        "[Version] 2.0\n# Hz S RI R 50\n[Number of Ports] 2\n[Two-Port Data Order] 12_21\n[Number of Frequencies] 2\n[Number of Noise Frequencies] 1\n[Reference] 50\n75\n[Matrix Format] Upper\n[Begin Information]\nx\n[End Information]\n[Network Data]\n1 1 0 2 0 3 0\n2 1 0 2 0 3 0\n[Noise Data]\n1 1 1 1 1\n[End]\n",
        "# MHz S MA\n1 1 0 1 0 1 0\n1 0 1 0 1 0\n1 0 1 0 1 0\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    if let Some(folder) = shared() {
        for file in std::fs::read_dir(folder.join("touchstone")).unwrap() {
            let mut bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.truncate(6_000);
            files.push(bytes);
        }
    }
    files
}

/// Whatever the bytes, the answer is a network or a typed error; says which.
fn survives(bytes: &[u8]) -> bool {
    let mut whole = false;
    for ports in [None, Some(1), Some(2), Some(4)] {
        match decode_touchstone(bytes, ports) {
            Ok(file) => {
                let _ = file.parameters.passivity();
                let _ = file
                    .parameters
                    .response(Route::SingleEnded { to: 2, from: 1 });
                whole = true;
            }
            Err(error) => {
                let text = error.to_string();
                assert!(!text.is_empty() && text.len() < 600, "{text}");
                let typed = matches!(error, Error::Malformed { .. } | Error::Unsupported { .. });
                assert!(typed, "{text}");
            }
        }
    }
    whole
}

#[test]
fn prop_damaged_files_give_a_network_or_a_typed_error() {
    let mut draws = Draws(1);
    let (mut whole, mut refused) = (0, 0);
    let mut count = |survived: bool| if survived { whole += 1 } else { refused += 1 };
    for bytes in files() {
        for length in 0..bytes.len().min(500) {
            count(survives(&bytes[..length]));
        }
        for _ in 0..300 {
            let mut damaged = bytes.clone();
            let reach = damaged.len().min(800);
            for _ in 0..=draws.below(4) {
                let at = draws.below(reach);
                damaged[at] = match draws.below(5) {
                    0 => 0,
                    1 => 0xff,
                    2 => damaged[at] ^ (1 << draws.below(8)),
                    3 => b"[]#!.-+e\n 0"[draws.below(11)],
                    _ => draws.below(256) as u8,
                };
            }
            count(survives(&damaged));
        }
    }
    // Both happen often, or the damage tests nothing.
    assert!(whole > 300 && refused > 300, "{whole} {refused}");
}
