//! Settings: what was written (`RawConfig`, each text with its origin) and what it means
//! (`Config`). TOML file < environment < flag (contract §2); unknown keys are refused and all
//! problems are told at once. Only this module reads the environment of the server.

mod environment;
mod file;
mod flags;
mod meaning;
mod origin;
mod parse;
mod problem;
mod raw;
mod settings;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub(crate) use environment::Environment;
pub(crate) use flags::Flags;
pub(crate) use meaning::{Config, LogFormat, Store};
pub(crate) use origin::Origin;
pub(crate) use problem::{Problem, Problems};
pub(crate) use raw::RawConfig;
pub(crate) use settings::Shape;

/// A configuration as far as it could be read: what was written is kept even when its meaning has
/// problems, so that `config show` can show the place of the fault.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What was written, and where.
    pub(crate) raw: RawConfig,
    /// What it means, or everything that is wrong with it.
    pub(crate) config: Result<Config, Problems>,
    /// What is odd but harmless; told on start.
    pub(crate) warnings: Vec<String>,
}

/// Reads the file, the environment and the flags, in rising order of strength.
pub(crate) fn load(flags: &Flags, environment: &Environment) -> Loaded {
    let mut raw = RawConfig::default();
    let mut problems = Problems::default();
    if let Some((path, named_by)) = config_file(flags, environment) {
        file::read(&path, &named_by, &mut raw, &mut problems);
    }
    environment.read(&mut raw);
    flags.read(&mut raw);
    let warnings = environment.strangers(&mut problems);
    let config = Config::understand(&raw, problems);
    Loaded {
        raw,
        config,
        warnings,
    }
}

fn config_file(flags: &Flags, environment: &Environment) -> Option<(PathBuf, Origin)> {
    let variable = environment::CONFIG_VARIABLE;
    if let Some(path) = &flags.config {
        return Some((path.clone(), Origin::Flag("--config".to_owned())));
    }
    let path = environment.get(variable)?;
    Some((PathBuf::from(path), Origin::Variable(variable.to_owned())))
}
