//! The log read stream by stream.

use super::backend::{on_every_backend, stream, workspace, writes};
use anyhow::Result;
use planexe_ax::store::{Expected, Position, Stream, StreamRange, Version};

#[tokio::test(flavor = "multi_thread")]
async fn streams_come_in_the_order_of_their_first_events_and_events_in_that_of_streams()
-> Result<()> {
    on_every_backend(async |store| {
        for number in 0..6 {
            let [b, a] = [10 + number, 20 + number];
            let both = vec![("b", Expected::Any, vec![b]), ("a", Expected::Any, vec![a])];
            store.append(writes(both)).await?;
        }
        let of = |id, name| Stream {
            id: Position::new(id),
            workspace: workspace(),
            name: stream(name),
            version: Version::new(6),
        };
        let all = store.streams(Position::ZERO, Position::new(12), 9).await?;
        assert_eq!(all, [of(1, "b"), of(2, "a")]);
        assert_eq!(store.streams(Position::ZERO, Position::new(12), 1).await?, [of(1, "b")]);
        assert_eq!(store.streams(Position::new(1), Position::new(12), 9).await?, [of(2, "a")]);
        assert_eq!(store.streams(Position::ZERO, Position::new(1), 9).await?, [of(1, "b")]);

        let mut range = StreamRange {
            after: (Position::ZERO, Version::ZERO),
            to: Position::new(2),
            until: Position::new(9),
        };
        let mut seen = Vec::new();
        loop {
            let page = store.stream_events(&range, 2).await?;
            let places = page.iter().map(|it| (it.stream_id, it.version, it.position.get()));
            seen.extend(places.map(|(stream, version, at)| (stream.get(), version.get(), at)));
            let Some(last) = page.last() else { break };
            range.after = (last.stream_id, last.version);
        }
        let b = (1..=5).map(|version| (1, version, 2 * version - 1));
        let a = (1..=4).map(|version| (2, version, 2 * version));
        assert_eq!(seen, b.chain(a).collect::<Vec<_>>());
        Ok(())
    })
    .await
}
