#![doc = include_str!("../README.md")]

pub mod access;
pub mod address;
pub mod call;
pub mod clock;
pub mod command;
pub mod contact;
pub mod conversation;
pub mod delivery;
#[cfg(test)]
mod dice;
pub mod endpoint;
pub mod errand;
pub mod event;
pub mod event_type;
pub mod explain;
pub mod fault;
pub mod health;
pub mod holds;
pub mod id;
pub mod input;
pub mod lane;
pub mod message;
pub mod organization;
pub mod outcome;
pub mod record;
pub mod replay;
pub mod reply_draft;
pub mod resource;
pub mod retry;
pub mod shares;
pub mod sla;
pub mod spell;
pub mod stats;
pub mod subscription;
pub mod user;
pub mod webhook;
