//! What can go wrong between a wish and a reading.

/// Why an approval does not cover an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Lack {
    /// The action is not one of those that were approved.
    #[error("it covers {covered} action(s), and this is none of them")]
    NotCovered {
        /// How many actions it covers.
        covered: usize,
    },
    /// It has ended.
    #[error("it ended at {expired_s} s and it is {now_s} s")]
    Expired {
        /// When it ended, in seconds since the Unix epoch.
        expired_s: u64,
        /// When it was looked at.
        now_s: u64,
    },
    /// It was given later than now: a clock is wrong, or the record is.
    #[error("it is dated {given_s} s and it is only {now_s} s")]
    FromTheFuture {
        /// When it was given, in seconds since the Unix epoch.
        given_s: u64,
        /// When it was looked at.
        now_s: u64,
    },
    /// It does not say who gave it.
    #[error("expected policy/NAME or person/NAME as its author, found {found:?}")]
    NoAuthor {
        /// What it says.
        found: String,
    },
}

/// Why an instrument did not do, or did not answer.
///
/// Split by what the caller can do: wait, give up, change the request, ask for approval, look at
/// the instrument, or connect again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer in time.
    #[error("{instrument}: no answer to {command:?} within {after_ms} ms")]
    Timeout {
        /// The instrument.
        instrument: String,
        /// What was sent.
        command: String,
        /// How long was waited, in milliseconds.
        after_ms: u64,
    },
    /// The instrument said no.
    #[error("{instrument}: refused with {code}: {text}")]
    Refused {
        /// The instrument.
        instrument: String,
        /// Its error code.
        code: i32,
        /// Its words.
        text: String,
    },
    /// The envelope does not allow it; nothing was sent.
    #[error("{instrument}: {quantity} out of envelope: requested {requested}, allowed {allowed}")]
    OutOfEnvelope {
        /// The instrument.
        instrument: String,
        /// Which quantity.
        quantity: &'static str,
        /// What was asked for.
        requested: String,
        /// What is allowed.
        allowed: String,
    },
    /// The approval does not cover it; nothing was sent.
    #[error("{instrument}: not approved: the approval of {proposal:?} does not cover this: {lack}")]
    NotApproved {
        /// The instrument.
        instrument: String,
        /// The proposal that the approval is about.
        proposal: String,
        /// What it lacks.
        lack: Lack,
    },
    /// The instrument accepted a setting and reads back another.
    #[error("{instrument}: set {set}, read back {read}")]
    Mismatch {
        /// The instrument.
        instrument: String,
        /// What was set.
        set: String,
        /// What was read back.
        read: String,
    },
    /// An answer does not belong to the question.
    #[error("{instrument}: expected an answer to {expected:?}, found {found:?}")]
    Desynchronized {
        /// The instrument.
        instrument: String,
        /// What was asked.
        expected: String,
        /// What came.
        found: String,
    },
    /// An answer is none.
    #[error("{instrument}: {command:?}: expected an answer, found {found}")]
    Malformed {
        /// The instrument.
        instrument: String,
        /// What was asked.
        command: String,
        /// What came, or what is wrong with it.
        found: String,
    },
    /// The instrument, or the way to it, has nothing of the kind.
    #[error("{instrument}: {what}")]
    Unsupported {
        /// The instrument.
        instrument: String,
        /// What it lacks.
        what: String,
    },
    /// The connection is gone.
    #[error("{instrument}: disconnected")]
    Disconnected {
        /// The instrument.
        instrument: String,
    },
}
