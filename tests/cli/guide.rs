//! Every command of the page for programs is run.

use super::harness::{assert_conform, etalon_in, shell_words};

#[test]
fn every_command_of_the_guide_works() {
    let folder = tempfile::tempdir().unwrap();
    let page = etalon_in(folder.path(), &["guide"]).expect(0).stdout;
    let mut commands = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => commands.push(line.to_owned()),
            _ => {}
        }
    }
    assert!(commands.len() >= 8, "{commands:?}");
    for command in &commands {
        let words = shell_words(command);
        assert_eq!(words[0], "etalon", "{command}");
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let run = etalon_in(folder.path(), &words);
        // Interference was simulated, so finding it (1) is right for the analyses.
        let expected = if ["analyze", "mpi"].contains(&words[0]) {
            1
        } else {
            0
        };
        assert_eq!(
            run.code, expected,
            "{command}: {}{}",
            run.stdout, run.stderr
        );
        if words.contains(&"--json") && words[0] != "schema" {
            assert_conform(folder.path(), &run.lines());
        }
    }
}
