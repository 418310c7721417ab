//! One HTTP request over a connection of our own, so that every step of it can be timed.
//!
//! At the cut the sending half is closed, which a back end sees as the platform hanging up. The reading half stays
//! open a while: an answer that begins then counts for nothing, but tells by how much it was late.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

use super::dial::Dialer;
use super::post::{Answered, Line, MAX_BODY, Marks, Request};
use crate::tls::Stream;

/// How long after a cut an answer is still waited for.
const LINGER: Duration = Duration::from_secs(30);
/// The most that may stand before the body.
const MAX_HEAD: usize = 64 * 1024;

/// Sends the request in a task of its own.
pub(crate) fn send(dialer: &Dialer, request: Request) -> Line {
    let marks = Arc::new(Marks::default());
    let dialer = dialer.clone();
    let (cut, cutting) = oneshot::channel();
    let (answering, answer) = oneshot::channel();
    let noted = Arc::clone(&marks);
    tokio::spawn(async move { run(&dialer, request, &noted, answering, cutting).await });
    let answer = Box::pin(async move {
        match answer.await {
            Ok(answer) => answer,
            Err(_) => std::future::pending().await,
        }
    });
    Line { answer, cut: Some(cut), marks }
}

async fn run(
    dialer: &Dialer,
    request: Request,
    marks: &Marks,
    answering: oneshot::Sender<Result<Answered, String>>,
    mut cutting: oneshot::Receiver<()>,
) {
    let began = Instant::now();
    let mut reader = None;
    let whole = async {
        let reader =
            reader.insert(Reader { stream: dialer.connect(&request.url).await?, buffer: Vec::new() });
        // Set once, here.
        let _ = marks.connect_ms.set(since(began));
        reader.stream.write_all(&head(&request)).await?;
        reader.stream.write_all(&request.body).await?;
        reader.stream.flush().await?;
        reader.more().await?;
        let _ = marks.first_byte_ms.set(since(began));
        reader.answer().await
    };
    let cut = tokio::select! {
        answer = whole => {
            // Nobody waits any more when the sandbox stops.
            let _ = answering.send(answer.map_err(|error| error.to_string()));
            return;
        }
        cut = &mut cutting => cut,
    };
    let (Ok(()), Some(mut reader)) = (cut, reader) else { return };
    let cut_at = Instant::now();
    // The other side may be gone already.
    let _ = reader.stream.shutdown().await;
    if let Ok(Ok(())) = tokio::time::timeout(LINGER, reader.more()).await {
        let _ = marks.late_by_ms.set(since(cut_at));
    }
}

fn since(began: Instant) -> u64 {
    began.elapsed().as_millis() as u64
}

fn head(request: &Request) -> Vec<u8> {
    let url = &request.url;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut head = format!("{} {}{query} HTTP/1.1\r\n", request.method, url.path());
    for (name, value) in &request.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    head.into_bytes()
}

struct Reader {
    stream: Stream,
    buffer: Vec<u8>,
}

impl Reader {
    /// Reads on; the end of the stream is an error.
    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(broken("the connection was closed before the whole answer came"));
        }
        Ok(())
    }

    /// Takes bytes from the front, once there are so many.
    async fn take(&mut self, count: usize) -> io::Result<Vec<u8>> {
        if count > MAX_BODY {
            return Err(broken("the answer is larger than 1 MB"));
        }
        while self.buffer.len() < count {
            self.more().await?;
        }
        Ok(self.buffer.drain(..count).collect())
    }

    /// Takes what stands before the mark, and the mark.
    async fn until(&mut self, mark: &[u8]) -> io::Result<String> {
        loop {
            if let Some(at) = memchr::memmem::find(&self.buffer, mark) {
                let text = String::from_utf8_lossy(&self.buffer[..at]).into_owned();
                self.buffer.drain(..at + mark.len());
                return Ok(text);
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(broken("the answer has no end of its headers"));
            }
            self.more().await?;
        }
    }

    async fn answer(&mut self) -> io::Result<Answered> {
        let (status, headers) = loop {
            let (status, headers) = parse(&self.until(b"\r\n\r\n").await?)?;
            // 100 Continue and its like are followed by the answer itself.
            if status >= 200 {
                break (status, headers);
            }
        };
        let mut answer = Answered { status, headers, body: Vec::new() };
        let chunked = answer.header("transfer-encoding").is_some_and(|value| value.contains("chunked"));
        let length = answer.header("content-length").map(str::parse);
        answer.body = match length {
            _ if matches!(status, 204 | 304) => Vec::new(),
            _ if chunked => self.chunks().await?,
            Some(Ok(length)) => self.take(length).await?,
            Some(Err(_)) => return Err(broken("the answer's Content-Length is no number")),
            None => self.rest().await?,
        };
        Ok(answer)
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.until(b"\r\n").await?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
                .map_err(|_| broken("a chunk of the answer has no size"))?;
            if size == 0 {
                return Ok(body);
            }
            if body.len().saturating_add(size) > MAX_BODY {
                return Err(broken("the answer is larger than 1 MB"));
            }
            body.extend(self.take(size).await?);
            self.until(b"\r\n").await?;
        }
    }

    async fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.stream.read_buf(&mut self.buffer).await? > 0 {
            if self.buffer.len() > MAX_BODY {
                return Err(broken("the answer is larger than 1 MB"));
            }
        }
        Ok(std::mem::take(&mut self.buffer))
    }
}

/// Status and headers from what stands before the empty line.
fn parse(head: &str) -> io::Result<(u16, Vec<(String, String)>)> {
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| broken("what came back is not HTTP"))?;
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    });
    Ok((status, headers.collect()))
}

fn broken(why: &'static str) -> io::Error {
    io::Error::other(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// What is made of these bytes, sent by a server that then hangs up.
    async fn heard(bytes: &'static [u8]) -> Result<(u16, String), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x?a=1", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = [0; 512];
            let got = stream.read(&mut seen).await.unwrap();
            assert!(seen[..got].starts_with(b"POST /x?a=1 HTTP/1.1\r\n"));
            stream.write_all(bytes).await.unwrap();
        });
        let request = Request {
            method: "POST",
            url,
            headers: vec![("content-length", "2".into())],
            body: b"hi".to_vec(),
        };
        let answer = send(&Dialer::new(None).unwrap(), request).answer.await;
        answer.map(|answer| (answer.status, String::from_utf8(answer.body).unwrap()))
    }

    #[tokio::test]
    async fn bodies_are_read_by_length_by_chunks_and_to_the_end() {
        for bytes in [
            b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess".as_slice(),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nsuc\r\n4\r\ncess\r\n0\r\n\r\n",
            b"HTTP/1.0 200 OK\r\n\r\nsuccess",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess",
        ] {
            assert_eq!(heard(bytes).await, Ok((200, "success".to_owned())));
        }
        assert_eq!(heard(b"HTTP/1.1 204 No Content\r\n\r\n").await, Ok((204, String::new())));
    }

    #[tokio::test]
    async fn a_broken_answer_says_what_broke() {
        for (bytes, why) in [
            (b"".as_slice(), "closed"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsucc", "closed"),
            (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "1 MB"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no size"),
        ] {
            let error = heard(bytes).await.unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
