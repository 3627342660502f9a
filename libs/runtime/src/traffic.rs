use std::time::Duration;

use ddb_core::Result;
use ddb_http::limit::{Limiter, ProxyHeader, RateChanges, RateLimits, TrustedProxies};
use ddb_store::Store;

use crate::service::Task;
use crate::settings::Settings;

/// How often what another process has changed is read, so that it counts within a second.
const FOLLOW_EVERY: Duration = Duration::from_millis(700);

/// Who may ask how often, and whose word is taken for who it is.
pub struct Traffic {
    pub rates: RateLimits,
    pub proxies: TrustedProxies,
}

impl Traffic {
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
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
        Ok(Self { rates, proxies: proxies.unwrap_or_default() })
    }
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
