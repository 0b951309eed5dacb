//! Rows read together against rows read one by one.

use super::*;
use proptest::prelude::*;

/// What became of a text: the bits of every column, blank lines, first row, errors.
type Outcome = (Vec<Vec<u64>>, u64, (u64, u64), Vec<String>);

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Together,
    OneByOne,
}

fn sort(text: &str, way: Way) -> Option<Outcome> {
    let bytes = Bytes::in_memory(text.as_bytes().to_vec());
    let mut table = Table::new(Dialect::detect(text.as_bytes()).ok()?, text.as_bytes());
    let mut lines = Lines::new(&bytes);
    let mut errors = Vec::new();
    loop {
        while way == Way::Together && table.take_rows(&mut lines).unwrap() {}
        let Some(line) = lines.next_line().unwrap() else {
            break;
        };
        errors.extend(table.take(&line).err().map(|error| error.to_string()));
    }
    let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect();
    let columns = table.columns.into_iter().map(bits).collect();
    Some((columns, table.blank_within, table.first_row, errors))
}

/// Numbers as instruments and people write them, with a share of what is none.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[+-]?[0-9]{1,3}[.][0-9]{1,18}([eE][+-]?[0-9]{1,2})?",
        4 => "-?[0-9]{1,9}",
        2 => "[ \t]{0,2}[+-]?[0-9]{1,2}[.]?[ \t]{0,2}",
        1 => "[0-9]{15,25}",
        1 => "(\"1.5\"|inf|-nan|[.]5|1e|1e400|0x10|1 5|--1||#|1.2.3)",
    ]
}

fn row(separator: &'static str) -> impl Strategy<Value = String> {
    let fields = prop_oneof![
        12 => prop::collection::vec(field(), 3),
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

fn text() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec![",", ";", "\t", " ", "  "]),
        prop::sample::select(vec![
            "",
            "Time (s)SEPCH1 (V)SEPCH2\n",
            "\u{feff}xSEPySEPz\r\n",
        ]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_flat_map(|(separator, header, comma, ended)| {
            let header = header.replace("SEP", separator);
            prop::collection::vec(row(separator), 1..60).prop_map(move |rows| {
                let mut text = header.clone() + &rows.concat();
                if comma && separator != "," {
                    text = text.replace('.', ",");
                }
                if !ended {
                    text.truncate(text.trim_end().len());
                }
                text
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn prop_rows_read_together_are_those_read_one_by_one(text in text()) {
        prop_assert_eq!(sort(&text, Way::Together), sort(&text, Way::OneByOne));
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
    let (columns, _, first_row, errors) = sort(&text, Way::Together).unwrap();
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
    assert_eq!(sort(&text, Way::OneByOne).unwrap().3, errors);
}

#[test]
fn samples_right_of_header_columns_are_read_together_too() {
    let mut text = String::from("\"Record Length\",4,\"Points\",-0.002,1.5,\n");
    text += "\"Sample Interval\",1e-3,s,-0.001,2.5,\n,,,0.000,3.5,\n,,,0.001,4.5,\n";
    let together = sort(&text, Way::Together).unwrap();
    assert_eq!(together.0[1].len(), 4);
    assert_eq!(together, sort(&text, Way::OneByOne).unwrap());
}
