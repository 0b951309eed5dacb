use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Probe {
    #[command(flatten)]
    link: LinkArgs,
}

fn parse(words: &[&str]) -> LinkArgs {
    Probe::try_parse_from(std::iter::once(&"x").chain(words))
        .unwrap()
        .link
}

fn options(words: &[&str]) -> Result<ReceiveOptions, CliError> {
    parse(words).receive_options(|_| Ok(vec![0, 1, 1]))
}

#[test]
fn options_reach_the_receiver() {
    let words = "--baud 26.5625G --modulation pam4 --pattern prbs13q --equalizer ffe-dfe --taps 21 \
                 --optical --zero -2mW --measure fast --linewidth 1MHz --line-code 64b66b \
                 --reference-receiver bt4";
    let words: Vec<&str> = words.split_whitespace().collect();
    let found = options(&words).unwrap();
    assert_eq!(found.baud, BaudChoice::Is(26.5625e9));
    assert_eq!(found.modulation, ModulationChoice::Is(Modulation::Pam4));
    assert_eq!(found.pattern, PatternChoice::Named(PatternName::PrbsQ(13)));
    assert_eq!(found.equalizer, EqualizerChoice::FfeDfe);
    assert_eq!(found.taps, Some(21));
    assert_eq!(found.quantity, Quantity::OpticalPower);
    assert_eq!(found.zero, -2e-3);
    assert_eq!(
        found.measures,
        Measures {
            mpi: true,
            reflectogram: false,
            eye: true,
            tdecq: false,
            cancellation: false,
        }
    );
    assert_eq!(found.linewidth_hz, Some(1e6));
    assert_eq!(found.line_code, LineCode::Code64b66b);
    assert_eq!(found.reference_receiver, ReferenceReceiver::BesselThomson4);
}

#[test]
fn words_say_the_same_again() {
    let words = [
        "--baud",
        "26.5625G",
        "--pattern",
        "file:a b.csv",
        "--zero",
        "1m",
        "--optical",
    ];
    let first = parse(&words);
    assert_eq!(first.words(), words);
    assert!(parse(&[]).words().is_empty());
}

#[test]
fn the_impossible_is_refused_with_a_hint() {
    for (words, code) in [
        (&["--baud", "0"][..], "ETA-2001"),
        (&["--taps", "0"], "ETA-2001"),
        (&["--taps", "5", "--equalizer", "none"], "ETA-2001"),
        (&["--baud", "56G", "--sample-rate", "28G"], "ETA-2005"),
    ] {
        let error = options(words).unwrap_err();
        assert_eq!(error.code, code, "{words:?}");
        assert!(!error.hint.is_empty(), "{words:?}");
    }
}
