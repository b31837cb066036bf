//! What was written, before anybody asks what it means: each setting's text with its origin, the
//! layers laid over each other.

use std::collections::BTreeMap;

use super::origin::Origin;
use super::problem::Problems;
use super::settings::{self, Setting, Shape};

/// A text and where it came from. A list is one text with commas, whichever way it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// As written.
    pub(crate) text: String,
    /// By whom.
    pub(crate) origin: Origin,
}

/// The texts that were given; at most one for each setting, that of the strongest origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawConfig {
    given: BTreeMap<&'static str, Given>,
}

impl RawConfig {
    /// Lays a text over whatever a weaker origin gave.
    pub(crate) fn give(&mut self, setting: &Setting, text: impl Into<String>, origin: Origin) {
        let text = text.into();
        self.given.insert(setting.key, Given { text, origin });
    }

    /// Whether anybody said anything about the setting with this key.
    pub(crate) fn is_given(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    /// What was given for a setting, or its default.
    pub(crate) fn effective(&self, setting: &Setting) -> Option<Given> {
        let default = || {
            setting.default.map(|text| Given {
                text: text.to_owned(),
                origin: Origin::Default,
            })
        };
        self.given.get(setting.key).cloned().or_else(default)
    }

    /// Of a secret and its `_FILE` twin, the one that counts: the stronger origin wins, and two
    /// of the same strength are a problem, because nobody could say which key is in force.
    pub(crate) fn secret(
        &self,
        direct: &Setting,
        twin: &Setting,
        problems: &mut Problems,
    ) -> Option<Given> {
        let value = self.given.get(direct.key);
        let Some(file) = self.given.get(twin.key) else {
            return value.cloned();
        };
        match value {
            Some(value) if value.origin.ranks_with(&file.origin) => {
                problems.push(
                    direct.key,
                    &value.origin,
                    format!("given twice: {} is set too", file.origin),
                    format!("keep {} or {}, not both", direct.key, twin.key),
                );
                None
            }
            Some(value) if value.origin.outranks(&file.origin) => Some(value.clone()),
            _ => read_secret(twin, file, problems),
        }
    }

    /// Every setting with its effective text, secrets masked; `None` where nothing is in force.
    pub(crate) fn shown(&self) -> Vec<(&'static Setting, Option<Given>)> {
        let mask = |setting: &Setting, given: Given| match setting.shape {
            Shape::Secret => Given {
                text: "********".to_owned(),
                origin: given.origin,
            },
            _ => given,
        };
        settings::ALL
            .into_iter()
            .map(|setting| {
                let given = self.effective(setting).map(|given| mask(setting, given));
                (setting, given)
            })
            .collect()
    }
}

/// Reads a secret's file; a line end after the secret is what editors leave, not part of it.
fn read_secret(twin: &Setting, file: &Given, problems: &mut Problems) -> Option<Given> {
    match std::fs::read_to_string(&file.text) {
        Ok(text) => Some(Given {
            text: text.trim().to_owned(),
            origin: file.origin.clone(),
        }),
        Err(error) => {
            problems.push(
                twin.key,
                &file.origin,
                format!("cannot read {}: {error}", file.text),
                "name a text file that this user may read",
            );
            None
        }
    }
}
