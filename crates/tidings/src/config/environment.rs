//! The environment layer. An empty variable counts as not set, which is how compose files and
//! unit files spell "leave it".

use std::collections::BTreeMap;

use super::origin::Origin;
use super::problem::Problems;
use super::raw::RawConfig;
use super::settings;
use crate::suggest::nearest;

const PREFIX: &str = "TIDINGS_";

/// The variable that names the configuration file.
pub(super) const CONFIG_VARIABLE: &str = "TIDINGS_CONFIG";

/// Variables of the client commands, which a server's environment may well hold too.
const CLIENT_VARIABLES: [&str; 2] = ["TIDINGS_URL", "TIDINGS_KEY"];

/// The variables that matter to Tidings, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// What this process was started with.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok()?;
                Some((name, value.to_string_lossy().into_owned()))
            })
            .collect()
    }

    /// A variable's value, unless it is missing or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Lays the variables over the file's values.
    pub(super) fn read(&self, raw: &mut RawConfig) {
        for setting in settings::ALL {
            if let Some(text) = self.get(setting.variable) {
                let origin = Origin::Variable(setting.variable.to_owned());
                raw.give(setting, text, origin);
            }
        }
    }

    /// Refuses what is plainly a misspelt setting and warns of any other stranger. A stranger alone
    /// is no reason to stay down: other tools put variables of this prefix into our environment too.
    pub(super) fn strangers(&self, problems: &mut Problems) -> Vec<String> {
        let mut warnings = Vec::new();
        for name in self.0.keys().filter(|name| is_stranger(name)) {
            match nearest_variable(name) {
                Some(known) => problems.push(
                    name,
                    &Origin::Variable(name.clone()),
                    "no such setting",
                    format!("did you mean `{known}`? unset this one"),
                ),
                None => warnings.push(format!(
                    "the environment variable {name} means nothing here"
                )),
            }
        }
        warnings
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .filter(|(name, _)| {
                    name.starts_with(PREFIX) || name == settings::LOG_FILTER.variable
                })
                .collect(),
        )
    }
}

fn known_variables() -> impl Iterator<Item = &'static str> {
    settings::ALL
        .into_iter()
        .map(|setting| setting.variable)
        .chain(CLIENT_VARIABLES)
        .chain([CONFIG_VARIABLE])
}

fn is_stranger(name: &str) -> bool {
    !known_variables().any(|known| known == name) && !is_service_link(name)
}

/// Kubernetes gives every pod the addresses of a service named `tidings` in these variables.
fn is_service_link(name: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")
}

/// Compares what follows the shared prefix, which would otherwise make everything look alike.
fn nearest_variable(name: &str) -> Option<&'static str> {
    let known = known_variables().filter_map(|known| known.strip_prefix(PREFIX));
    let found = nearest(name.strip_prefix(PREFIX)?, known)?;
    known_variables().find(|known| known.strip_prefix(PREFIX) == Some(found))
}
