use std::time::Duration;

use ddb_core::Result;
use ddb_http::SocketLimits;
use ddb_http::limit::{Limiter, ProxyHeader, RateChanges, RateLimits, TrustedProxies};
use ddb_store::Store;

use crate::service::Task;
use crate::settings::Settings;

/// How often what another process has changed is read, so that it counts within a second.
const FOLLOW_EVERY: Duration = Duration::from_millis(700);

/// What an open connection may cost: its buffers, and those of the system.
const BYTES_OF_A_SOCKET: u64 = 32 << 10;
/// The part of the memory that connections may take.
const MEMORY_PART: u64 = 8;
/// The part of all connections that one network may have, and the least.
const NETWORK_PART: usize = 4;
const LEAST_OF_NETWORK: usize = 64;
/// Files that are needed for other things than connections.
const OTHER_FILES: u64 = 256;
/// Where the system does not tell how many files may be open.
const USUAL_FILES: u64 = 1024;

/// Who may ask how often, and whose word is taken for who it is.
pub struct Traffic {
    pub rates: RateLimits,
    pub proxies: TrustedProxies,
    pub sockets: SocketLimits,
}

impl Traffic {
    pub(crate) fn read(settings: &Settings, memory_limit: u64) -> Result<Self> {
        let defaults = RateLimits::DEFAULT;
        let classes = "a number up to 1000000, or such numbers by class, as in read=1000,write=500,auth=50,other=200";
        let rates = RateLimits {
            network: settings
                .with("rate_limit_network", "a number up to 1000000", RateLimits::number)?
                .unwrap_or(defaults.network),
            anonymous: settings
                .with("rate_limit_anonymous", classes, |text| defaults.anonymous.set(text))?
                .unwrap_or(defaults.anonymous),
            account: settings.with("rate_limit_account", classes, |text| defaults.account.set(text))?.unwrap_or(defaults.account),
        };
        let header = settings.parsed("proxy_header", "x-forwarded-for or forwarded")?.unwrap_or(ProxyHeader::XForwardedFor);
        let addresses = "addresses or blocks of addresses, as in 10.0.0.0/8,2001:db8::1";
        let proxies = settings.with("trusted_proxies", addresses, |text| TrustedProxies::parse(text, header))?;
        Ok(Self { rates, proxies: proxies.unwrap_or_default(), sockets: sockets(settings, memory_limit)? })
    }
}

fn sockets(settings: &Settings, memory_limit: u64) -> Result<SocketLimits> {
    let number = |name| settings.with(name, "a number from 1", |text| text.parse().ok().filter(|number: &usize| *number > 0));
    let files = std::fs::read_to_string("/proc/self/limits").ok().and_then(|text| open_files(&text)).unwrap_or(USUAL_FILES);
    let by_files = files.saturating_sub(OTHER_FILES).max(files / 2);
    let by_memory = memory_limit / MEMORY_PART / BYTES_OF_A_SOCKET;
    let most = usize::try_from(by_memory.min(by_files)).unwrap_or(usize::MAX);
    let all = number("max_connections")?.unwrap_or(most);
    let part = (all / NETWORK_PART).max(LEAST_OF_NETWORK).min(all);
    Ok(SocketLimits { all, of_network: number("max_connections_per_network")?.unwrap_or(part) })
}

/// The soft limit, as Linux tells it.
fn open_files(limits: &str) -> Option<u64> {
    limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?.parse().ok()
}

/// Obeys what root sets in any process.
pub(crate) fn follow_changes(store: Store, limiter: Limiter) -> Task {
    Task::new("rate limits", async move |stop| {
        let followed = async {
            loop {
                match store.setting::<RateChanges>(RateChanges::SETTING).await {
                    Ok(changes) => limiter.change(changes),
                    // What was last heard goes on counting.
                    Err(error) => tracing::debug!(%error, "the rate limits cannot be read"),
                }
                tokio::time::sleep(FOLLOW_EVERY).await;
            }
        };
        stop.run_until_cancelled(followed).await;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::open_files;

    #[test]
    fn the_soft_limit_of_open_files_is_read() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max processes             31192                31192                processes\n\
                      Max open files            1024                 524288               files\n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(open_files("Max open files            unlimited            unlimited            files"), None);
    }
}
