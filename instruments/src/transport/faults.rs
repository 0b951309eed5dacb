//! Puts faults into a transport, as a bad day in the laboratory would.
//!
//! An [`Injector`] has a plan of [`Fault`]s and wraps transports; what it did can be read back from
//! [`Injector::injected`]. The plan outlives a connection: a fault that strikes once is spent when
//! the connection is made anew, one that strikes always comes again. A seed and a plan give the
//! same faults.
//!
//! What no session can see, and so is not among them: an answer that comes twice, the second time
//! after the next question was sent, on a way that numbers no messages. Here both come at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the instrument.
    Sent,
    /// From it.
    Received,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Nothing passes any more from this byte on, until a device clear or a new connection.
    Hang(Way),
    /// The connection is gone from this byte on.
    Cut(Way),
    /// A block declares another length than it has.
    WrongLength,
    /// Up to 8 bytes that nobody sent stand in the first piece of a reply.
    Garbage,
    /// The first piece of a reply comes twice, one behind the other.
    Duplicate,
    /// A reply comes only after the read that waited for it gave up; on the same connection or,
    /// as on a serial line, on the next.
    Late,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Often {
    /// Once in all.
    Once,
    /// Hangs and cuts once on each connection, others at each reply.
    Always,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// So many bytes of a connection pass before it: hangs and cuts strike exactly there, others
    /// at the first reply that begins there or later.
    pub at: u64,
    /// How often.
    pub often: Often,
}

impl Fault {
    /// Draws any fault, at one of the first `within` bytes of a connection; one in four comes
    /// again and again.
    pub fn drawn(seed: u64, within: u64) -> Self {
        const KINDS: [Kind; 8] = [
            Kind::Hang(Way::Sent),
            Kind::Hang(Way::Received),
            Kind::Cut(Way::Sent),
            Kind::Cut(Way::Received),
            Kind::WrongLength,
            Kind::Garbage,
            Kind::Duplicate,
            Kind::Late,
        ];
        let mut draws = Draws(seed);
        let kind = KINDS[draws.below(KINDS.len() as u64) as usize];
        let at = draws.below(within.max(1));
        let often = match draws.below(4) {
            0 => Often::Always,
            _ => Often::Once,
        };
        Self { kind, at, often }
    }
}

/// A fault that struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injected {
    /// What went wrong.
    pub kind: Kind,
    /// On which connection, from 0.
    pub connection: usize,
    /// After how many bytes of that connection, counted the way they went.
    pub byte: u64,
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014):
/// enough for the places of faults, and the same everywhere.
#[derive(Clone, Debug)]
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Draws a number below `n`, which is small: the bias is too.
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// When a late reply comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// It is there when somebody looks.
    Now,
    /// It comes when something has been sent again.
    AfterWrite,
}

#[derive(Debug)]
struct State {
    plan: Vec<(Fault, bool)>,
    draws: Draws,
    injected: Vec<Injected>,
    connections: usize,
    late: Vec<u8>,
    due: Option<Due>,
}

/// Wraps transports and breaks them by a plan.
#[derive(Clone, Debug)]
pub struct Injector(Arc<Mutex<State>>);

impl Injector {
    /// Makes one that puts these faults in, the bytes of garbage drawn from `seed`.
    pub fn new(plan: impl IntoIterator<Item = Fault>, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            plan: plan.into_iter().map(|fault| (fault, false)).collect(),
            draws: Draws(seed),
            injected: Vec::new(),
            connections: 0,
            late: Vec::new(),
            due: None,
        })))
    }

    /// Wraps a new connection.
    pub fn wrap(&self, inner: Box<dyn Transport>) -> Faulty {
        let mut state = self.state();
        let connection = state.connections;
        state.connections += 1;
        Faulty {
            inner,
            injector: self.clone(),
            connection,
            sent: 0,
            received: 0,
            ready: VecDeque::new(),
            reply_begins: false,
            broken: None,
        }
    }

    /// Returns what was injected so far, in order.
    pub fn injected(&self) -> Vec<Injected> {
        self.state().injected.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes that a fault strikes.
    fn strike(&mut self, at: usize, connection: usize, byte: u64) -> Fault {
        let (fault, spent) = &mut self.plan[at];
        *spent = fault.often == Often::Once;
        let fault = *fault;
        let kind = fault.kind;
        self.injected.push(Injected {
            kind,
            connection,
            byte,
        });
        fault
    }

    /// Returns the next hang or cut this way, and after which byte it is.
    fn stop(&self, way: Way, passed: u64) -> Option<(usize, u64)> {
        let stops = self.plan.iter().enumerate().filter(|(_, (fault, spent))| {
            let stops = [Kind::Hang(way), Kind::Cut(way)].contains(&fault.kind);
            stops && !spent && fault.at >= passed
        });
        stops
            .map(|(i, (fault, _))| (i, fault.at))
            .min_by_key(|s| s.1)
    }
}

