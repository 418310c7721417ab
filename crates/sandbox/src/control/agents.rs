//! Agents who accept their invitations, and the templates that people agree to: what the platform's own pages do.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::asked::{Asked, Body};
use super::problem::Problem;
use crate::platform::Platform;
use crate::world::agent::Agent;
use crate::world::subscription::Notice;

/// `GET agents`
pub(crate) async fn list(State(platform): State<Arc<Platform>>, asked: Asked) -> Json<Value> {
    Json(platform.with(|world, _| world.accounts[asked.at].agents.iter().map(Agent::to_json).collect()))
}

/// `POST agents/accept {kf_account, worker?}`: who was invited says yes; a worker can be named without an invitation.
pub(crate) async fn accept(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
    Body(body): Body,
) -> Result<Json<Value>, Problem> {
    let name = body["kf_account"].as_str().unwrap_or_default();
    platform.with(|world, _| {
        let accepted = world.accounts[asked.at].agents.accept(name, body["worker"].as_str());
        accepted.map(|agent| Json(agent.to_json())).map_err(|code| {
            Problem::bad(
                format!("{name:?} cannot accept ({code})"),
                "add the agent with /customservice/kfaccount/add, and invite somebody or name a `worker`",
            )
        })
    })
}

/// `GET subscription_templates`
pub(crate) async fn subscription_templates(
    State(platform): State<Arc<Platform>>,
    asked: Asked,
) -> Json<Value> {
    Json(platform.with(|world, _| world.accounts[asked.at].notices.iter().map(Notice::to_json).collect()))
}
