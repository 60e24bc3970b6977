//! The decision over a batch, without a database.

use super::error::AppendError;
use super::hash::leaf_of_new;
use super::plan::{Known, KnownStream, Prepared, plan_batch};
use super::types::{
    AppendRequest, Appended, Expected, Head, IdempotencyKey, NewEvent, Position, StreamWrite,
    Version,
};
use crate::domain::{StreamName, Timestamp, WorkspaceId};
use std::collections::HashMap;
use uuid::Uuid;

fn workspace() -> WorkspaceId {
    WorkspaceId::parse("acme").expect("it is an id")
}

fn stream() -> StreamName {
    StreamName::parse("plan/p1").expect("it is a stream")
}

fn request(expected: Expected, count: u128, key: Option<&str>) -> Prepared {
    let event = |number: u128| NewEvent {
        event_id: Uuid::from_u128(number),
        kind: "plan_imported".into(),
        schema_version: 1,
        payload: vec![1],
        metadata: Vec::new(),
        recorded_at: Timestamp::from_unix_ms(1),
    };
    let events: Vec<NewEvent> = (0..count).map(event).collect();
    let leaves = events.iter().map(|new| leaf_of_new(&workspace(), &stream(), new)).collect();
    let key = key.map(|key| IdempotencyKey {
        actor: "user:u".to_owned(),
        key: key.to_owned(),
        request_hash: [1; 32],
    });
    let writes = vec![StreamWrite { stream: stream(), expected, events }];
    let workspace = workspace();
    Prepared {
        request: AppendRequest { workspace, writes, conditions: vec![], key, answer: vec![] },
        leaves,
        follows: false,
    }
}

fn known(version: u64) -> Known {
    let head =
        Head { log_id: Uuid::nil(), position: Position::new(10), batch_no: 4, batch_hash: [9; 32] };
    let known = KnownStream { stream_id: Position::new(2), version: Version::new(version) };
    let streams = HashMap::from([((workspace(), stream()), known)]);
    Known { head, streams, keys: HashMap::new() }
}

#[test]
fn requests_for_one_stream_chain_in_the_order_of_arrival() {
    let exactly = |version| Expected::Exact(Version::new(version));
    let batch =
        [request(exactly(3), 2, None), request(exactly(3), 1, None), request(exactly(5), 1, None)];
    let plan = plan_batch(known(3), &batch);
    let stored: Vec<bool> = plan.outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(stored, [true, false, true]);
    let places: Vec<(u64, u64)> =
        plan.events.iter().map(|event| (event.position.get(), event.version.get())).collect();
    assert_eq!(places, [(11, 4), (12, 5), (13, 6)]);
    assert_eq!((plan.streams.len(), plan.streams[0].version.get()), (1, 6));
    assert_eq!((plan.batch.first_position.get(), plan.batch.last_position.get()), (11, 13));
}

#[test]
fn the_second_of_two_equal_keys_in_a_batch_gets_the_answer_of_the_first() {
    let batch = [request(Expected::Any, 1, Some("k")), request(Expected::Any, 1, Some("k"))];
    let plan = plan_batch(known(3), &batch);
    assert!(matches!(plan.outcomes[0], Ok(Appended::New(_))));
    assert!(matches!(plan.outcomes[1], Ok(Appended::Repeated(_))));
    assert_eq!((plan.events.len(), plan.keys.len()), (1, 1));
}

#[test]
fn what_was_decided_on_a_request_that_is_not_stored_is_not_stored_though_its_version_fits() {
    let follows = |request: Prepared| Prepared { follows: true, ..request };
    let at = |version| Expected::Exact(Version::new(version));
    let batch = [
        request(at(3), 1, Some("k")),
        request(at(3), 1, None),
        follows(request(at(4), 1, None)),
        follows(request(at(5), 1, Some("k"))),
        follows(request(at(4), 1, None)),
        request(at(4), 1, None),
        follows(request(at(5), 1, None)),
    ];
    let plan = plan_batch(known(3), &batch);
    let stored: Vec<&str> = plan
        .outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(Appended::New(_)) => "new",
            Ok(Appended::Repeated(_)) => "repeated",
            Err(_) => "refused",
        })
        .collect();
    let wanted = ["new", "refused", "refused", "repeated", "refused", "new", "new"];
    assert_eq!(stored, wanted);
}

#[test]
fn a_key_is_looked_up_before_the_versions_are() {
    let batch = [
        request(Expected::Exact(Version::new(3)), 1, Some("k")),
        request(Expected::Exact(Version::new(3)), 1, Some("k")),
    ];
    let plan = plan_batch(known(3), &batch);
    assert!(matches!(plan.outcomes[1], Ok(Appended::Repeated(_))));
}

#[test]
fn a_batch_of_refusals_writes_nothing() {
    let batch = [request(Expected::NoStream, 1, Some("k"))];
    let plan = plan_batch(known(3), &batch);
    assert!(plan.is_empty());
    assert!(matches!(plan.outcomes[0], Err(AppendError::Conflict { .. })));
}

#[test]
fn the_hash_of_a_batch_depends_on_the_one_before() {
    let batch = [request(Expected::Any, 1, None)];
    let mut other = known(3);
    other.head.batch_hash = [8; 32];
    assert_ne!(plan_batch(known(3), &batch).batch.hash, plan_batch(other, &batch).batch.hash);
}
