//! The SDK's errors as a command's end.

use hongyan::Error;
use hongyan_wire::Lang;

use crate::failure::Failure;

/// What broke a limit before the call is a mistake of the command line, anything else the platform's or the network's.
pub(crate) fn failure(error: &Error, lang: Lang) -> Failure {
    let text = error.text(lang);
    match error {
        Error::Invalid { .. } => Failure::Usage(text),
        _ => Failure::Refused(text),
    }
}
