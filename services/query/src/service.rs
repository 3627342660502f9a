use ddb_core::Result;
use ddb_runtime::{Service, Shared, Task};

use crate::router;

/// The routes of the records, and the background work that belongs to them.
pub async fn service(shared: &Shared) -> Result<Service> {
    let store = shared.database.store().clone();
    let asked = store.clone();
    let one_offs = Task::new("jobs that were asked for", async move |cancelled| {
        asked.run_one_offs(&[ddb_store::verify::verifier()], cancelled).await;
        Ok(())
    });
    let jobs = Task::new("jobs", async move |cancelled| {
        let jobs = [ddb_store::expiry::reaper(), ddb_store::kept::sweeper(), ddb_store::namespace::purger()];
        store.run_jobs(&jobs, cancelled).await;
        Ok(())
    });
    let building = shared.database.store().clone();
    let indexes = Task::new("indexes", async move |cancelled| {
        building.run_jobs(&[ddb_store::index::builder()], cancelled).await;
        Ok(())
    });
    let erasing = shared.database.store().clone();
    let erasures = Task::new("erasures", async move |cancelled| {
        erasing.run_jobs(&[ddb_store::erasure::carrier()], cancelled).await;
        Ok(())
    });
    let pruning = shared.database.store().clone();
    let retention = Task::new("retention", async move |cancelled| {
        pruning.run_jobs(&[ddb_store::retention::compactor()], cancelled).await;
        Ok(())
    });
    let counting = shared.database.store().clone();
    let counts = Task::new("quotas", async move |cancelled| {
        counting.run_jobs(&[ddb_store::quota::counter()], cancelled).await;
        Ok(())
    });
    let forgetting = shared.database.clone();
    let forget = Task::new("answers of what is erased", async move |cancelled| {
        forgetting.forget_what_is_erased(cancelled).await;
        Ok(())
    });
    Ok(Service {
        name: "query",
        routes: router::routes(shared),
        tasks: vec![jobs, one_offs, indexes, erasures, retention, counts, forget],
        has_admin: None,
    })
}
