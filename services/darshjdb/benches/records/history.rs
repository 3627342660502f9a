//! `benches/history.csv`: every figure of every full run, so that a loss is seen. Its columns are named in
//! its first line.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::Result;
use crate::conditions::Conditions;
use crate::figures::Figure;

pub(crate) fn append(conditions: &Conditions, figures: &[Figure]) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/history.csv");
    let mut lines = String::new();
    let date = DateTime::<Utc>::from(SystemTime::now()).format("%Y-%m-%d");
    let machine = conditions.machine.replace([',', '"'], " ");
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
    for figure in figures {
        let Some(value) = figure.ours else { continue };
        writeln!(
            lines,
            "{date},{},{machine},{},{value:.3},{},{},{}",
            conditions.commit,
            figure.name,
            figure.unit,
            number(figure.theirs),
            number(figure.ratio)
        )?;
    }
    File::options().append(true).open(path)?.write_all(lines.as_bytes())?;
    Ok(())
}
