//! What the processes that serve an account write down about one push: who runs it, its tries, its reply, its fate.
//!
//! A record is replaced whole, and only if it is still the one that was read. So every rule about it is a plain function
//! here, and whichever process comes first decides for all. Times are counted from the push's first try by the store's
//! clock, so that no two processes need to agree on the time.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;

use crate::engine::machine::{LAST_AFTER, QUIET, TOGETHER, TRIES};

/// How often a process says that it still runs a push.
pub const RENEW: Duration = Duration::from_secs(1);
/// A process that has been silent for this long is taken for dead, and its run with it.
pub const DEAD: Duration = Duration::from_secs(4);

/// What became of the reply, as far as the processes know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is not decided.
    Open,
    /// Something else was said in its place, so it will be late.
    Held,
    /// The body of a request that got it was handed over.
    Delivered,
    /// It went to the late sink.
    Late,
    /// The run ended without one.
    Failed,
    /// The process that ran the push is gone, or was silent for so long that it seemed to be.
    Abandoned,
}

/// One push, as all processes see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The process that runs it.
    pub runner: String,
    /// The platform's tries so far, wherever they arrived.
    pub tries: u32,
    /// When the last of them came.
    pub last_try: Duration,
    /// Whether a cut has made a further try due, so that the next one is no copy however soon it comes.
    pub owed: bool,
    /// When a request for it last came, was cut, or was given its answer.
    pub touched: Duration,
    /// When the process that runs it last said so.
    pub alive: Duration,
    /// What became of the reply.
    pub fate: Fate,
    /// How old the push was when the store was told of it.
    pub before: Duration,
    /// The reply, not sealed.
    pub reply: Option<Bytes>,
}

impl Record {
    /// The record of a push that nobody has seen before; its first try has just come to `runner`.
    pub fn new(runner: &str) -> Self {
        Self {
            runner: runner.to_owned(),
            tries: 1,
            last_try: Duration::ZERO,
            owed: false,
            touched: Duration::ZERO,
            alive: Duration::ZERO,
            fate: Fate::Open,
            before: Duration::ZERO,
            reply: None,
        }
    }

    /// Whether the run goes on, as far as anybody can tell.
    pub fn running(&self, age: Duration) -> bool {
        self.reply.is_none() && matches!(self.fate, Fate::Open | Fate::Held) && !self.dead(age)
    }

    /// Counts a request that has come.
    pub fn arrived(&mut self, age: Duration) {
        let copy = !self.owed && age.saturating_sub(self.last_try) < TOGETHER;
        if !copy {
            self.tries += 1;
            self.last_try = age;
            self.owed = false;
        }
        self.touch(age);
    }

    /// Whether a request that has just been counted is the platform's last.
    pub fn last(&self, age: Duration) -> bool {
        self.tries >= TRIES || age > LAST_AFTER
    }

    /// Notes that something happened, which puts off the end of the waiting.
    pub fn touch(&mut self, age: Duration) {
        self.touched = self.touched.max(age);
    }

    /// Whether the reply may be declared late: nobody has asked for the push for so long that nobody will. A process
    /// that stops waits only for an answer that may be on its way at this moment.
    pub fn may_be_late(&self, age: Duration, stopping: bool) -> bool {
        let quiet = if stopping { TOGETHER } else { QUIET };
        matches!(self.fate, Fate::Open) && age >= self.touched + quiet
    }

    /// Whether the process that runs the push has been silent for too long.
    pub fn dead(&self, age: Duration) -> bool {
        self.reply.is_none() && age >= self.alive + DEAD
    }

