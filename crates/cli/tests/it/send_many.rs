//! `hongyan send --to-file`: to everybody in a file, by this process or by a running gateway.

use crate::harness::{Demo, Person};

async fn people(demo: &Demo, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..count {
        let mut person = demo.follower(&format!("读者{number}")).await;
        person.say("你好").await;
        person.receives_reply().await;
        person.read().await;
        people.push(person);
    }
    people
}

/// A CSV file with a name for each, and a line that is no OpenID.
fn file(folder: &tempfile::TempDir, people: &[Person]) -> String {
    let mut text = "openid,name\n".to_owned();
    for (number, person) in people.iter().enumerate() {
        text += &[&person.openid, ",", &number.to_string(), "号\n"].concat();
    }
    text.push_str(",没有\n");
    let path = folder.path().join("people.csv");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn each_has_one(people: &mut [Person]) {
    for (number, person) in people.iter_mut().enumerate() {
        let message = person.receives_one().await;
        assert_eq!(message["text"], format!("{number}号，包裹已寄出"), "{message}");
    }
}

async fn none_has_more(people: &mut [Person]) {
    for person in people {
        let more = person.read().await;
        assert!(more.is_empty(), "{more:#?}");
    }
}

#[tokio::test]
async fn everybody_in_a_file_gets_their_own_text_once_however_often_it_is_run() {
    let demo = Demo::start("plain").await;
    let mut people = people(&demo, 5).await;
    let folder = tempfile::tempdir().unwrap();
    let (list, result) = (file(&folder, &people), folder.path().join("result.csv"));
    let arguments = [
        "send",
        "--to-file",
        &list,
        "--text",
        "{{ name }}，包裹已寄出",
        "--result",
        result.to_str().unwrap(),
    ];
    let first = demo.run(&arguments).await;
    assert_eq!(first.code, 1, "a line of the file is wrong: {first:#?}");
    assert!(first.err.contains('7'), "the number of the wrong line: {}", first.err);
    each_has_one(&mut people).await;
    let results = std::fs::read_to_string(&result).unwrap();
    for person in &people {
        let line = results.lines().find(|line| line.contains(&person.openid)).unwrap();
        assert!(line.contains("sent"), "{line}");
    }
    demo.run(&arguments).await;
    none_has_more(&mut people).await;
}

#[tokio::test]
async fn a_running_gateway_sends_to_everybody_in_a_file() {
    let demo = Demo::start("secure").await;
    let mut people = people(&demo, 3).await;
    let folder = tempfile::tempdir().unwrap();
    let list = file(&folder, &people);
    let account = demo.account();
    let arguments = [
        "send",
        "--to-file",
        &list,
        "--text",
        "{{ name }}，包裹已寄出",
        "--gateway",
        &demo.gateway,
        "--account",
        &account,
    ];
    let first = demo.run(&arguments).await;
    assert_eq!(first.code, 1, "a line of the file is wrong: {first:#?}");
    each_has_one(&mut people).await;
    demo.run(&arguments).await;
    none_has_more(&mut people).await;
}
