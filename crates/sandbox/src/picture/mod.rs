//! Pictures: QR codes drawn and read, stand-in pictures, and the digest that names them.

pub(crate) mod draw;
pub(crate) mod decode;
pub(crate) mod md5;
