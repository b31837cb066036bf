//! The file layer: TOML with one key per setting, each value remembered with its line.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::origin::Origin;
use super::problem::Problems;
use super::raw::RawConfig;
use super::settings::{self, Setting, Shape};
use crate::suggest::nearest;

/// Lays the file's values over the defaults.
pub(super) fn read(path: &Path, named_by: &Origin, raw: &mut RawConfig, problems: &mut Problems) {
    match std::fs::read_to_string(path) {
        Ok(text) => Reader { path, text: &text }.read(raw, problems),
        Err(error) => problems.push(
            "config",
            named_by,
            format!("cannot read {}: {error}", path.display()),
            "name a TOML file that this user may read",
        ),
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn read(&self, raw: &mut RawConfig, problems: &mut Problems) {
        let (table, faults) = DeTable::parse_recoverable(self.text);
        for fault in faults {
            let offset = fault.span().map_or(0, |span| span.start);
            problems.push(
                "config",
                &self.origin(offset),
                format!("not TOML: {}", fault.message()),
                "write one `key = value` a line",
            );
        }
        for (key, value) in table.get_ref() {
            let origin = self.origin(key.span().start);
            let name: &str = key.get_ref();
            match settings::ALL.into_iter().find(|known| known.key == name) {
                Some(setting) => match text_of(value.get_ref(), setting.shape) {
                    Some(text) => raw.give(setting, text, origin),
                    None => wrong_type(setting, value.get_ref(), &origin, problems),
                },
                None => unknown_key(name, &origin, problems),
            }
        }
    }

    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.get(..offset).unwrap_or(self.text);
        Origin::File {
            path: PathBuf::from(self.path),
            line: 1 + before.matches('\n').count(),
        }
    }
}

fn text_of(value: &DeValue<'_>, shape: Shape) -> Option<String> {
    match (shape, value) {
        (Shape::Text | Shape::Secret | Shape::List, DeValue::String(text)) => {
            Some(text.clone().into_owned())
        }
        (Shape::List | Shape::Secret, DeValue::Array(items)) => {
            let texts: Option<Vec<&str>> =
                items.iter().map(|item| item.get_ref().as_str()).collect();
            Some(texts?.join(","))
        }
        (Shape::Switch, DeValue::Boolean(on)) => Some(on.to_string()),
        (Shape::Number, DeValue::Integer(number)) => Some(number.to_string()),
        _ => None,
    }
}

fn wrong_type(setting: &Setting, value: &DeValue<'_>, origin: &Origin, problems: &mut Problems) {
    let wanted = match setting.shape {
        Shape::Text => "a string in quotes",
        Shape::Secret => "a string in quotes, or an array of them",
        Shape::List => "an array of strings",
        Shape::Switch => "true or false, without quotes",
        Shape::Number => "a whole number, without quotes",
    };
    problems.push(
        setting.key,
        origin,
        format!("has the type {}", value.type_str()),
        format!("write {wanted}"),
    );
}

fn unknown_key(name: &str, origin: &Origin, problems: &mut Problems) {
    let keys = settings::ALL.into_iter().map(|known| known.key);
    let fix = match nearest(name, keys) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "`tidings config show` lists every setting; remove this one".to_owned(),
    };
    problems.push(name, origin, "no such setting", fix);
}
