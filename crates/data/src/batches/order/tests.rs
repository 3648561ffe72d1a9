use super::*;
use proptest::prelude::*;

#[test]
fn impossible_sizes_are_refused() {
    for (len, batch) in [(10, 0), (10, 11), (0, 0), (0, 1)] {
        let error = Batches::new(len, batch, Key::new(1)).map(|_| ()).unwrap_err();
        assert!(matches!(error, DataError::BatchSize { .. }), "{error}");
    }
}

#[test]
fn epochs_differ_and_streams_differ() {
    let order = |seed, epoch: u64| Batches::new(100, 100, Key::new(seed)).unwrap().indices(epoch);
    assert_ne!(order(1, 0), order(1, 1));
    assert_ne!(order(1, 0), order(2, 0));
}

#[test]
fn other_orders_are_the_same_in_all_epochs() {
    let batches = |order| Batches::new(100, 50, Key::new(1)).unwrap().in_order(order);
    let (mut stored, mut once) = (batches(Order::Stored), batches(Order::ShuffledOnce));
    assert_eq!(stored.indices(3), (50..100).collect::<Vec<_>>());
    assert_ne!(once.indices(0), stored.indices(0));
    assert_eq!(once.indices(1), once.indices(3));
    // A set that is shuffled in each epoch has this order in the first one.
    assert_eq!(once.indices(2), batches(Order::Shuffled).indices(0));
}

#[test]
fn the_last_batch_is_left_out_or_short_or_filled_up() {
    let batches = |last| Batches::new(10, 4, Key::new(1)).unwrap().with_last(last);
    let (mut drop, mut short, mut fill) =
        (batches(Last::Drop), batches(Last::Short), batches(Last::Fill));
    assert_eq!([&drop, &short, &fill].map(Batches::per_epoch), [2, 3, 3]);
    assert_eq!((short.epoch(2), short.epoch(3), drop.epoch(2)), (0, 1, 1));
    let epoch: Vec<usize> = (3..6).flat_map(|i| short.indices(i)).collect();
    let mut sorted = epoch.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..10).collect::<Vec<_>>());
    assert_eq!(short.indices(5).len(), 2);
    assert_eq!(fill.indices(5), [&epoch[8..], &epoch[..2]].concat());
    // The order does not depend on the treatment of its end.
    assert_eq!(drop.indices(2), epoch[..4]);
    let whole = Batches::new(8, 4, Key::new(1)).unwrap().with_last(Last::Fill);
    assert_eq!(whole.per_epoch(), 2);
}

#[test]
fn epochs_are_counted() {
    let batches = Batches::new(105, 10, Key::new(1)).unwrap();
    assert_eq!(batches.per_epoch(), 10);
    assert_eq!((batches.epoch(9), batches.epoch(10), batches.epoch(25)), (0, 1, 2));
}

proptest! {
    #[test]
    fn an_epoch_sees_no_image_twice(seed: u64, len in 1usize..200, share in 0.0f64..1.0, epoch in 0u64..1 << 40) {
        let batch = 1 + (share * (len - 1) as f64) as usize;
        let mut batches = Batches::new(len, batch, Key::new(seed)).unwrap();
        let first = epoch * batches.per_epoch();
        let mut seen: Vec<usize> =
            (first..first + batches.per_epoch()).flat_map(|i| batches.indices(i)).collect();
        prop_assert_eq!(seen.len(), len / batch * batch);
        seen.sort_unstable();
        prop_assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(seen.iter().all(|&index| index < len));
    }

    #[test]
    fn any_order_of_iterations_gives_the_same_batches(seed: u64, iterations in proptest::collection::vec(0u64..60, 1..20)) {
        let mut resumed = Batches::new(47, 6, Key::new(seed)).unwrap();
        let mut whole = Batches::new(47, 6, Key::new(seed)).unwrap();
        let all: Vec<_> = (0..60).map(|i| whole.indices(i)).collect();
        for iteration in iterations {
            prop_assert_eq!(&resumed.indices(iteration), &all[iteration as usize]);
        }
    }
}