    /// The record as it is stored: one line, then the reply.
    pub fn encode(&self) -> Bytes {
        let mut out = String::with_capacity(64);
        let owed = u8::from(self.owed);
        let times = [self.last_try, self.touched, self.alive, self.before];
        let [last, touched, alive, before] = times.map(|at| at.as_millis());
        let fate = self.fate.letter();
        let replied = u8::from(self.reply.is_some());
        let runner = &self.runner;
        let tries = self.tries;
        let _ = writeln!(out, "1 {fate} {runner} {tries} {owed} {last} {touched} {alive} {before} {replied}");
        let mut out = out.into_bytes();
        out.extend_from_slice(self.reply.as_deref().unwrap_or_default());
        out.into()
    }

    /// The opposite of [`Record::encode`]; `None` for what another version wrote.
    pub fn decode(bytes: &Bytes) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(&bytes[..end]).ok()?;
        let words: Vec<&str> = line.split(' ').collect();
        let ["1", fate, runner, tries, owed, last, touched, alive, before, replied] = words[..] else {
            return None;
        };
        let at = |word: &str| word.parse().ok().map(Duration::from_millis);
        Some(Self {
            runner: runner.to_owned(),
            tries: tries.parse().ok()?,
            last_try: at(last)?,
            owed: owed == "1",
            touched: at(touched)?,
            alive: at(alive)?,
            fate: Fate::read(fate)?,
            before: at(before)?,
            reply: (replied == "1").then(|| bytes.slice(end + 1..)),
        })
    }
}

impl Fate {
    const LETTERS: [(Self, &str); 6] = [
        (Self::Open, "o"),
        (Self::Held, "h"),
        (Self::Delivered, "d"),
        (Self::Late, "l"),
        (Self::Failed, "f"),
        (Self::Abandoned, "a"),
    ];

    fn letter(self) -> &'static str {
        Self::LETTERS.iter().find(|(fate, _)| *fate == self).map_or("o", |(_, letter)| letter)
    }

    fn read(letter: &str) -> Option<Self> {
        Self::LETTERS.iter().find(|(_, known)| *known == letter).map(|(fate, _)| *fate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut record = Record::new("n1");
        record.arrived(ms(5010));
        assert_eq!(Record::decode(&record.encode()), Some(record.clone()));
        for fate in Fate::LETTERS.map(|(fate, _)| fate) {
            let reply = Bytes::from_static(b"<xml>\n\xff</xml>");
            let answered = Record { fate, reply: Some(reply), owed: true, ..record.clone() };
            assert_eq!(Record::decode(&answered.encode()), Some(answered));
        }
        assert_eq!(Record::decode(&Bytes::from_static(b"2 something else\n")), None);
    }

    #[test]
    fn tries_are_counted_wherever_they_arrive_and_copies_are_not() {
        let mut record = Record::new("n1");
        record.arrived(ms(3));
        record.arrived(ms(900));
        assert_eq!((record.tries, record.last(ms(900))), (1, false));
        record.arrived(ms(5000));
        record.owed = true;
        record.arrived(ms(5200));
        assert_eq!((record.tries, record.last(ms(5200))), (3, true));
    }

    #[test]
    fn a_try_after_nine_seconds_is_the_last_even_if_one_was_missed() {
        let mut record = Record::new("n1");
        record.arrived(ms(10_000));
        assert_eq!((record.tries, record.last(ms(10_000))), (2, true));
    }

    #[test]
    fn a_silent_process_is_taken_for_dead_unless_it_has_answered() {
        let mut record = Record::new("n1");
        record.alive = ms(2000);
        assert!(record.running(ms(5999)) && !record.running(ms(6000)));
        record.reply = Some(Bytes::new());
        assert!(!record.dead(ms(60_000)));
    }

    #[test]
    fn a_reply_is_late_when_nobody_asked_for_long_enough() {
        let mut record = Record::new("n1");
        record.touch(ms(5000));
        assert!(!record.may_be_late(ms(10_999), false) && record.may_be_late(ms(11_000), false));
        assert!(!record.may_be_late(ms(5999), true) && record.may_be_late(ms(6000), true));
        record.fate = Fate::Delivered;
        assert!(!record.may_be_late(ms(60_000), false));
    }
}