/// What is broken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Hung(Often),
    Cut,
}

/// A transport that does not always do what it should.
#[derive(Debug)]
pub struct Faulty {
    inner: Box<dyn Transport>,
    injector: Injector,
    connection: usize,
    sent: u64,
    received: u64,
    ready: VecDeque<(Vec<u8>, End)>,
    /// Something was sent, and nothing of its reply has come yet.
    reply_begins: bool,
    broken: Option<Broken>,
}

fn cut() -> TransportError {
    TransportError::Disconnected {
        why: "cut by a fault that was asked for".into(),
    }
}

/// Waits in vain.
fn in_vain(deadline: Deadline) -> TransportError {
    if let Some(left) = deadline.left() {
        std::thread::sleep(left);
    }
    TransportError::timeout(deadline)
}

/// How bytes are got from below: by a read, or by listening.
type Get = fn(&mut dyn Transport, &mut [u8], Deadline) -> Result<Chunk, TransportError>;

impl Faulty {
    /// Lets the stop at `at` in the plan strike, and says what it does to a call.
    fn stopped(&mut self, at: usize, byte: u64, deadline: Deadline) -> TransportError {
        let fault = self.injector.state().strike(at, self.connection, byte);
        match fault.kind {
            Kind::Cut(_) => {
                self.broken = Some(Broken::Cut);
                cut()
            }
            _ => {
                self.broken = Some(Broken::Hung(fault.often));
                in_vain(deadline)
            }
        }
    }

    /// Fails where the connection is broken already.
    fn whole(&self, deadline: Deadline) -> Result<(), TransportError> {
        match self.broken {
            None => Ok(()),
            Some(Broken::Cut) => Err(cut()),
            Some(Broken::Hung(_)) => Err(in_vain(deadline)),
        }
    }

    /// Takes a late reply that is due now.
    fn take_late(&mut self, due: Due) {
        let mut state = self.injector.state();
        if state.due == Some(due) {
            state.due = None;
            let late = std::mem::take(&mut state.late);
            if !late.is_empty() {
                self.ready.push_back((late, End::Open));
            }
        }
    }

    /// Gets a piece from below and puts it up, with what goes wrong in it.
    fn fetch(&mut self, get: Get, deadline: Deadline) -> Result<(), TransportError> {
        let (mut piece, mut end) = self.piece(get, deadline)?;
        let mut again = false;
        if std::mem::take(&mut self.reply_begins) {
            let received = self.received;
            while end == End::Open && head(&piece) == Head::Begun && self.wants_head() {
                let (more, its_end) = self.piece(get, deadline)?;
                piece.extend(more);
                end = its_end;
            }
            let mut state = self.injector.state();
            for at in 0..state.plan.len() {
                let (fault, spent) = state.plan[at];
                if spent || fault.at > received {
                    continue;
                }
                match fault.kind {
                    Kind::WrongLength => {
                        let Head::Length(digit) = head(&piece) else {
                            continue;
                        };
                        let more = 1 + state.draws.below(9) as u8;
                        piece[digit] = b'0' + (piece[digit] - b'0' + more) % 10;
                    }
                    Kind::Garbage => {
                        for _ in 0..=state.draws.below(8) {
                            let place = state.draws.below(piece.len() as u64 + 1) as usize;
                            let byte = state.draws.below(256) as u8;
                            piece.insert(place, byte);
                        }
                    }
                    Kind::Duplicate => again = true,
                    Kind::Late => {
                        state.strike(at, self.connection, received);
                        drop(state);
                        return Err(self.hold_back(piece, deadline));
                    }
                    Kind::Hang(_) | Kind::Cut(_) => continue,
                }
                state.strike(at, self.connection, received);
            }
        }
        if again {
            self.ready.push_back((piece.clone(), end));
        }
        self.ready.push_back((piece, end));
        Ok(())
    }

    /// Gets a piece from below as it is.
    fn piece(&mut self, get: Get, deadline: Deadline) -> Result<(Vec<u8>, End), TransportError> {
        let mut piece = vec![0; 1 << 16];
        let chunk = get(self.inner.as_mut(), &mut piece, deadline)?;
        piece.truncate(chunk.bytes);
        Ok((piece, chunk.end))
    }

    /// Says whether the head of a block has to be seen whole, however it falls apart.
    fn wants_head(&self) -> bool {
        let state = self.injector.state();
        let mut plan = state.plan.iter();
        plan.any(|(fault, spent)| {
            fault.kind == Kind::WrongLength && !spent && fault.at <= self.received
        })
    }

