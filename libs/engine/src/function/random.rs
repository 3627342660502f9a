//! Chance.
use ddb_core::{Datetime, Duration, GeneratedKeys, Timestamp, Uuid, Value};
use rand::RngExt;

use super::{Arguments, Function, Outcome, chance, ulid};
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[Function] = &[
    chance("rand", 0, 0, |_| Ok(Value::Float(rand::random()))),
    chance("rand::bool", 0, 0, |_| Ok(Value::Bool(rand::random()))),
    chance("rand::duration", 2, 2, duration),
    chance("rand::enum", 1, usize::MAX, one_of),
    chance("rand::float", 0, 2, float),
    chance("rand::guid", 0, 2, |arguments| string(arguments, b"0123456789abcdefghijklmnopqrstuvwxyz", 20)),
    chance("rand::id", 0, 2, id),
    chance("rand::int", 0, 2, int),
    chance("rand::string", 0, 2, |arguments| {
        string(arguments, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 32)
    }),
    chance("rand::time", 0, 2, time),
    chance("rand::ulid", 0, 1, |arguments| Ok(Value::String(ulid::make(moment(arguments)?)))),
    chance("rand::uuid", 0, 0, uuid_v7),
    chance("rand::uuid::v4", 0, 0, |_| Ok(Value::Uuid(Uuid::from_u128(uuid_bits(rand::random(), 4))))),
    chance("rand::uuid::v7", 0, 1, uuid_v7),
];

/// Characters of a random string at most.
const MAX_LENGTH: usize = 65_536;

/// The time of the request, or another one.
fn moment(arguments: &mut Arguments<'_>) -> Result<Datetime, Failure> {
    let now = arguments.now();
    Ok(arguments.optional(Arguments::datetime)?.unwrap_or(now))
}

/// The bits with those of a version of UUID (RFC 9562) in their places.
fn uuid_bits(random: u128, version: u128) -> u128 {
    random & !(0xF << 76) & !(0b11 << 62) | version << 76 | 0b10 << 62
}

fn uuid_v7(arguments: &mut Arguments<'_>) -> Outcome {
    let time = moment(arguments)?;
    let milliseconds = i128::from(time.seconds) * 1_000 + i128::from(time.nanoseconds / 1_000_000);
    let milliseconds = milliseconds.clamp(0, (1 << 48) - 1) as u128;
    Ok(Value::Uuid(Uuid::from_u128(uuid_bits(milliseconds << 80 | rand::random::<u128>() >> 48, 7))))
}

/// Both ends of what is drawn from, the lesser first.
fn bounds<T: PartialOrd>(
    arguments: &mut Arguments<'_>,
    read: fn(&mut Arguments<'_>) -> Result<T, Failure>,
) -> Result<Option<(T, T)>, Failure> {
    if arguments.len() == 0 {
        return Ok(None);
    }
    if arguments.len() == 1 {
        return Err(Failure::invalid("it takes no arguments, or two: the least and the greatest"));
    }
    let (a, b) = (read(arguments)?, read(arguments)?);
    Ok(Some(if a <= b { (a, b) } else { (b, a) }))
}

fn int(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Int(match bounds(arguments, |arguments| arguments.int())? {
        None => rand::random(),
        Some((least, most)) => rand::rng().random_range(least..=most),
    }))
}

fn float(arguments: &mut Arguments<'_>) -> Outcome {
    Ok(Value::Float(match bounds(arguments, |arguments| arguments.float())? {
        None => rand::random(),
        Some((least, most)) => least + (most - least) * rand::random::<f64>(),
    }))
}

fn duration(arguments: &mut Arguments<'_>) -> Outcome {
    let (a, b) = (arguments.duration()?, arguments.duration()?);
    let (least, most) = (a.min(b), a.max(b));
    let nanoseconds = rand::rng().random_range(least.as_nanoseconds()..=most.as_nanoseconds());
    Duration::from_nanoseconds(nanoseconds).map(Value::Duration).ok_or_else(|| Failure::invalid("the duration is too long"))
}

/// A whole second, of the years 1970 to 2099 where no bounds are given.
fn time(arguments: &mut Arguments<'_>) -> Outcome {
    const SECONDS: (i64, i64) = (0, 4_102_444_799);
    let (least, most) = bounds(arguments, |arguments| match arguments.value()?.as_ref() {
        Value::Datetime(time) => Ok(time.seconds),
        Value::Int(seconds) => Ok(*seconds),
        other => Err(arguments.mismatch("a datetime or seconds since 1970", other.kind_name())),
    })?
    .unwrap_or(SECONDS);
    Ok(Value::Datetime(Datetime { seconds: rand::rng().random_range(least..=most), nanoseconds: 0 }))
}

/// One of the arguments, or of the items of the only one.
fn one_of(arguments: &mut Arguments<'_>) -> Outcome {
    let mut choices = Vec::with_capacity(arguments.len());
    while arguments.len() > 0 {
        choices.push(arguments.value()?.into_owned());
    }
    if let [Value::Array(items) | Value::Set(items)] = choices.as_mut_slice() {
        choices = std::mem::take(items);
    }
    match choices.len() {
        0 => Ok(Value::None),
        count => Ok(choices.swap_remove(rand::rng().random_range(0..count))),
    }
}

/// Characters, as many as the first argument says, or from the first to the second.
fn string(arguments: &mut Arguments<'_>, characters: &[u8], usual: usize) -> Outcome {
    let least = arguments.optional(Arguments::count)?;
    let most = arguments.optional(Arguments::count)?.or(least).unwrap_or(usual);
    let least = least.unwrap_or(usual);
    let (least, most) = (least.min(most), least.max(most));
    if most > MAX_LENGTH {
        return Err(Failure::invalid(format!("at most {MAX_LENGTH} characters")));
    }
    arguments.budget().use_bytes(most as u64)?;
    let mut rng = rand::rng();
    let length = rng.random_range(least..=most);
    Ok(Value::String((0..length).map(|_| char::from(characters[rng.random_range(0..characters.len())])).collect()))
}

/// A key as new records get it; with arguments a random string of that length.
fn id(arguments: &mut Arguments<'_>) -> Outcome {
    if arguments.len() > 0 {
        return string(arguments, b"0123456789abcdefghijklmnopqrstuvwxyz", 20);
    }
    let now = arguments.now().to_timestamp().unwrap_or(Timestamp(0));
    Ok(Value::String(GeneratedKeys::at(now).next_text()))
}
