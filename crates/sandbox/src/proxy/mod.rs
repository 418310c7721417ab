//! A proxy for programs that have the platform's names in them: it leads to the sandbox and nowhere else.

mod head;

use axum::Router;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::tls::{self, Authority, AuthorityError, Greeter, HandOver, Names, PATIENCE};
use head::{Target, Wish};

/// The first byte of a TLS greeting.
const TLS_GREETING: u8 = 0x16;

/// Serves as a proxy until the sandbox closes.
pub(crate) fn serve(
    listener: TcpListener,
    authority: &Authority,
    app: Router,
    closing: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, AuthorityError> {
    let greeter = Greeter::new(authority)?;
    let (door, hand_over) = tls::front(listener.local_addr()?);
    tokio::spawn(tls::accept(listener, closing.clone(), move |stream| {
        let (greeter, hand_over) = (greeter.clone(), hand_over.clone());
        async move {
            if let Err(error) = meet(stream, &greeter, &hand_over).await {
                tracing::debug!(%error, "a connection to the proxy ended early");
            }
        }
    }));
    Ok(door.serve(Names::Platform.guard(app), closing))
}

/// A program that asks for a tunnel gets one that ends here; any other request is judged by the names in it.
async fn meet(mut stream: TcpStream, greeter: &Greeter, hand_over: &HandOver) -> std::io::Result<()> {
    if first_byte(&stream).await? == b'C' {
        let head = tokio::time::timeout(PATIENCE, head::read(&mut stream)).await??;
        match head::wish(&head) {
            Wish::Tunnel(Target { host, port }) if tls::is_platform(&host) && matches!(port, 80 | 443) => {
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            }
            Wish::Tunnel(Target { host, port }) => {
                let named = if tls::is_platform(&host) { format!("{host}:{port}") } else { host };
                tracing::warn!(host = named, "the proxy refused a host that is not the platform's");
                return answer(&mut stream, "403 Forbidden", &tls::refusal(&named)).await;
            }
            Wish::Nonsense => {
                return answer(&mut stream, "400 Bad Request", "CONNECT wants HOST:PORT\n").await;
            }
        }
    }
    // Within the tunnel, or without one, a program may speak TLS or not.
    if first_byte(&stream).await? == TLS_GREETING {
        if let Some(stream) = greeter.greet(stream).await {
            let _ = hand_over.send(Box::new(stream)).await;
        }
    } else {
        let _ = hand_over.send(Box::new(stream)).await;
    }
    Ok(())
}

/// Looks at the next byte and leaves it there.
async fn first_byte(stream: &TcpStream) -> std::io::Result<u8> {
    let mut byte = [0];
    match tokio::time::timeout(PATIENCE, stream.peek(&mut byte)).await?? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(byte[0]),
    }
}

async fn answer(stream: &mut TcpStream, status: &str, text: &str) -> std::io::Result<()> {
    let length = text.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
