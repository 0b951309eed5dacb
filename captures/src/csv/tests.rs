//! Rows read together against rows read one by one.

use super::*;
use etalon_types::{Storage, WaveformSource};
use proptest::prelude::*;

/// What became of a text: the bits of every column, blank lines, first row, errors.
type Outcome = (Vec<Vec<u64>>, u64, (u64, u64), Vec<String>);

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Together,
    OneByOne,
}

fn sort(text: &[u8], way: Way) -> Option<Outcome> {
    let bytes = Bytes::in_memory(text.to_vec());
    let mut table = Table::new(Dialect::detect(text).ok()?, text);
    let mut lines = Lines::new(&bytes);
    let mut errors = Vec::new();
    loop {
        while way == Way::Together && table.take_rows(&mut lines).unwrap() {}
        let Some(line) = lines.next_line().unwrap() else {
            break;
        };
        errors.extend(table.take(&line).err().map(|error| error.to_string()));
    }
    table.widen();
    let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect();
    let columns = table.columns.into_iter().map(bits).collect();
    Some((columns, table.blank_within, table.first_row, errors))
}

/// Numbers as instruments and people write them, with a share of what is none.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[+-]?[0-9]{1,3}[.][0-9]{1,18}([eE][+-]?[0-9]{1,2})?",
        4 => "-?[0-9]{1,9}",
        4 => any::<f64>().prop_map(|x| format!("{x:?}")),
        2 => "[ \t]{0,2}[+-]?[0-9]{1,2}[.]?[ \t]{0,2}",
        1 => "[0-9]{15,25}",
        1 => "0{0,30}[.]?0{0,30}[0-9]{1,20}(e-[0-9]{1,2})?",
        1 => "(\"1.5\"|inf|-nan|[.]5|1e|1e400|0x10|1 5|--1||#|1.2.3|-0|1_000|\u{b5}|1\u{e9}5|5,\\+)",
        1 => "[0-9]{400}|-0[.][0-9]{400}",
    ]
}

