//! `etalon-tables` as it is typed, over a run that is made here row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::process::Command;

use etalon::batch::row::{Row, Status, name, of_trouble};
use etalon::batch::table::{Entry, read_rows, write};
use etalon::batch::{Counts, Manifest};
use polars::prelude::{AnyValue, ParquetReader, SerReader};
use serde_json::{Value, json};

/// Rows of a made run: three classes, a label that is a number, counted errors.
fn rows() -> Vec<(String, Vec<Row>)> {
    let made = (0..60).map(|i: u32| {
        let status = [Status::Ok, Status::Flagged, Status::Rejected][usize::from(i % 30 == 7) * 2];
        let mut row = of_trouble(status, "ETA-3002", "torn, \"at\" byte 12\nand so on");
        if status != Status::Rejected {
            row.remove("code");
            row.remove("reason");
            let errors = if i.is_multiple_of(3) { 0 } else { 10 * (i % 3) };
            for (column, value) in [
                (
                    "class",
                    json!(["healthy", "mpi", "low-power"][(i % 3) as usize]),
                ),
                ("snr_db", json!(18.0 + 0.1 * f64::from(i))),
                ("snr_db_n", json!(61_433)),
                ("pre_fec_ber", json!(f64::from(errors.max(3)) / 1e5)),
                ("pre_fec_ber_errors", json!(errors)),
                ("pre_fec_ber_n", json!(100_000)),
                ("oma_outer", json!(1e-3 / 3.0)),
                ("unit", json!(if i.is_multiple_of(2) { "W" } else { "V" })),
            ] {
                row.insert(column.into(), value);
            }
            if i.is_multiple_of(5) {
                row.insert("tdecq_db_reason".into(), json!("too few samples"));
            }
        }
        let label = BTreeMap::from([("mpi".to_owned(), format!("-{}", 40 - 5 * (i % 4)))]);
        let path = format!("caps/c{i:02}.trc");
        name(&mut row, &path, &label);
        (path, vec![row])
    });
    made.collect()
}

fn run(folder: &Path) {
    let rows = rows();
    let entries = rows.iter().map(|(path, rows)| Entry { path, rows });
    let manifest = Manifest {
        schema: Manifest::SCHEMA.into(),
        version: "1".into(),
        git: "g".into(),
        config_sha256: "c".into(),
        options: vec!["--baud".into(), "26.5625G".into()],
        seed: None,
        shard: "1/1".into(),
        listed: 60,
        list_sha256: "l".into(),
        files: Counts {
            total: 60,
            ..Counts::default()
        },
        rows: Counts::default(),
        set_aside: vec![],
        tables: BTreeMap::new(),
        columns: vec![],
        definitions: BTreeSet::new(),
    };
    let labels = BTreeSet::from(["mpi".to_owned()]);
    write(folder, entries, &labels, manifest).expect("a folder that can be written");
}

/// Exit code, stdout and stderr.
fn typed(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_etalon-tables"))
        .args(words)
        .current_dir(folder)
        .output()
        .expect("the binary was built for this test");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let code = output.status.code().expect("not killed");
    (code, text(output.stdout), text(output.stderr))
}

fn summary(folder: &Path, words: &[&str]) -> Value {
    let (code, out, err) = typed(folder, &[&["table", ".", "--json"], words].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("{\"schema\":\"etalon.table/1\""), "{out}");
    serde_json::from_str(&out).expect("one object")
}

#[test]
fn parquet_holds_every_cell_with_its_unit_and_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let (code, out, err) = typed(folder.path(), &["parquet", "."]);
    assert_eq!((code, out.trim()), (0, "./rows.parquet"), "{err}");
    let path = folder.path().join("rows.parquet");
    let first = std::fs::read(&path).unwrap();
    typed(folder.path(), &["parquet", "."]);
    assert!(first == std::fs::read(&path).unwrap(), "the same bytes");
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 4, "no part is left");

    let mut reader = ParquetReader::new(File::open(&path).unwrap());
    let fields = reader.schema().unwrap();
    let told = |column: &str, key: &str| {
        let field = fields.get(column).expect("the column");
        let metadata = field.metadata.as_ref()?;
        metadata.get(key).map(ToString::to_string)
    };
    assert_eq!(told("snr_db", "unit").as_deref(), Some("dB"));
    assert_eq!(told("oma_outer", "unit").as_deref(), Some("sample"));
    assert_eq!(told("path", "unit"), None);
    assert!(told("path", "about").is_some());
    let text = String::from_utf8_lossy(&first);
    assert!(text.contains("etalon.schema") && text.contains("etalon.batch-parquet/1"));

    let frame = reader.finish().unwrap();
    let mut cells = 0;
    for (at, row) in read_rows(&folder.path().join("rows.jsonl"))
        .unwrap()
        .enumerate()
    {
        let row = row.unwrap();
        for column in frame.columns() {
            let found = match column.get(at).unwrap() {
                AnyValue::Null => Value::Null,
                AnyValue::String(text) => json!(text),
                AnyValue::Int64(n) => json!(n),
                AnyValue::Float64(x) => json!(x),
                other => panic!("{other:?}"),
            };
            let wanted = row.get(column.name().as_str()).unwrap_or(&Value::Null);
            assert_eq!(&found, wanted, "row {at}, column {}", column.name());
            cells += usize::from(!found.is_null());
        }
    }
    assert!(frame.height() == 60 && cells > 600, "{cells}");
}

