//! A recorded day at a bicycle workshop: what was asked of the API, and when.
//!
//! A line says `at`, `method`, `path`, `body`. `as` names the answer, and `{name/pointer}` in a later
//! path or body stands for a member of it, as ids differ each time. `{in 2s}` is an instant ahead. Times
//! of day are played quicker than recorded; seconds in bodies are meant as they are.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use tidings_core::clock::{Clock as _, SystemClock};

const DAY: &str = include_str!("../../../../../examples/support-day.ndjson");
/// How many times quicker than recorded the day goes by: eight hours in twenty seconds.
const TIMES_QUICKER: u32 = 1_500;

#[derive(Deserialize)]
struct Line {
    at: String,
    method: String,
    path: String,
    #[serde(default)]
    body: Value,
    #[serde(rename = "as")]
    name: Option<String>,
}

/// A command of the day, its references not filled in yet.
pub(super) struct Step {
    /// How long after the day began it is given.
    pub(super) after: Duration,
    line: Line,
}

/// A call on the API.
#[derive(Debug, PartialEq)]
pub(super) struct Command {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Value,
}

/// What was answered so far, by name.
#[derive(Default)]
pub(super) struct Answers(HashMap<String, Value>);

/// The day, command by command.
pub(super) fn steps() -> impl Iterator<Item = anyhow::Result<Step>> {
    let mut opening = None;
    DAY.lines().map(move |line| {
        let line: Line =
            serde_json::from_str(line).context("a line of the recorded day is unreadable")?;
        let at = time_of_day(&line.at)
            .with_context(|| format!("the recorded day has no time {}", line.at))?;
        let since = at.saturating_sub(*opening.get_or_insert(at));
        let after = since / TIMES_QUICKER;
        Ok(Step { after, line })
    })
}

/// `HH:MM:SS` as the time since midnight.
fn time_of_day(text: &str) -> Option<Duration> {
    let mut seconds = 0;
    for part in text.split(':') {
        seconds = seconds * 60 + part.parse::<u64>().ok()?;
    }
    Some(Duration::from_secs(seconds))
}

impl Answers {
    /// Keeps the answer of a step that named it.
    pub(super) fn keep(&mut self, step: &Step, answer: Value) {
        if let Some(name) = &step.line.name {
            self.0.insert(name.clone(), answer);
        }
    }

    /// The command with its references filled in.
    pub(super) fn fill(&self, step: &Step) -> anyhow::Result<Command> {
        let mut body = step.line.body.clone();
        if body.is_null() {
            body = Value::Object(serde_json::Map::new());
        }
        self.fill_value(&mut body)?;
        Ok(Command {
            method: step.line.method.parse()?,
            path: self.fill_text(&step.line.path)?,
            body,
        })
    }

    fn fill_value(&self, value: &mut Value) -> anyhow::Result<()> {
        match value {
            Value::String(text) => *text = self.fill_text(text)?,
            Value::Array(list) => list.iter_mut().try_for_each(|one| self.fill_value(one))?,
            Value::Object(members) => members
                .values_mut()
                .try_for_each(|one| self.fill_value(one))?,
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        Ok(())
    }

    fn fill_text(&self, text: &str) -> anyhow::Result<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, (reference, after))) = rest
            .split_once('{')
            .and_then(|(before, inner)| Some((before, inner.split_once('}')?)))
        {
            filled.push_str(before);
            filled.push_str(&self.look_up(reference)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn look_up(&self, reference: &str) -> anyhow::Result<String> {
        if let Some(ahead) = reference.strip_prefix("in ") {
            let seconds = ahead.strip_suffix('s').map(str::parse::<u64>);
            let Some(Ok(seconds)) = seconds else {
                bail!("the recorded day has no instant {reference}");
            };
            let at = SystemClock.now().plus(Duration::from_secs(seconds));
            return Ok(at.to_string());
        }
        let (name, pointer) = reference.split_once('/').unwrap_or((reference, ""));
        let answer = self.0.get(name);
        let member = answer.and_then(|answer| answer.pointer(&format!("/{pointer}")));
        let text = member.and_then(Value::as_str);
        text.map(str::to_owned)
            .with_context(|| format!("nothing was answered for {{{reference}}}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step(line: Value) -> Step {
        Step {
            after: Duration::ZERO,
            line: serde_json::from_value(line).unwrap(),
        }
    }

    #[test]
    fn references_are_filled_in() {
        let mut answers = Answers::default();
        let first =
            json!({ "at": "09:00:00", "method": "POST", "path": "/v1/contacts", "as": "ada" });
        answers.keep(&step(first), json!({ "contact": { "id": "cnt_1" } }));
        let check = |path: &str, expect: Option<&str>| {
            let line =
                json!({ "at": "09:00:00", "method": "PUT", "path": path, "body": [{ "a": path }] });
            let filled = answers.fill(&step(line)).ok();
            let expect = expect.map(|path| Command {
                method: Method::PUT,
                path: path.to_owned(),
                body: json!([{ "a": path }]),
            });
            assert_eq!(filled, expect, "{path}");
        };
        check("/plain", Some("/plain"));
        check(
            "/a/{ada/contact/id}/b{ada/contact/id}",
            Some("/a/cnt_1/bcnt_1"),
        );
        check("/{ada/contact}", None);
        check("/{ben/id}", None);
        check("/{in soon}", None);
    }

    #[test]
    fn the_day_is_in_order_and_names_what_it_refers_to() {
        let mut names = vec!["in 1s".to_owned()];
        let mut last = Duration::ZERO;
        let mut count = 0;
        for step in steps() {
            let step = step.unwrap();
            assert!(step.after >= last, "{}", step.line.at);
            last = step.after;
            count += 1;
            let whole = format!("{}{}", step.line.path, step.line.body);
            for (at, _) in whole
                .match_indices('{')
                .filter(|(at, _)| !whole[at + 1..].starts_with('"'))
            {
                let reference = &whole[at + 1..];
                let end = reference.find(['/', '}']).unwrap();
                let known =
                    reference.starts_with('}') || names.contains(&reference[..end].to_owned());
                assert!(known, "{reference}");
            }
            names.extend(step.line.name);
        }
        assert!(count > 300, "{count}");
    }
}