fn row(separator: &'static str, width: usize) -> impl Strategy<Value = String> {
    let fields = prop_oneof![
        12 => prop::collection::vec(field(), width),
        1 => prop::collection::vec(field(), 0..5),
    ];
    let ends =
        prop_oneof![6 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r\r\n"), 1 => Just("\n\n")];
    (fields, 0_usize..3, ends).prop_map(move |(fields, behind, end)| {
        let more = if behind == 2 {
            separator.repeat(2)
        } else {
            separator.repeat(behind)
        };
        fields.join(separator) + &more + end
    })
}

/// Rows of one column that are counts, but for a few.
fn counts() -> impl Strategy<Value = Vec<String>> {
    let line = prop_oneof![
        60 => "-?[1-9][0-9]{0,3}",
        1 => "(0|-0|007|32767|-32768|32768|-32769|99999999|[+]1| 2|2 |2,|1[.]5|x||-|12345678901)",
    ];
    (prop::collection::vec(line, 1..200), "\r?\n")
        .prop_map(|(lines, end)| lines.into_iter().map(|line| line + &end).collect())
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let head = (
        prop::sample::select(vec![",", ";", "\t", " ", "  "]),
        prop::sample::select(vec![
            "",
            "Time (s)SEPCH1 (V)SEPCH2\n",
            "\u{feff}xSEPySEPz\r\n",
        ]),
        any::<bool>(),
        any::<bool>(),
        1_usize..4,
    );
    head.prop_flat_map(|(separator, header, comma, ended, width)| {
        let header = header.replace("SEP", separator);
        let rows = prop_oneof![
            4 => prop::collection::vec(row(separator, width), 1..60),
            1 => counts(),
        ];
        rows.prop_map(move |rows| {
            let mut text = header.clone() + &rows.concat();
            if comma && separator != "," {
                text = text.replace('.', ",");
            }
            if !ended {
                text.truncate(text.trim_end().len());
            }
            // A byte that is no UTF-8.
            text.bytes()
                .map(|b| if b == b'#' { 0xb5 } else { b })
                .collect()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn prop_rows_read_together_are_those_read_one_by_one(text in text()) {
        prop_assert_eq!(sort(&text, Way::Together), sort(&text, Way::OneByOne));
    }

    #[test]
    fn prop_numbers_have_the_bits_of_the_standard_library(
        rows in prop::collection::vec(("-?[0-9]{1,20}([.][0-9]{0,25})?(e-?[0-9]{1,2})?", any::<f64>()), 1..40),
    ) {
        let text: String = rows.iter().map(|(x, y)| format!("{x},{y:?}\n")).collect();
        let expected: [Vec<u64>; 2] = [
            rows.iter().map(|(x, _)| x.parse::<f64>().unwrap().to_bits()).collect(),
            rows.iter().map(|(_, y)| y.to_bits()).collect(),
        ];
        let found = sort(text.as_bytes(), Way::Together).unwrap();
        prop_assert_eq!(found.0, expected);
    }
}

#[test]
fn a_long_column_of_counts_is_kept_narrow_until_something_else_comes() {
    let values: Vec<f64> = (0..200_000).map(|k| f64::from(k % 5003) - 2500.0).collect();
    let counts: String = values.iter().map(|x| format!("{x}\n")).collect();
    let header = format!("counts (V)\n{counts}");
    for (text, first, last) in [
        (counts.clone(), None, None),
        (header, None, None),
        (counts.clone() + "-7", None, Some(-7.0)),
        (counts.clone() + "0.25\n", None, Some(0.25)),
        (counts.clone() + "-0\n", None, Some(0.0)),
        (counts.clone() + "40000\n", None, Some(4e4)),
        (format!(" 3\n{counts}"), Some(3.0), None),
    ] {
        let expected: Vec<f64> = first
            .into_iter()
            .chain(values.iter().copied())
            .chain(last)
            .collect();
        let capture = read(&Bytes::in_memory(text.into_bytes())).unwrap();
        let trace = &capture.traces[0];
        assert_eq!(trace.info().storage, Storage::F64);
        assert_eq!(trace.info().samples, expected.len() as u64);
        let mut found = vec![0.0; expected.len()];
        assert_eq!(trace.read_at(0, &mut found).unwrap(), expected.len());
        assert_eq!(found, expected);
        let mut narrow = vec![0.0; 9];
        trace.read_f32_at(199_990, &mut narrow).unwrap();
        assert!(
            narrow
                .iter()
                .map(|&x| f64::from(x))
                .eq(expected[199_990..199_999].iter().copied())
        );
    }
}

#[test]
fn rows_beyond_the_buffer_keep_their_places() {
    // 1.2 MB, so that lines lie across the buffer's end; one row is damaged, one is quoted.
    let mut text = String::from("index,volt\n");
    for k in 0..60_000_u32 {
        match k {
            41_000 => text += "41000,x\n",
            52_000 => text += "52000,\"0.25\"\n",
            _ => text += &format!("{k},{:.6e}\r\n", f64::from(k).sin()),
        }
    }
    let (columns, _, first_row, errors) = sort(text.as_bytes(), Way::Together).unwrap();
    assert_eq!(columns[1].len(), 59_999);
    let expected: f64 = format!("{:.6e}", 59_999_f64.sin()).parse().unwrap();
    assert_eq!(columns[1][59_998], expected.to_bits());
    assert_eq!(first_row, (11, 2));
    let place = text.find('x').into_iter().chain(text.rfind("x\n")).max();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("line 41002, column 2"), "{}", errors[0]);
    assert!(
        errors[0].contains(&place.unwrap().to_string()),
        "{}",
        errors[0]
    );
    assert_eq!(sort(text.as_bytes(), Way::OneByOne).unwrap().3, errors);
}

#[test]
fn samples_right_of_header_columns_are_read_together_too() {
    let mut text = String::from("\"Record Length\",4,\"Points\",-0.002,1.5,\n");
    text += "\"Sample Interval\",1e-3,s,-0.001,2.5,\n,,,0.000,3.5,\n,,,0.001,4.5,\n";
    let together = sort(text.as_bytes(), Way::Together).unwrap();
    assert_eq!(together.0[1].len(), 4);
    assert_eq!(together, sort(text.as_bytes(), Way::OneByOne).unwrap());
}
