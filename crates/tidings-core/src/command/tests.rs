//! What holds whatever is asked for, in any order.

mod replay;
mod sizes;
mod stories;
