//! Line 5: weather and traffic from other services.

use crate::harness::Demo;

#[tokio::test]
async fn weather_comes_from_two_calls_and_traffic_from_one() {
    let demo = Demo::start("secure").await;
    let mut person = demo.follower("小明").await;
    let weather = person.ask("天气 北京").await;
    assert!(weather.contains("北京") && weather.contains('°'), "{weather}");
    let elsewhere = person.ask("天气 上海").await;
    assert!(elsewhere.contains("上海"), "{elsewhere}");
    assert_ne!(weather.replace("北京", ""), elsewhere.replace("上海", ""));
    let traffic = person.ask("路况 北京 三环").await;
    assert!(traffic.contains("三环"), "{traffic}");
}

#[tokio::test]
async fn an_unknown_city_is_said_to_be_unknown() {
    let demo = Demo::start("plain").await;
    let mut person = demo.follower("小明").await;
    let answer = person.ask("天气 亚特兰蒂斯").await;
    assert!(answer.contains("亚特兰蒂斯"), "{answer}");
    assert!(!answer.contains('°'), "{answer}");
}
