#![doc = include_str!("../README.md")]

mod error;
mod host;
mod endpoint;
mod upload;
mod call;
mod client;
pub mod token;
mod transport;
mod answer;
mod api;
mod advice;
#[cfg(feature = "server")]
mod late;

#[cfg(feature = "server")]
pub use hongyan_server as server;
pub use hongyan_wire as wire;

/// The repository's README: its Rust is compiled with the examples of the docs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct RepositoryReadme;

pub use answer::{Answer, Done, File, Received};
pub use api::*;
pub use bytes::Bytes;
pub use call::Call;
pub use client::{Client, ClientBuilder};
pub use endpoint::{Endpoint, Method, Place, PlaceKind};
pub use error::{Cause, Error, Refusal};
pub use hongyan_wire::{AppId, Class, ErrCode, Lang, MediaId, OpenId, Scene, Secret, Ticket, Timestamp};
pub use host::Host;
#[cfg(feature = "server")]
pub use late::CustomerService;
pub use token::{
    AccessToken, FileTokens, MemoryTokens, StoreError, StoredToken, TokenEndpoint, TokenSource, TokenStore,
};
pub use upload::Upload;
