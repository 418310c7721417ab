//! The head of a CONNECT request: read without touching what follows, and understood.

use std::io;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// The longest head that is read.
const LONGEST: usize = 16 * 1024;
const END: &[u8] = b"\r\n\r\n";

/// What a CONNECT request wishes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Tunnel(Target),
    Nonsense,
}

/// Where a tunnel shall lead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
}

/// Reads up to the empty line and not one byte more: what follows belongs to the tunnel.
pub(super) async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let seen = stream.peek(&mut chunk).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let before = head.len();
        head.extend_from_slice(&chunk[..seen]);
        let end = head.windows(END.len()).position(|window| window == END).map(|at| at + END.len());
        let ours = end.map_or(seen, |end| end - before);
        stream.read_exact(&mut chunk[..ours]).await?;
        match end {
            Some(end) => {
                head.truncate(end);
                return Ok(head);
            }
            None if head.len() > LONGEST => return Err(io::ErrorKind::InvalidData.into()),
            None => {}
        }
    }
}

/// Understands `CONNECT host:port HTTP/1.x`.
pub(super) fn wish(head: &[u8]) -> Wish {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let target = std::str::from_utf8(line).ok().and_then(|line| {
        let mut words = line.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let (host, port) = target.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let right = method == "CONNECT" && version.starts_with("HTTP/1.") && words.next().is_none();
        if !right || host.is_empty() {
            return None;
        }
        Some(Target { host: host.to_owned(), port: port.parse().ok()? })
    });
    target.map_or(Wish::Nonsense, Wish::Tunnel)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_target_is_a_host_and_a_port() {
        let to = |host: &str, port| Wish::Tunnel(Target { host: host.to_owned(), port });
        assert_eq!(wish(b"CONNECT api.weixin.qq.com:443 HTTP/1.1\r\n\r\n"), to("api.weixin.qq.com", 443));
        assert_eq!(wish(b"CONNECT a:80 HTTP/1.0\r\nHost: b\r\n\r\n"), to("a", 80));
        assert_eq!(wish(b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n"), to("::1", 443));
        for bad in [
            "CONNECT a HTTP/1.1",
            "CONNECT a:x HTTP/1.1",
            "CONNECT a:70000 HTTP/1.1",
            "CONNECT :443 HTTP/1.1",
            "CONNECT a:443",
            "CONNECT a:443 HTTP/1.1 more",
            "COPY a:443 HTTP/1.1",
            "C",
            "",
        ] {
            assert_eq!(wish(bad.as_bytes()), Wish::Nonsense, "{bad}");
        }
    }

    #[tokio::test]
    async fn what_follows_the_head_is_left_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut program = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let long = format!("CONNECT a:443 HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(3000));
        program.write_all(format!("{long}tunnelled").as_bytes()).await.unwrap();
        assert_eq!(read(&mut stream).await.unwrap(), long.as_bytes());
        let mut rest = [0; 9];
        stream.read_exact(&mut rest).await.unwrap();
        assert_eq!(&rest, b"tunnelled");
    }
}
