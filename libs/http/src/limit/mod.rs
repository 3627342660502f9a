//! How often somebody may ask: token buckets in a fixed amount of memory, the budgets of every request, and from where a request comes.

mod class;
mod limiter;
mod network;
mod proxies;
mod rate;
mod rates;
mod standing;
mod table;

pub use limiter::Limiter;
pub use network::Network;
pub use proxies::{ProxyHeader, TrustedProxies};
pub use rate::Rate;
pub use rates::{ClassChanges, ClassRates, RateChanges, RateLimits};
pub use table::Table;

pub(crate) use class::Class;
pub(crate) use limiter::Refused;
pub(crate) use standing::Standing;
