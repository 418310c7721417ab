//! Where the Redis is that several gateways share.

use std::fmt;
use std::time::Duration;

use redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);

/// A Redis, or the Sentinels that know which one it is at the moment.
///
/// `redis://[USER:PASSWORD@]HOST:PORT[/DATABASE]`, `rediss://…` over TLS, or
/// `redis+sentinel://[:PASSWORD@]HOST:PORT,HOST:PORT…/NAME[/DATABASE]`. The password is the Redis's own.
#[derive(Clone)]
pub(crate) struct Address {
    target: Target,
}

#[derive(Clone)]
enum Target {
    Direct(Client),
    Sentinels { sentinels: Vec<String>, name: String, login: String, database: String },
}

impl Address {
    /// Reads an address; `None` when it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("redis+sentinel://") {
            let (login, rest) = match rest.rsplit_once('@') {
                Some((login, rest)) => (format!("{login}@"), rest),
                None => (String::new(), rest),
            };
            let mut parts = rest.split('/');
            let sentinels: Vec<String> = parts.next()?.split(',').map(str::to_owned).collect();
            let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
            let database = parts.next().unwrap_or("0").to_owned();
            let good = sentinels.iter().all(|host| client(&format!("redis://{host}")).is_some())
                && client(&format!("redis://{login}sentinel.invalid:1/{database}")).is_some();
            return good.then_some(Self { target: Target::Sentinels { sentinels, name, login, database } });
        }
        if !text.starts_with("redis://") && !text.starts_with("rediss://") {
            return None;
        }
        Some(Self { target: Target::Direct(client(text)?) })
    }

    /// A client of the Redis that is in charge now, or why there is none.
    pub(super) async fn client(&self) -> Result<Client, String> {
        match &self.target {
            Target::Direct(client) => Ok(client.clone()),
            Target::Sentinels { sentinels, name, login, database } => {
                let mut why = String::new();
                for sentinel in sentinels {
                    match ask(sentinel, name).await {
                        Ok(master) => {
                            return client(&format!("redis://{login}{master}/{database}")).ok_or_else(|| {
                                format!("the Sentinel at {sentinel} names {master}, which is no address")
                            });
                        }
                        Err(error) => why = format!("the Sentinel at {sentinel}: {error}"),
                    }
                }
                Err(why)
            }
        }
    }
}

/// How connections are made. Our own time-out stands around every command.
pub(super) fn options() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(None)
}

/// Asks a Sentinel which Redis is in charge.
async fn ask(sentinel: &str, name: &str) -> Result<String, String> {
    let client = client(&format!("redis://{sentinel}")).ok_or("it is no address")?;
    let asked = async {
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&options())
            .await
            .map_err(|error| error.to_string())?;
        let mut command = redis::cmd("SENTINEL");
        command.arg("get-master-addr-by-name").arg(name);
        let found: Option<(String, u16)> =
            command.query_async(&mut connection).await.map_err(|error| error.to_string())?;
        let (host, port) = found.ok_or_else(|| format!("it does not know \"{name}\""))?;
        Ok(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
    };
    tokio::time::timeout(CONNECT, asked).await.unwrap_or_else(|_| Err("no answer".to_owned()))
}

fn client(url: &str) -> Option<Client> {
    let info: ConnectionInfo = url.into_connection_info().ok()?;
    Client::open(info).ok()
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string())
    }
}

/// Without user and password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Direct(client) => write!(f, "{}", client.get_connection_info().addr()),
            Target::Sentinels { sentinels, name, .. } => {
                write!(f, "{name} (by its Sentinels {})", sentinels.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_never_shows_its_password() {
        for text in [
            "redis://me:s3cret@db.example:6380/2",
            "rediss://:s3cret@db.example:6380",
            "redis+sentinel://:s3cret@one.example:26379,two.example:26379/main/1",
        ] {
            let address = Address::parse(text).unwrap();
            let shown = format!("{address} {address:?}");
            assert!(!shown.contains("s3cret") && shown.contains("example"), "{shown}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "localhost:6379", "http://x", "redis://", "redis+sentinel://one:1", "redis://h:port"]
        {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }
}
