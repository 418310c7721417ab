//! Where the authority lives between two runs: a private file with its key, and beside it the certificate to trust.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::authority::{Authority, AuthorityError};

/// Key and certificate, readable by their owner only.
const PRIVATE: &str = "sandbox-ca.key.pem";
/// The certificate alone, for programs that take a file's name.
const PUBLIC: &str = "sandbox-ca.pem";

impl Authority {
    /// The authority of this folder; it is made when there is none, and stays the same from then on.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        make_private(folder).map_err(|source| failed(folder, source))?;
        let file = folder.join(PRIVATE);
        let authority = match fs::read(&file) {
            Ok(bytes) => read(&bytes, &file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => first(folder, &file)?,
            Err(error) => return Err(failed(&file, error)),
        };
        let public = Self::certificate_file(folder);
        let pem = authority.certificate_pem();
        if fs::read_to_string(&public).ok().as_deref() != Some(&pem) {
            fs::write(&public, pem).map_err(|source| failed(&public, source))?;
        }
        Ok(authority)
    }

    /// Where [`Authority::open`] leaves the certificate to trust.
    pub fn certificate_file(folder: &Path) -> PathBuf {
        folder.join(PUBLIC)
    }
}

/// Makes the file in one step, so that of two sandboxes that start at once one wins and both use its key.
fn first(folder: &Path, file: &Path) -> Result<Authority, AuthorityError> {
    let authority = Authority::temporary()?;
    let draft = folder.join(format!("{PRIVATE}.{}", std::process::id()));
    let written = write_private(&draft, &authority.private_pem()).and_then(|()| fs::hard_link(&draft, file));
    let _ = fs::remove_file(&draft);
    match written {
        Ok(()) => Ok(authority),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            read(&fs::read(file).map_err(|source| failed(file, source))?, file)
        }
        Err(error) => Err(failed(file, error)),
    }
}

fn read(bytes: &[u8], file: &Path) -> Result<Authority, AuthorityError> {
    let content = || AuthorityError::Content { path: file.display().to_string() };
    let key = PrivateKeyDer::from_pem_slice(bytes).map_err(|_| content())?;
    let certificate = CertificateDer::from_pem_slice(bytes).map_err(|_| content())?;
    Authority::from_parts(&key, certificate).map_err(|_| content())
}

fn failed(path: &Path, source: io::Error) -> AuthorityError {
    AuthorityError::File { path: path.display().to_string(), source }
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
