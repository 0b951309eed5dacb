use etalon_twin::link::Baseline;

use super::*;

#[test]
fn pairs_are_read_with_their_units() {
    let reflector: ReflectorArg = "1.2km:26dB".parse().unwrap();
    assert_eq!(reflector.position, Metres(1200.0));
    assert_eq!(reflector.return_loss, Db(26.0));
    assert_eq!("1200:-26".parse(), Ok(reflector));
    let tone: ToneArg = "100kHz:3%".parse().unwrap();
    assert_eq!(tone.frequency, Hertz(1e5));
    assert_eq!("100k:0.03".parse(), Ok(tone));
    let echo: EchoArg = "200UI:-2%".parse().unwrap();
    assert_eq!(echo.delay, Time::UnitIntervals(200.0));
    assert_eq!(echo.amplitude, Share(-0.02));
    assert_eq!(Time::UnitIntervals(200.0).at(Baud(1e9)), Seconds(2e-7));
    assert_eq!("7.5ns".parse(), Ok(Time::Seconds(7.5 * 1e-9)));
    let noise: RmsBelow = "0.5%:5MHz".parse().unwrap();
    assert_eq!((noise.rms, noise.corner), (Share(0.005), Hertz(5e6)));
}

#[test]
fn jitter_and_coupling_have_a_shorter_form() {
    let jitter: JitterArg = "0.02UI:5MHz".parse().unwrap();
    assert_eq!(jitter.corner, Some(Hertz(5e6)));
    let white: JitterArg = "0.5ps".parse().unwrap();
    assert_eq!(white.corner, None);
    let coupling: CouplingArg = "1MHz".parse().unwrap();
    assert_eq!(coupling.baseline, Baseline::Removed);
    let kept: CouplingArg = "1MHz:kept".parse().unwrap();
    assert_eq!((kept.corner, kept.baseline), (Hertz(1e6), Baseline::Kept));
}

#[test]
fn what_is_no_quantity_says_what_was_expected() {
    let expects = |error: String, part: &str| assert!(error.contains(part), "{error}");
    for text in ["10", "10:", ":26", "10m:x", "10m:26dB:3", "nan:26"] {
        expects(text.parse::<ReflectorArg>().unwrap_err(), "12m:26dB");
    }
    expects("100kHz".parse::<ToneArg>().unwrap_err(), "100kHz:3%");
    expects("5%:x".parse::<RmsBelow>().unwrap_err(), "0.5%:5MHz");
    expects("7UI".parse::<EchoArg>().unwrap_err(), "200UI:2%");
    expects("UI".parse::<JitterArg>().unwrap_err(), "0.5ps");
    expects("1MHz:lost".parse::<CouplingArg>().unwrap_err(), "1MHz:kept");
    expects("inf".parse::<Share>().unwrap_err(), "3%");
    expects("10mW".parse::<GhzPerMw>().unwrap_err(), "GHz/mW");
    expects("0.2dB/m".parse::<DbPerKm>().unwrap_err(), "dB/km");
}
