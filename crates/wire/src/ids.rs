//! The platform's names for accounts, people, messages and files, each its own type.

use std::fmt;

use serde::{Deserialize, Serialize};

// Six types with one behaviour: without the macro they would drift apart.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; the platform alone knows which ids exist.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether there is no text.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// The text, given away.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    )*};
}

ids! {
    /// An account's AppID: `wx` and sixteen hex digits.
    AppId;
    /// A person as one account knows them: 28 characters beginning with `o`, another for every account.
    OpenId;
    /// An account's original id, `gh_` and twelve hex digits: the name pushes are addressed to.
    OriginalId;
    /// A picture, voice, video or other file kept by the platform, for three days or for good.
    MediaId;
    /// A message's number. Kept as text, since some pushes number theirs with letters.
    MsgId;
    /// What a QR code's picture is fetched by, and what its scans carry.
    Ticket;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_strings_in_json() {
        let id = OpenId::from("oA1");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"oA1\"");
        assert_eq!(serde_json::from_str::<OpenId>("\"oA1\"").unwrap(), id);
        assert_eq!(format!("{id} {id:?}"), "oA1 OpenId(\"oA1\")");
        assert_eq!(id, "oA1");
    }
}
