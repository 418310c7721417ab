//! The sandbox's own certificate authority: good for the platform's names and this machine, and for nothing else.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::names::HOSTS;

const DAY: Duration = Duration::from_hours(24);
/// Programs distrust certificates that last longer.
const LEAF_LASTS: Duration = Duration::from_hours(24 * 397);
const AUTHORITY_LASTS: Duration = Duration::from_hours(24 * 3650);

/// Why there is no certificate authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its files cannot be read or written.
    #[error("{path}: {source}; choose another folder for the sandbox's certificate authority")]
    File {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its file holds something else.
    #[error(
        "{path} does not hold the sandbox's key and certificate: remove it, and the next start makes a new one"
    )]
    Content {
        /// The file.
        path: String,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The certificate cannot be used for TLS.
    #[error("cannot use the certificate: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// The listener has no address.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
}

/// A certificate authority that programs under test are told to trust.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// A new one, which lives as long as this value.
    pub fn temporary() -> Result<Self, AuthorityError> {
        let key = KeyPair::generate()?;
        let certificate = params().self_signed(&key)?.der().clone();
        Ok(Self { issuer: Issuer::new(params(), key), certificate })
    }

    /// The certificate to trust, as PEM.
    pub fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// Greets in TLS under the platform's names and this machine's.
    pub fn acceptor(&self) -> Result<TlsAcceptor, AuthorityError> {
        let (chain, key) = self.leaf()?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// One whose key and certificate were made earlier.
    pub(super) fn from_parts(
        key: &PrivateKeyDer<'_>,
        certificate: CertificateDer<'static>,
    ) -> Result<Self, AuthorityError> {
        Ok(Self { issuer: Issuer::new(params(), KeyPair::try_from(key)?), certificate })
    }

    /// The key and the certificate, for the file that only its owner may read.
    pub(super) fn private_pem(&self) -> String {
        pem("PRIVATE KEY", self.issuer.key().serialized_der()) + &self.certificate_pem()
    }

    /// A certificate for the platform's names and this machine's, with the authority's behind it.
    pub(super) fn leaf(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = dated(CertificateParams::new(names())?, LEAF_LASTS);
        params.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
        params.subject_alt_names.push(SanType::IpAddress(Ipv6Addr::LOCALHOST.into()));
        params.distinguished_name = named("Hongyan sandbox");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&key, &self.issuer)?.der().clone();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Ok((vec![leaf, self.certificate.clone()], key.into()))
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

fn names() -> Vec<String> {
    HOSTS.iter().copied().chain(["localhost"]).map(str::to_owned).collect()
}

/// What the authority's certificate says; a stolen key is of no use for other names.
fn params() -> CertificateParams {
    let mut params = dated(CertificateParams::default(), AUTHORITY_LASTS);
    params.distinguished_name = named("Hongyan sandbox CA (this machine only)");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let mut permitted: Vec<_> = names().into_iter().map(GeneralSubtree::DnsName).collect();
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv4Addr::LOCALHOST.into(), 8)));
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv6Addr::LOCALHOST.into(), 128)));
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// Valid from yesterday on, by this machine's real clock: the programs that check it do not see the sandbox's.
fn dated(mut params: CertificateParams, lasts: Duration) -> CertificateParams {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let whole = Duration::from_secs(now.as_secs());
    params.not_before = date_time_ymd(1970, 1, 1) + whole - DAY;
    params.not_after = params.not_before + lasts;
    params
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::RootCertStore;
    use tokio_rustls::rustls::client::WebPkiServerVerifier;
    use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    #[test]
    fn what_is_printed_is_the_certificate() {
        let authority = Authority::temporary().unwrap();
        let text = authority.certificate_pem();
        assert_eq!(CertificateDer::from_pem_slice(text.as_bytes()).unwrap(), authority.certificate);
        assert!(!text.contains("PRIVATE"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 64));
        assert_eq!(format!("{authority:?}"), "Authority { .. }");
    }

    /// What a program that trusts this authority says to a certificate it has signed for a name.
    fn trusted(authority: &Authority, name: &str) -> Result<(), String> {
        let key = KeyPair::generate().unwrap();
        let mut params = dated(CertificateParams::new([name.to_owned()]).unwrap(), LEAF_LASTS);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params.signed_by(&key, &authority.issuer).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier
            .verify_server_cert(leaf.der(), &[], &name, &[], UnixTime::now())
            .map(|_| ())
            .map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn a_certificate_for_another_name_is_refused_though_the_authority_has_signed_it() {
        let authority = Authority::temporary().unwrap();
        assert_eq!(trusted(&authority, "api.weixin.qq.com"), Ok(()));
        assert_eq!(trusted(&authority, "localhost"), Ok(()));
        let refused = trusted(&authority, "bank.example").unwrap_err();
        assert!(refused.contains("NameConstraint"), "{refused}");
    }

    #[test]
    fn the_key_comes_back_from_its_pem() {
        let authority = Authority::temporary().unwrap();
        let text = authority.private_pem();
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).unwrap();
        let again = Authority::from_parts(&key, authority.certificate.clone()).unwrap();
        assert_eq!(again.private_pem(), text);
    }
}
