//! The accounts that take part: what steps call them, and their secrets.

use std::collections::BTreeMap;

use serde_json::Value;

use super::link::Asked;
use super::model::Scenario;
use super::words::Words;

/// An account of the sandbox.
#[derive(Clone, Debug)]
struct Member {
    app_id: String,
    /// What a step may call it.
    names: Vec<String>,
}

/// All accounts of the sandbox, in its order.
pub(crate) struct Troupe {
    members: Vec<Member>,
    secrets: BTreeMap<String, String>,
    /// The AppID of the account that steps mean when they name none.
    usual: String,
}

impl std::fmt::Debug for Troupe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Troupe").field("members", &self.members).finish_non_exhaustive()
    }
}

impl Troupe {
    pub(crate) fn new(app_id: &str, secret: &str) -> Self {
        let mut troupe = Troupe { members: Vec::new(), secrets: BTreeMap::new(), usual: app_id.to_owned() };
        troupe.knows(app_id, secret);
        troupe
    }

    pub(crate) fn knows(&mut self, app_id: &str, secret: &str) {
        self.secrets.insert(app_id.to_owned(), secret.to_owned());
    }

    /// Takes the sandbox's accounts, with what the scenario calls them.
    pub(crate) fn enter(&mut self, scenario: &Scenario, accounts: &Value) {
        let listed = accounts.as_array().map(Vec::as_slice).unwrap_or_default();
        self.members = listed
            .iter()
            .map(|account| {
                let text = |name: &str| account[name].as_str().unwrap_or_default().to_owned();
                let app_id = text("app_id");
                let called = scenario.accounts.iter().filter(|one| one.options.app_id == app_id);
                let mut names: Vec<String> = called.map(|one| one.id.clone()).collect();
                names.extend([app_id.clone(), text("name")]);
                Member { app_id, names }
            })
            .collect();
        for account in &scenario.accounts {
            let secret = &account.options.secret;
            self.secrets.entry(account.options.app_id.clone()).or_insert_with(|| secret.clone());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// The place of the account that steps mean when they name none.
    pub(crate) fn usual(&self) -> usize {
        self.members.iter().position(|one| one.app_id == self.usual).unwrap_or(0)
    }

    /// The place of the account with this name.
    pub(crate) fn find(&self, name: &str) -> Asked<usize> {
        let called = |one: &Member| one.names.iter().any(|known| known == name);
        self.members.iter().position(called).ok_or_else(|| {
            let all: Vec<&str> =
                self.members.iter().filter_map(|one| one.names.last()).map(String::as_str).collect();
            let all = all.join(", ");
            Words::new(
                format!("the sandbox has no account {name:?}; it has {all}"),
                format!("沙箱里没有账号 {name:?}，有的是 {all}"),
            )
        })
    }

    pub(crate) fn app_id(&self, at: usize) -> &str {
        self.members.get(at).map(|one| one.app_id.as_str()).unwrap_or_default()
    }

    /// AppID and secret of an account, for its token.
    pub(crate) fn credentials(&self, at: usize) -> Asked<(&str, &str)> {
        // What was given for an account the sandbox does not have is tried all the same: the refusal says why.
        let app_id = if at == self.usual() { self.usual.as_str() } else { self.app_id(at) };
        let secret = self.secrets.get(app_id).ok_or_else(|| {
            Words::new(
                format!(
                    "no secret for the account {app_id}: list it under `accounts`, or in the --accounts file"
                ),
                format!("没有账号 {app_id} 的 AppSecret：请写在 accounts 里，或用 --accounts 文件给出"),
            )
        })?;
        Ok((app_id, secret))
    }
}
