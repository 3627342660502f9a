use ddb_core::{Error, Result};
use ddb_store::Record;

use super::{Planned, Session};
use crate::Op;
use crate::op::at_op;

impl Session {
    /// Several mutations as one transaction, all of them or none: for each what [`Session::mutate`] gives. `place` says of an error of the mutation with
    /// this index where in the request that is.
    pub async fn batch(
        &self,
        mutations: Vec<Vec<Op>>,
        place: impl Fn(usize, Error) -> Error + Send + Sync + 'static,
    ) -> Result<Planned<Vec<Vec<Option<Record>>>>> {
        self.check_mutate()?;
        Op::check_all(mutations.iter().flatten())?;
        let (mut steps, mut ends) = (Vec::new(), Vec::with_capacity(mutations.len()));
        for (index, ops) in mutations.into_iter().enumerate() {
            steps.extend(self.steps(ops).await.map_err(|error| place(index, error))?);
            ends.push(steps.len());
        }
        let starts = ends.clone();
        let planned = Planned::new(self, steps, move |written| {
            let mut records = written.records.into_iter();
            let mut begin = 0;
            let of_mutations = ends.iter().map(|end| {
                let length = end - std::mem::replace(&mut begin, *end);
                records.by_ref().take(length).collect()
            });
            Ok(of_mutations.collect())
        });
        Ok(planned.refusing(move |refused| {
            let Some(step) = refused.step else { return refused.error };
            let index = starts.partition_point(|end| *end <= step);
            let begin = if index == 0 { 0 } else { starts[index - 1] };
            place(index, at_op(step - begin, "data", refused.error))
        }))
    }
}
