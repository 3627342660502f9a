use std::net::SocketAddr;
use std::path::PathBuf;

use ddb_core::Result;

use crate::attachment::store_of_url;
use crate::config::Config;

/// What a person at a terminal reads once the process serves: where it is, what is still to be done, and where the data lies.
pub(crate) fn banner(config: &Config, url: &str, hint: Option<&str>) -> String {
    let mut lines = vec![format!("Ready on {url} (documentation: {url}/api/docs)")];
    lines.extend(hint.map(str::to_owned));
    lines.extend(place(config).map(|place| format!("Data: {place}")));
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("\n{}\n", lines.concat())
}

fn place(config: &Config) -> Option<String> {
    if config.database_url.is_some() {
        return Some(of_url(config).unwrap_or_else(|_| "the PostgreSQL of DATABASE_URL".to_owned()));
    }
    let data_dir = config.data_dir.as_deref()?;
    Some(std::path::absolute(data_dir).as_deref().unwrap_or(data_dir).components().collect::<PathBuf>().display().to_string())
}

/// Without the user and the password.
fn of_url(config: &Config) -> Result<String> {
    let store = store_of_url(config)?;
    let database = store.database().map(|name| format!(", database {name}")).unwrap_or_default();
    Ok(format!("PostgreSQL on {}{database}", store.place()))
}

/// The address that the person types into a browser: as the settings name the host, with the port that was bound.
pub(crate) fn url(scheme: &str, bind: &str, bound: Option<&SocketAddr>) -> String {
    let host = bind.rsplit_once(':').map_or(bind, |(host, _)| host);
    let is_everywhere = bound.is_some_and(|address| address.ip().is_unspecified());
    let host = if is_everywhere { "localhost" } else { host };
    match bound {
        Some(address) => format!("{scheme}://{host}:{}", address.port()),
        None => format!("{scheme}://{bind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_can_be_opened_in_a_browser() {
        for (bind, bound, expected) in [
            ("localhost:7700", "127.0.0.1:7700", "http://localhost:7700"),
            ("127.0.0.1:0", "127.0.0.1:40123", "http://127.0.0.1:40123"),
            ("0.0.0.0:7700", "0.0.0.0:7700", "http://localhost:7700"),
            ("[::]:80", "[::]:80", "http://localhost:80"),
            ("[::1]:7700", "[::1]:7700", "http://[::1]:7700"),
            ("db.example.com:7700", "10.0.0.1:7700", "http://db.example.com:7700"),
        ] {
            assert_eq!(url("http", bind, Some(&bound.parse().expect("an address"))), expected);
        }
    }
}
