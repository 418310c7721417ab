//! A web service that takes its time.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::sync::Notify;

/// Answers `{"place": "上海"}` after a while.
pub(crate) struct Server {
    address: std::net::SocketAddr,
    /// Told when a request has come.
    pub(crate) asked: Arc<Notify>,
}

impl Server {
    pub(crate) async fn start(delay: Duration) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Notify::new());
        let told = Arc::clone(&asked);
        let answer = move || async move {
            told.notify_one();
            tokio::time::sleep(delay).await;
            Json(json!({"place": "上海"}))
        };
        let app = Router::new().route("/place", get(answer));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
