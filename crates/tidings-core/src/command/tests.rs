//! What holds whatever is asked for, in any order.

mod commands;
mod replay;
mod sizes;
mod stories;
