-- Erasures as they are told: the newest first, by their transactions.
create index erasure_tx on ddb.erasure (namespace, tx);
