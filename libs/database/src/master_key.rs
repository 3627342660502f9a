use std::fmt;

/// The 32 bytes from which every other secret is derived (HKDF-SHA-512, info `ddb/<purpose>/v1`). Backups never hold it.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key for one purpose: `signing-key`, `refresh`, `cursor`, …
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        use aws_lc_rs::hkdf;

        let info = format!("ddb/{purpose}/v1");
        let mut key = [0; 32];
        hkdf::Salt::new(hkdf::HKDF_SHA512, &[])
            .extract(&self.0)
            .expand(&[info.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .expect("32 bytes are a length that HKDF-SHA-512 can give");
        key
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0 = std::hint::black_box([0; 32]);
    }
}