#[test]
fn groups_have_figures_with_intervals() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let all = "count,median:snr_db,pool:pre_fec_ber,share:status=ok,min:snr_db";
    let told = summary(folder.path(), &["--group-by", "class", "--agg", all]);
    let groups = told["groups"].as_array().unwrap();
    let names: Vec<&str> = groups
        .iter()
        .map(|g| g["keys"][0]["text"].as_str().unwrap_or("none"))
        .collect();
    assert_eq!(names, ["healthy", "low-power", "mpi", "none"]);
    let sum: u64 = groups.iter().map(|g| g["rows"].as_u64().unwrap()).sum();
    assert_eq!(sum, 60);
    let figures = groups[1]["figures"].as_array().unwrap();
    // Rows 2, 5, ... 59 are of low power; rows 7 and 37 were rejected, which are not.
    assert_eq!(figures[0]["value"], 20.0);
    assert!((figures[1]["value"].as_f64().unwrap() - 21.05).abs() < 1e-9);
    // Of twenty values the 6th and the 15th enclose the median.
    assert!((figures[1]["low"].as_f64().unwrap() - (18.0 + 1.7)).abs() < 1e-9);
    assert!((figures[1]["high"].as_f64().unwrap() - (18.0 + 4.4)).abs() < 1e-9);
    assert_eq!(figures[2]["errors"], 400);
    assert_eq!(figures[2]["n"], 2_000_000);
    assert_eq!(figures[3]["value"], 1.0);
    assert_eq!(figures[4]["low"], figures[4]["high"]);
    let none = &groups[0]["figures"][2];
    assert!(none["errors"] == 0 && none["low"] == 0.0, "{none}");
    let rejected = &groups[3]["figures"][1];
    assert_eq!(rejected["reason"], "no row has a value");
}

#[test]
fn ratios_without_errors_and_mixed_units_give_no_number() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let asked = [
        "--agg",
        "median:pre_fec_ber,mean:oma_outer",
        "--group-by",
        "class",
    ];
    let told = summary(folder.path(), &asked);
    let healthy = &told["groups"][0]["figures"];
    assert!(healthy[0]["value"].is_null() && healthy[0]["low"].is_null());
    assert!(healthy[0]["reason"].as_str().unwrap().contains("no errors"));
    let mixed = healthy[1]["reason"].as_str().unwrap();
    assert_eq!(mixed, "rows in V and W: group by unit");
    let asked = ["--agg", "mean:oma_outer", "--where", "unit=W"];
    let one = &summary(folder.path(), &asked)["groups"][0]["figures"][0];
    assert_eq!(one["unit"], "W");
}

#[test]
fn labels_are_numbers_and_numbers_have_bins() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    let report = folder.path().join("pictures");
    let asked = [
        "--group-by",
        "label_mpi,snr_db:2",
        "--agg",
        "mean:snr_db",
        "--where",
        "snr_db>=20",
        "--report",
        report.to_str().unwrap(),
    ];
    let told = summary(folder.path(), &asked);
    let first = &told["groups"][0]["keys"];
    assert_eq!(
        (&first[0]["low"], &first[1]["text"]),
        (&json!(-40.0), &json!("[20, 22)"))
    );
    assert_eq!(told["group_by"][1]["width"], 2.0);
    assert_eq!(told["conditions"], json!(["snr_db>=20"]));
    // A label by its own name, and an aggregate as others write it.
    let own = [
        "--group-by",
        "mpi",
        "--agg",
        "mean(snr_db)",
        "--where",
        "mpi>=-35",
    ];
    let told = summary(folder.path(), &own);
    assert_eq!(told["group_by"][0]["column"], "label_mpi");
    assert_eq!(told["groups"][0]["keys"][0]["low"], -35.0);
    for kind in ["png", "svg"] {
        let picture = report.join(format!("table-mean-snr-db.{kind}"));
        assert!(picture.metadata().unwrap().len() > 1000);
    }
    let (_, out, _) = typed(folder.path(), &["table", ".", "--columns"]);
    assert!(out.contains("snr_db ") && !out.contains("snr_db_n") && out.contains("label_mpi"));
    let (_, out, _) = typed(folder.path(), &["table", ".", "--group-by", "class"]);
    assert!(out.contains("pool:pre_fec_ber") && out.contains("next: etalon table"));
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
}

#[test]
fn what_cannot_be_done_is_told_with_a_code_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
    for (words, code, said) in [
        (
            &["--group-by", "clas"][..],
            "ETA-2016",
            "class, class_confidence",
        ),
        (&["--agg", "mode:snr_db"], "ETA-2018", "median:COL"),
        (&["--agg", "mean:class"], "ETA-2018", "holds text"),
        (
            &["--agg", "pool:snr_db"],
            "ETA-2018",
            "errors are not counted",
        ),
        (&["--where", "class<3"], "ETA-2017", "no order"),
        (&["--where", "snr_db<x"], "ETA-2017", "expected a number"),
        (&["--where", "snr_db"], "ETA-2000", "COL=VALUE"),
        (&["--group-by", "class:2"], "ETA-2019", "holds text"),
        (&["--group-by", "snr_db:0"], "ETA-2000", "COL:WIDTH"),
    ] {
        let (exit, out, err) = typed(folder.path(), &[&["table", "."], words].concat());
        assert_eq!((exit, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(code) && err.contains(said), "{words:?}: {err}");
        assert!(err.contains("hint: "), "{err}");
    }
    let (exit, _, err) = typed(folder.path(), &["table", "elsewhere"]);
    assert!(exit == 3 && err.contains("ETA-3011"), "{err}");
    let path = folder.path().join("rows.csv");
    let table = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, table.replace("18.1", "18.2")).unwrap();
    for verb in ["table", "parquet"] {
        let (exit, _, err) = typed(folder.path(), &[verb, "."]);
        assert!(exit == 3 && err.contains("ETA-3012"), "{err}");
    }
    assert!(!folder.path().join("rows.parquet").exists());
}
