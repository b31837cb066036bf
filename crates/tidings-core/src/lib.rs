#![doc = include_str!("../README.md")]

pub mod access;
pub mod address;
pub mod clock;
pub mod delivery;
pub mod endpoint;
pub mod event;
pub mod fault;
pub mod health;
pub mod id;
pub mod input;
pub mod lane;
pub mod organization;
pub mod outcome;
pub mod retry;
pub mod subscription;
pub mod webhook;
