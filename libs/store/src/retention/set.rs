//! Sets of transactions, as the chain lists them.

use ddb_core::{Error, Result, Tx};

/// Transactions in the order of their numbers. As bytes: the distance of each from the one before it (of the first from 0), in groups of 7 bits, the lowest first, with
/// the high bit set in all but the last (LEB128).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TxSet(Vec<Tx>);

impl TxSet {
    pub(crate) fn new(mut transactions: Vec<Tx>) -> Self {
        transactions.sort_unstable();
        transactions.dedup();
        Self(transactions)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Tx> + '_ {
        self.0.iter().copied()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() * 2);
        let mut before = 0;
        for tx in &self.0 {
            let mut distance = tx.0.abs_diff(before);
            before = tx.0;
            while distance >= 0x80 {
                out.push(distance as u8 | 0x80);
                distance >>= 7;
            }
            out.push(distance as u8);
        }
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = || Error::internal("a list of dropped transactions is not one");
        let mut transactions = Vec::new();
        let (mut tx, mut distance, mut shift) = (0_i64, 0_u64, 0_u32);
        for byte in bytes {
            let bits = u64::from(byte & 0x7f);
            // The tenth group has room for one bit.
            if shift > 63 || (shift == 63 && bits > 1) {
                return Err(damaged());
            }
            distance |= bits << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                tx = tx.checked_add_unsigned(distance).filter(|_| distance > 0).ok_or_else(damaged)?;
                transactions.push(Tx(tx));
                (distance, shift) = (0, 0);
            }
        }
        if shift != 0 {
            return Err(damaged());
        }
        Ok(Self(transactions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_survive_their_bytes() {
        for numbers in [vec![], vec![1], vec![1, 2, 3], vec![127, 128, 129], vec![5, 1_000_000, 1_000_001], vec![i64::MAX]] {
            let set = TxSet::new(numbers.iter().copied().map(Tx).collect());
            assert_eq!(TxSet::from_bytes(&set.to_bytes()).expect("a set"), set);
        }
        let neighbours = TxSet::new((1..=10_000).map(Tx).collect());
        assert_eq!(neighbours.to_bytes().len(), 10_000, "a byte for each neighbour");
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for bytes in [&[0x80][..], &[0], &[1, 0], &[0xff; 11], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1]] {
            assert!(TxSet::from_bytes(bytes).is_err(), "{bytes:?}");
        }
    }
}
