//! Reads every sample as the generated types and writes it again; nothing may be lost but nulls.

#![deny(warnings)]

use std::io::Read as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

mod atender;
mod chatshipper;
mod dialogbrain;
mod standard;
mod varda;

fn main() {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).expect("stdin");
    let samples: Map<String, Value> = serde_json::from_str(&input).expect("an object of lists");
    for (dialect, bodies) in samples {
        for body in bodies.as_array().expect("a list") {
            match dialect.as_str() {
                "atender" => accept::<atender::Event>(body),
                "chatshipper" => accept::<chatshipper::Event>(body),
                "dialogbrain" => accept::<dialogbrain::Event>(body),
                "standard" => accept::<standard::Event>(body),
                "varda" => accept::<varda::Event>(body),
                other => panic!("{other} is no dialect"),
            }
        }
    }
}

fn accept<Event: DeserializeOwned + Serialize>(body: &Value) {
    let event: Event = serde_json::from_value(body.clone()).unwrap_or_else(|error| panic!("{error}: {body:#}"));
    let again = serde_json::to_value(&event).expect("types are JSON");
    assert_eq!(plain(&again), plain(body));
}

/// Without nulls, numbers as floats: `7` and `7.0` are one number.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let known = members.iter().filter(|(_, member)| !member.is_null());
            known.map(|(name, member)| (name.clone(), plain(member))).collect()
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Number(number) => number.as_f64().into(),
        other => other.clone(),
    }
}
