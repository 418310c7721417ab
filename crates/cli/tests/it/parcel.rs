//! Line 4: the same order number gives today's place.

use crate::harness::Demo;

#[tokio::test]
async fn the_parcel_has_moved_when_the_clock_has() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    let today = person.ask("快递 SF1001").await;
    assert!(today.contains("SF1001"), "{today}");
    assert_eq!(person.ask("快递 SF1001").await, today, "the parcel moved without time passing");
    demo.advance(24 * 3600).await;
    let tomorrow = person.ask("快递 SF1001").await;
    assert!(tomorrow.contains("SF1001"), "{tomorrow}");
    assert_ne!(today, tomorrow);
}
