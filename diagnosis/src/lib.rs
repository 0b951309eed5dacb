//! Backwards: link reports to classifications, localizations and alarms
