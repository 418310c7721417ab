//! Copies for further programs: never on a reply's path, in a queue with a bound, their answers ignored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Client;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::letter::Letter;
use super::post::{Missed, post};
use crate::config::ForwardConfig;

/// How many copies wait for one program.
const WAITING: usize = 1000;
/// How many are on their way to one program at once.
const AT_ONCE: usize = 8;
/// So many in a row must have been in vain before it is said.
const IN_VAIN: u64 = 3;

type Copy = (Arc<ForwardConfig>, Letter);

/// The queue of one program.
pub(crate) struct Copies {
    queue: mpsc::Sender<Copy>,
    counts: Arc<Counts>,
}

/// What became of copies.
#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    in_vain: AtomicU64,
}

impl Copies {
    /// A queue whose worker ends with it.
    pub(crate) fn start(client: Client) -> Copies {
        let (queue, waiting) = mpsc::channel(WAITING);
        let counts = Arc::<Counts>::default();
        tokio::spawn(work(client, waiting, Arc::clone(&counts)));
        Copies { queue, counts }
    }

    /// Queues a copy; one for which there is no room is dropped and counted.
    pub(crate) fn offer(&self, to: &Arc<ForwardConfig>, letter: Letter) {
        if self.queue.try_send((Arc::clone(to), letter)).is_err() {
            let before = self.counts.dropped.fetch_add(1, Ordering::Relaxed);
            if before.is_multiple_of(1000) {
                tracing::warn!(
                    to = to.shown(),
                    dropped = before + 1,
                    "copies are dropped: the program takes them too slowly"
                );
            }
        }
    }

    /// How many were sent, failed, dropped.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.counts.sent), read(&self.counts.failed), read(&self.counts.dropped))
    }
}

async fn work(client: Client, mut waiting: mpsc::Receiver<Copy>, counts: Arc<Counts>) {
    let mut under_way = JoinSet::new();
    while let Some((to, letter)) = waiting.recv().await {
        while under_way.len() >= AT_ONCE {
            under_way.join_next().await;
        }
        let (client, counts) = (client.clone(), Arc::clone(&counts));
        under_way.spawn(async move {
            let sent = tokio::time::timeout(to.timeout, post(&client, &to, &letter)).await;
            let why = match sent {
                // What it answers is nobody's business here, even when it makes no sense.
                Ok(Ok(_) | Err(Missed::Unusable(_))) => return counts.good(&to),
                Ok(Err(Missed::Away(why) | Missed::Refused(why))) => why,
                Err(_) => "it did not answer in time".to_owned(),
            };
            counts.bad(&to, &letter, &why);
        });
    }
    while under_way.join_next().await.is_some() {}
}

impl Counts {
    fn good(&self, to: &ForwardConfig) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        if self.in_vain.swap(0, Ordering::Relaxed) >= IN_VAIN {
            tracing::info!(to = to.shown(), "copies arrive again");
        }
    }

    fn bad(&self, to: &ForwardConfig, letter: &Letter, why: &str) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        if self.in_vain.fetch_add(1, Ordering::Relaxed) + 1 == IN_VAIN {
            let (account, to) = (&*letter.account, to.shown());
            tracing::warn!(account, to, why, "copies do not arrive; this is said once until they do");
        }
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Inbound;
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn a_program_that_never_answers_costs_a_bounded_queue_and_what_is_dropped_is_counted() {
        let stuck = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", stuck.local_addr().unwrap());
        let text = format!(
            "[accounts.main]\napp_id = \"wx0123456789abcdef\"\nsecret = \"s\"\ntoken = \"t\"\nmode = \"plain\"\n\
             copy_to = {{ url = \"{url}\", secret = \"0123456789abcdef\" }}\n"
        );
        let config = Config::parse(&text, std::path::Path::new("hongyan.toml")).unwrap();
        let to = &config.accounts["main"].copy_to[0];
        let body = br#"{"ToUserName": "g", "FromUserName": "o", "CreateTime": 1, "MsgType": "text", "Content": "x", "MsgId": "1"}"#;
        let letter = Letter {
            id: "msg_1".to_owned(),
            account: "main".into(),
            app_id: "wx0123456789abcdef".into(),
            message: Arc::new(Inbound::parse(body).unwrap()),
            body: body.as_slice().into(),
        };
        let copies = Copies::start(super::super::post::client().unwrap());
        for _ in 0..WAITING * 2 {
            copies.offer(to, letter.clone());
            tokio::task::yield_now().await;
        }
        let (sent, failed, dropped) = copies.counts();
        assert_eq!((sent, failed), (0, 0));
        let kept = WAITING * 2 - dropped as usize;
        // Those in the queue, those on their way, and the one between.
        assert!((WAITING..=WAITING + AT_ONCE + 1).contains(&kept), "{kept} were taken");
    }
}