    /// Holds a reply back until the read has given up.
    fn hold_back(&mut self, first: Vec<u8>, deadline: Deadline) -> TransportError {
        let mut late = first;
        let mut piece = vec![0; 1 << 16];
        let error = loop {
            match self.inner.read(&mut piece, deadline) {
                Ok(chunk) => late.extend_from_slice(&piece[..chunk.bytes]),
                Err(error) => break error,
            }
        };
        let mut state = self.injector.state();
        state.late.append(&mut late);
        state.due = Some(match state.draws.below(2) {
            0 => Due::Now,
            _ => Due::AfterWrite,
        });
        error
    }

    fn get(
        &mut self,
        get: Get,
        into: &mut [u8],
        deadline: Deadline,
    ) -> Result<Chunk, TransportError> {
        self.whole(deadline)?;
        self.take_late(Due::Now);
        if self.ready.is_empty() {
            self.fetch(get, deadline)?;
        }
        let stop = self.injector.state().stop(Way::Received, self.received);
        let Some((bytes, end)) = self.ready.front_mut() else {
            return Err(TransportError::timeout(deadline));
        };
        let mut passes = bytes.len().min(into.len());
        if let Some((at, byte)) = stop {
            let before = byte - self.received;
            if before == 0 {
                return Err(self.stopped(at, byte, deadline));
            }
            passes = passes.min(before.min(usize::MAX as u64) as usize);
        }
        let rest = bytes.split_off(passes);
        into[..passes].copy_from_slice(bytes);
        self.received += passes as u64;
        let mut end = *end;
        if rest.is_empty() {
            self.ready.pop_front();
        } else {
            *bytes = rest;
            end = End::Open;
        }
        Ok(Chunk { bytes: passes, end })
    }
}

/// What is seen of the head of a block, `#<digits><length>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// None, or one that declares no length.
    None,
    /// Its beginning.
    Begun,
    /// All of it; the last digit of the length stands there.
    Length(usize),
}

fn head(piece: &[u8]) -> Head {
    let Some(hash) = piece.iter().position(|b| *b == b'#') else {
        return Head::None;
    };
    let Some(digits) = piece.get(hash + 1) else {
        return Head::Begun;
    };
    if !(b'1'..=b'9').contains(digits) {
        return Head::None;
    }
    let last = hash + 1 + usize::from(digits - b'0');
    let length = &piece[hash + 2..piece.len().min(last + 1)];
    if !length.iter().all(u8::is_ascii_digit) {
        return Head::None;
    }
    match piece.len() > last {
        true => Head::Length(last),
        false => Head::Begun,
    }
}

impl Transport for Faulty {
    fn resource(&self) -> String {
        self.inner.resource()
    }

    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        match self.broken {
            Some(Broken::Cut) => return Err(cut()),
            // It does not read any more, and what is short waits in some buffer for ever.
            Some(Broken::Hung(_)) => return Ok(()),
            None => {}
        }
        let stop = self.injector.state().stop(Way::Sent, self.sent);
        let left = self.sent + message.len() as u64;
        if let Some((at, byte)) = stop.filter(|(_, byte)| *byte < left) {
            let passes = (byte - self.sent) as usize;
            if passes > 0 {
                self.inner.write(&message[..passes], deadline)?;
            }
            self.sent = byte;
            return Err(self.stopped(at, byte, deadline));
        }
        self.inner.write(message, deadline)?;
        self.sent = left;
        self.reply_begins = true;
        self.take_late(Due::AfterWrite);
        Ok(())
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        self.get(
            |inner, into, deadline| inner.read(into, deadline),
            into,
            deadline,
        )
    }

    fn listen(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        self.get(
            |inner, into, deadline| inner.listen(into, deadline),
            into,
            deadline,
        )
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        match self.broken {
            Some(Broken::Cut) => return Err(cut()),
            Some(Broken::Hung(_)) => return Ok(false),
            None => {}
        }
        self.take_late(Due::Now);
        Ok(!self.ready.is_empty() || self.inner.has_input()?)
    }

    fn clear(&mut self, deadline: Deadline) -> Result<Cleared, TransportError> {
        match self.broken {
            Some(Broken::Cut) => return Err(cut()),
            Some(Broken::Hung(Often::Always)) => return Err(in_vain(deadline)),
            Some(Broken::Hung(Often::Once)) | None => {}
        }
        let cleared = self.inner.clear(deadline)?;
        self.ready.clear();
        self.reply_begins = false;
        if cleared == Cleared::Device {
            self.broken = None;
            let mut state = self.injector.state();
            state.late.clear();
            state.due = None;
        }
        Ok(cleared)
    }

    fn status_byte(&mut self, deadline: Deadline) -> Result<u8, TransportError> {
        self.whole(deadline)?;
        self.inner.status_byte(deadline)
    }

    fn trigger(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        self.whole(deadline)?;
        self.inner.trigger(deadline)
    }
}

#[cfg(test)]
mod tests;
