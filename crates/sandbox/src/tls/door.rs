//! The way from a greeted connection, in TLS or not, to the pages and endpoints of the sandbox.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

/// Greeted connections that may wait to be taken.
const WAITING: usize = 64;
/// Greetings a listener holds at the same time.
const GREETINGS: usize = 256;

/// A connection, whatever it is made of.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

pub(crate) type Stream = Box<dyn Wire>;

/// Where greeted connections are handed to.
pub(crate) type HandOver = mpsc::Sender<Stream>;

/// The listener behind the greeting.
pub(crate) struct Door {
    greeted: mpsc::Receiver<Stream>,
    address: SocketAddr,
}

/// A door, and the hand that brings connections to it.
pub(crate) fn front(address: SocketAddr) -> (Door, HandOver) {
    let (hand_over, greeted) = mpsc::channel(WAITING);
    (Door { greeted, address }, hand_over)
}

/// Takes connections until the sandbox closes, and greets each in a task of its own.
pub(crate) async fn accept<G, F>(mut listener: TcpListener, mut closing: watch::Receiver<bool>, greet: G)
where
    G: Fn(TcpStream) -> F + Send,
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(GREETINGS));
    loop {
        let stream = tokio::select! {
            (stream, _) = Listener::accept(&mut listener) => stream,
            _ = closing.wait_for(|closing| *closing) => return,
        };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let greeting = greet(stream);
        tokio::spawn(async move {
            greeting.await;
            drop(place);
        });
    }
}

impl Door {
    /// Serves what comes through until the sandbox closes.
    pub(crate) fn serve(self, app: Router, mut closing: watch::Receiver<bool>) -> JoinHandle<()> {
        tokio::spawn(async move {
            let stop = async move {
                // An error means that the sandbox is gone, which is a reason to stop as well.
                let _ = closing.wait_for(|closing| *closing).await;
            };
            if let Err(error) = axum::serve(self, app).with_graceful_shutdown(stop).await {
                tracing::error!(%error, "a listener of the sandbox failed");
            }
        })
    }
}

impl Listener for Door {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        match self.greeted.recv().await {
            Some(stream) => (stream, self.address),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}
