-- What an account did. The system's transactions are found by their numbers.
create index tx_actor on ddb.tx (namespace, actor, tx) where actor is not null;
