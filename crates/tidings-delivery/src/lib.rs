#![doc = include_str!("../README.md")]

pub mod consequence;
pub mod dispatch;
mod engine;
mod errands;
mod hub;
mod letter;
pub mod metrics;
mod replayer;
pub mod report;
mod route;
mod sender;
mod settler;
pub mod transport;
mod upkeep;
mod waker;

pub use engine::{Engine, EngineOptions, Unstored};
