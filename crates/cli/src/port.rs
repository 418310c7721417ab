//! Takes a port, or says who should choose another.

use std::io;

use tokio::net::TcpListener;

use crate::{failure::Failure, screen::Screen};

/// Listens on `address`; `flag` is what chooses another one.
pub(crate) async fn bind(address: &str, flag: &str, screen: Screen) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::Usage(if error.kind() == io::ErrorKind::AddrInUse {
            screen.lang.pick(
                format!("{address} is taken by another program; choose another port with {flag}, such as {flag} 127.0.0.1:0 for any free one"),
                format!("{address} 已被其他程序占用；请用 {flag} 换一个端口，例如 {flag} 127.0.0.1:0 表示任选空闲端口"),
            )
        } else {
            screen.lang.pick(
                format!("{address} cannot be listened on: {error}; give an address such as 127.0.0.1:8080 with {flag}"),
                format!("无法监听 {address}：{error}；请用 {flag} 指定地址，例如 127.0.0.1:8080"),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Lang;

    use super::*;

    #[tokio::test]
    async fn a_taken_port_names_the_flag() {
        let screen = Screen { lang: Lang::En };
        let first = bind("127.0.0.1:0", "--listen", screen).await.expect("a free port");
        let address = first.local_addr().expect("an address").to_string();
        let failure = bind(&address, "--listen", screen).await.expect_err("taken");
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.text().is_some_and(|text| text.contains(&address) && text.contains("--listen")));
    }
}
