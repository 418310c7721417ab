//! The papers are true: the commands of the README are the ones that work.

use std::path::Path;

use crate::harness::run;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every `hongyan …` and `cargo run --release -- …` line in the code blocks of a paper.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside && (line.contains("sh") || line.trim() == "```");
            continue;
        }
        let line = line.trim().trim_start_matches("$ ");
        let rest = line.strip_prefix("cargo run --release -- ").or_else(|| line.strip_prefix("hongyan "));
        if let (true, Some(rest)) = (inside, rest) {
            let words = rest.split('#').next().unwrap().split_whitespace();
            found.push(words.map(str::to_owned).collect());
        }
    }
    found
}

#[tokio::test]
async fn every_command_of_the_readme_is_one_that_the_binary_knows() {
    for paper in ["README.md", "README.zh-CN.md"] {
        let text = read(paper);
        assert!(text.contains("cargo run --release -- demo"), "{paper} does not name the first command");
        assert!(text.contains("scripts/test"), "{paper} does not name the second command");
        let commands = commands(&text);
        assert!(commands.len() > 5, "{paper}: {commands:?}");
        for command in commands {
            let mut words: Vec<&str> = Vec::new();
            for word in &command {
                if word.starts_with('-') || !word.chars().all(|c| c.is_ascii_lowercase()) || words.len() == 2
                {
                    break;
                }
                words.push(word);
            }
            let flags: Vec<&String> = command.iter().filter(|word| word.starts_with("--")).collect();
            let mut asked = words.clone();
            asked.push("--help");
            let mut help = run(&asked, &[]).await;
            if help.code != 0 && words.len() == 2 {
                help = run(&[words[0], "--help"], &[]).await;
            }
            assert_eq!(help.code, 0, "{paper}: {command:?}: {help:#?}");
            for flag in flags {
                let name = flag.split('=').next().unwrap();
                assert!(help.out.contains(name), "{paper}: {command:?}: {name} is not a flag of it");
            }
        }
    }
}

#[tokio::test]
async fn every_command_shows_an_example_in_its_help() {
    for command in [
        "demo",
        "serve",
        "sandbox",
        "menu",
        "send",
        "users",
        "qrcode",
        "token",
        "call",
        "decode",
        "rules",
        "doctor",
        "completions",
    ] {
        let help = run(&[command, "--help"], &[]).await.ok();
        assert!(help.contains(&format!("hongyan {command}")), "{command}: {help}");
        assert!(help.contains("Example"), "{command}: {help}");
    }
}

#[tokio::test]
async fn completions_are_written_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell], &[]).await.ok().contains("hongyan"));
    }
}
