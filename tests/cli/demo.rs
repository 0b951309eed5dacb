//! `etalon demo` as it is typed.

use super::harness::etalon_in;

#[test]
fn json_has_one_line_a_stage_and_then_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let ran = etalon_in(folder.path(), &["demo", "--json", "--seed", "2"]).expect(0);
    let mut lines = ran.lines();
    let last = lines.pop().unwrap();
    assert_eq!(last["schema"], "etalon.demo/1");
    assert_eq!(last["fault"]["kind"], "mpi");
    assert_eq!(last["restored"], true);
    assert_eq!(last["truth"]["link"], last["failed_link"]);
    assert!(last["mpi_db"]["low"].as_f64() < last["mpi_db"]["high"].as_f64());
    assert!(
        lines
            .iter()
            .all(|l| l["schema"] == "etalon.demo-stage/1" && l["simulated"] == true)
    );
    // The seal is out before the first capture.
    assert_eq!(lines[0]["stage"], "inject");
    assert_eq!(lines[0]["sealed_sha256"], last["sealed_sha256"]);
    let stages: Vec<_> = lines.iter().filter_map(|l| l["stage"].as_str()).collect();
    let expected = [
        "capture", "receive", "alarm", "classify", "localize", "propose", "apply", "verify",
    ];
    for stage in expected {
        assert!(stages.contains(&stage), "{stage} in {stages:?}");
    }
    let page = folder.path().join(last["report"].as_str().unwrap());
    assert!(page.is_file() && page.ends_with("etalon-demo/index.html"));
    assert!(
        folder
            .path()
            .join("etalon-demo/state/audit.jsonl")
            .is_file()
    );
}

#[test]
fn people_see_the_stages_the_verdict_and_the_path_last() {
    let folder = tempfile::tempdir().unwrap();
    let words = [
        "demo",
        "--break",
        "low-power",
        "--seed",
        "3",
        "--report",
        "page",
    ];
    let ran = etalon_in(folder.path(), &words).expect(0);
    for expected in [
        "SIMULATED",
        "sealed truth, SHA-256",
        "VERDICT",
        "low-power",
        "restored: ",
    ] {
        assert!(
            ran.stdout.contains(expected),
            "{expected} in {}",
            ran.stdout
        );
    }
    let seal = ran.stdout.find("sealed truth").unwrap();
    assert!(seal < ran.stdout.find("capture ").unwrap());
    let last = ran.stdout.lines().last().unwrap();
    assert_eq!(last, "page/index.html");
    assert!(folder.path().join(last).is_file());
}

#[test]
fn a_healthy_network_is_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let ran = etalon_in(folder.path(), &["demo", "--break", "none"]).expect(0);
    assert!(ran.stdout.contains("healthy: no alarm") && !ran.stdout.contains("restored"));
}

#[test]
fn surprise_takes_no_fault_and_its_state_has_to_be_writable() {
    let folder = tempfile::tempdir().unwrap();
    etalon_in(folder.path(), &["demo", "--surprise", "--break", "mpi"]).expect(2);
    std::fs::write(folder.path().join("file"), "in the way").unwrap();
    let ran = etalon_in(folder.path(), &["demo", "--state", "file/state"]).expect(5);
    assert!(
        ran.stdout.is_empty() && ran.stderr.contains("--state"),
        "{}",
        ran.stderr
    );
    assert!(!folder.path().join("etalon-demo").exists());
}
