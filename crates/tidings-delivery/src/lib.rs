//! 

pub mod transport;
