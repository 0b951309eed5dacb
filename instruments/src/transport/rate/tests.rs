use proptest::prelude::*;

use super::super::echo::{Echo, Line};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn prop_messages_are_at_least_so_far_apart(pauses_ms in prop::collection::vec(0_u64..4, 1..6)) {
        let pause = Duration::from_millis(5);
        let echo = Echo::default();
        let mut line = Paced::new(echo.connect(Line::Socket, 1), pause);
        for wait in &pauses_ms {
            std::thread::sleep(Duration::from_millis(*wait));
            line.write(b"N? 1\n", Deadline::after(Duration::from_secs(60))).unwrap();
        }
        let written = echo.written();
        prop_assert_eq!(written.len(), pauses_ms.len());
        for two in written.windows(2) {
            prop_assert!(two[1].0 - two[0].1 >= pause, "{:?}", two);
        }
    }
}

#[test]
fn what_would_be_after_the_deadline_is_not_sent() {
    let echo = Echo::default();
    let mut line = Paced::new(echo.connect(Line::Socket, 1), Duration::from_secs(3600));
    let soon = || Deadline::after(Duration::from_millis(20));
    line.write(b"N? 1\n", soon()).unwrap();
    let late = line.write(b"N? 2\n", soon()).unwrap_err();
    assert_eq!(late, TransportError::Timeout { after_ms: 20 });
    assert_eq!(
        line.trigger(soon()),
        Err(TransportError::Timeout { after_ms: 20 })
    );
    assert_eq!(echo.written().len(), 1);
    // Reading is not held up.
    assert_eq!(line.has_input(), Ok(true));
    assert_eq!(line.read(&mut [0; 9], soon()).unwrap().bytes, 1);
}
