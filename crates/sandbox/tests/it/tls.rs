//! The sandbox in TLS: who trusts its authority reaches it under the platform's names, and nobody else does.

use hongyan_sandbox::{Authority, Running, Sandbox};
use reqwest::{Certificate, Client, ClientBuilder};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::net::TcpListener;

use crate::stand::{code, options};

pub(crate) fn trusting(authority: &Authority) -> ClientBuilder {
    let certificate = Certificate::from_pem(authority.certificate_pem().as_bytes()).unwrap();
    Client::builder().no_proxy().tls_certs_only([certificate])
}

/// A sandbox with a TLS listener.
async fn start(authority: &Authority) -> (Running, SocketAddr) {
    let mut sandbox = Sandbox::start_local(options()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    sandbox.serve_tls(listener, authority).unwrap();
    (sandbox, address)
}

fn whole_text(error: &reqwest::Error) -> String {
    let first: &dyn std::error::Error = error;
    let chain = std::iter::successors(Some(first), |inner| inner.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test]
async fn every_name_of_the_platform_and_this_machine_is_trusted() {
    let authority = Authority::temporary().unwrap();
    let (_sandbox, address) = start(&authority).await;
    let hosts = ["api.weixin.qq.com", "mp.weixin.qq.com", "open.weixin.qq.com", "file.api.weixin.qq.com"];
    for host in hosts.into_iter().chain(["localhost", "127.0.0.1"]) {
        let client = trusting(&authority).resolve(host, address).build().unwrap();
        let url = format!("https://{host}:{}/cgi-bin/menu/get", address.port());
        let answer: Value = client.get(url).send().await.unwrap().json().await.unwrap();
        assert_eq!(code(&answer), 41001, "{host}");
    }
}

#[tokio::test]
async fn a_program_that_does_not_trust_the_authority_does_not_speak_to_it() {
    let (_sandbox, address) = start(&Authority::temporary().unwrap()).await;
    let other = Authority::temporary().unwrap();
    let client = trusting(&other).resolve("api.weixin.qq.com", address).build().unwrap();
    let url = format!("https://api.weixin.qq.com:{}/cgi-bin/menu/get", address.port());
    let error = client.get(url).send().await.unwrap_err();
    assert!(whole_text(&error).contains("invalid peer certificate"), "{}", whole_text(&error));
}

#[tokio::test]
async fn the_certificate_is_good_for_no_other_name() {
    let authority = Authority::temporary().unwrap();
    let (_sandbox, address) = start(&authority).await;
    let client = trusting(&authority).resolve("bank.example", address).build().unwrap();
    let error = client.get(format!("https://bank.example:{}/", address.port())).send().await.unwrap_err();
    let text = whole_text(&error);
    assert!(text.contains("not valid for name"), "{text}");
}

#[tokio::test]
async fn a_request_for_another_host_is_refused_in_words() {
    let authority = Authority::temporary().unwrap();
    let (_sandbox, address) = start(&authority).await;
    let client = trusting(&authority).build().unwrap();
    let request = client.get(format!("https://127.0.0.1:{}/cgi-bin/menu/get", address.port()));
    let answer = request.header("Host", "bank.example").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let text = answer.text().await.unwrap();
    assert!(text.contains("bank.example") && text.contains("NO_PROXY"), "{text}");
}

#[tokio::test]
async fn people_are_not_played_under_the_platforms_names() {
    let authority = Authority::temporary().unwrap();
    let (_sandbox, address) = start(&authority).await;
    let client = trusting(&authority).resolve("api.weixin.qq.com", address).build().unwrap();
    let port = address.port();
    let strange =
        client.get(format!("https://api.weixin.qq.com:{port}/_sandbox/users")).send().await.unwrap();
    assert_eq!(strange.status(), 403);
    let own = client.get(format!("https://127.0.0.1:{port}/_sandbox/users")).send().await.unwrap();
    assert_eq!(own.status(), 200);
}

#[tokio::test]
async fn stopping_closes_the_listener() {
    let authority = Authority::temporary().unwrap();
    let (sandbox, address) = start(&authority).await;
    // A program that is connected and says nothing does not hold up the end.
    let _silent = tokio::net::TcpStream::connect(address).await.unwrap();
    sandbox.stop().await;
    let again = tokio::time::timeout(std::time::Duration::from_secs(5), async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    assert!(again.await.is_ok(), "it still listens");
}

#[test]
fn the_authority_stays_the_same_and_its_key_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("new");
    let first = Authority::open(&place).unwrap().certificate_pem();
    assert_eq!(Authority::open(&place).unwrap().certificate_pem(), first);
    assert_eq!(std::fs::read_to_string(Authority::certificate_file(&place)).unwrap(), first);
    #[cfg(unix)]
    for entry in std::fs::read_dir(&place).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = entry.unwrap().path();
        let secret = std::fs::read_to_string(&path).unwrap().contains("PRIVATE KEY");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert!(!secret || mode == 0o600, "{} has mode {mode:o}", path.display());
    }
}

#[test]
fn sandboxes_that_start_at_once_share_one_authority() {
    let folder = tempfile::tempdir().unwrap();
    let certificates: Vec<String> = std::thread::scope(|scope| {
        let open = || scope.spawn(|| Authority::open(folder.path()).unwrap().certificate_pem());
        let threads: Vec<_> = (0..8).map(|_| open()).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(certificates.iter().all(|one| one == &certificates[0]));
}

#[test]
fn a_damaged_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    Authority::open(folder.path()).unwrap();
    let file = folder.path().join("sandbox-ca.key.pem");
    std::fs::write(&file, "nothing of use").unwrap();
    let error = Authority::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("sandbox-ca.key.pem") && error.contains("remove it"), "{error}");
}
