use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::command::{Rejection, Work};
use crate::fault::Fault;
use crate::input::{Faults, Object};
use crate::record::memory::Memory;

fn draft(body: &Value) -> Result<Draft, Vec<Fault>> {
    let mut faults = Faults::new();
    let mut object = Object::root(body, &mut faults);
    let draft = Draft::read(&mut object);
    object.finish();
    faults.or(draft)
}

fn create(memory: &mut Memory, body: &Value) -> Value {
    let command = Command::Create(draft(body).unwrap());
    memory.run(command).unwrap()
}

#[test]
fn a_policy_is_given_back_as_it_was_given() {
    let mut memory = Memory::new();
    let given = json!({
        "name": "VIP",
        "match": { "teamId": "t-1", "channelType": "email" },
        "metrics": {
            "firstReply": { "warnAfterSeconds": 60, "breachAfterSeconds": 120 },
            "everyReply": null,
            "resolution": null,
        },
        "schedule": {
            "timezone": "Europe/London",
            "weekly": [{ "day": "monday", "from": "09:00", "to": "24:00" }],
            "holidays": ["2026-12-25"],
        },
    });
    let policy = create(&mut memory, &given);
    for field in ["name", "match", "metrics", "schedule"] {
        assert_eq!(policy[field], given[field], "{field}");
    }
    assert_eq!(memory.fired(), "");
    let id = policy["id"].as_str().unwrap().parse().unwrap();
    let patch = |body: Value| Command::Patch {
        id,
        if_match: None,
        draft: draft(&body).unwrap(),
    };
    let same = memory.run(patch(json!({ "name": "VIP" }))).unwrap();
    assert_eq!(same, policy);
    let changed = memory
        .run(patch(json!({ "match": {}, "schedule": null })))
        .unwrap();
    assert_eq!(
        changed["match"],
        json!({ "teamId": null, "channelType": null })
    );
    assert_eq!(changed["schedule"], Value::Null);
    assert_eq!(
        (&changed["name"], &changed["version"]),
        (&json!("VIP"), &json!(2))
    );
    memory.run(Command::Delete { id }).unwrap();
    assert_eq!(
        memory.run(Command::Delete { id }),
        Err(Rejection::NotFound(Kind::SlaPolicy))
    );
}

#[test]
fn every_fault_is_named() {
    let check = |body: Value, expect: &str| {
        let faults = draft(&body).unwrap_err();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers.join(" "), expect, "{body}");
    };
    check(json!({ "name": "", "match": 5 }), "/name /match");
    check(
        json!({ "match": { "teamId": "", "team": 1 } }),
        "/match/teamId /match/team",
    );
    check(json!({ "metrics": {} }), "/metrics");
    check(
        json!({ "metrics": { "resolution": { "warnAfterSeconds": 0 } } }),
        "/metrics/resolution/breachAfterSeconds /metrics/resolution/warnAfterSeconds",
    );
    check(
        json!({ "metrics": { "firstReply": { "warnAfterSeconds": 3, "breachAfterSeconds": 2 } } }),
        "/metrics/firstReply/warnAfterSeconds",
    );
    check(
        json!({ "schedule": {} }),
        "/schedule/timezone /schedule/weekly",
    );
    check(
        json!({ "schedule": {
            "timezone": "Europe/Atlantis",
            "weekly": [
                { "day": "mon", "from": "9", "to": "17:00" },
                { "day": "monday", "from": "17:00", "to": "09:00" },
            ],
            "holidays": ["25.12.2026", "2026-12-25T00:00:00"],
        } }),
        "/schedule/timezone /schedule/weekly/0/day /schedule/weekly/0/from /schedule/weekly/1/to \
         /schedule/holidays/0 /schedule/holidays/1",
    );
}

#[test]
fn there_is_an_end_to_policies() {
    let mut memory = Memory::new();
    for _ in 0..POLICIES_MAX {
        create(&mut memory, &json!({ "name": "one of many" }));
    }
    let one_more = memory.run(Command::Create(draft(&json!({ "name": "x" })).unwrap()));
    assert!(matches!(one_more, Err(Rejection::Full { .. })));
}

/// The clocks of one conversation, and what happens to it, told as a story.
struct Story {
    memory: Memory,
    timers: Timers,
    team: Option<&'static str>,
}

impl Story {
    /// A conversation by e-mail that nobody has, under these policies.
    fn under(policies: &[Value]) -> Self {
        let mut memory = Memory::new();
        for policy in policies {
            create(&mut memory, policy);
        }
        Self {
            memory,
            timers: Timers::default(),
            team: None,
        }
    }

    /// Does what each word says and tells what was fired: `begins`, `hears`, `answers`, `settles`,
    /// `fires`, a team's name, or a number of seconds to wait.
    fn tell(&mut self, words: &'static str) -> String {
        let mut told = Vec::new();
        for word in words.split(' ') {
            told.extend(self.step(word));
        }
        let tell = |told: &Told| {
            let metric = told.sla["metric"].as_str().unwrap();
            format!("{}:{metric}", told.kind.trim_start_matches("sla."))
        };
        told.iter().map(tell).collect::<Vec<_>>().join(" ")
    }

    fn step(&mut self, word: &'static str) -> Vec<Told> {
        let Self {
            memory,
            timers,
            team,
        } = self;
        let context = memory.context.clone();
        let now = context.now;
        if let Ok(seconds) = word.parse() {
            memory.context.now = now.plus(Duration::from_secs(seconds));
            return Vec::new();
        }
        let scope = |team_id| Scope {
            team_id,
            channel_type: "email",
        };
        let mut work = Work::new(&context, memory);
        match word {
            "begins" => timers.begin(&mut work, scope(*team)).unwrap(),
            "hears" => timers.hear(&mut work, scope(*team)).unwrap(),
            "answers" => return timers.answer(now),
            "settles" => return timers.settle(now),
            "fires" => return timers.fire(now),
            name => {
                *team = Some(name);
                timers.rematch(&mut work, scope(*team)).unwrap();
            }
        }
        Vec::new()
    }
}

fn policy(matches: &Value, metrics: &Value) -> Value {
    json!({ "name": "p", "match": matches, "metrics": metrics })
}

fn within(warn: u32, breach: u32) -> Value {
    json!({ "warnAfterSeconds": warn, "breachAfterSeconds": breach })
}

#[test]
fn clocks_start_stop_and_fire_once() {
    let all = policy(
        &json!({}),
        &json!({ "firstReply": within(10, 20), "everyReply": within(30, 60), "resolution": within(100, 200) }),
    );
    let check = |words: &'static str, expect: &str| {
        let found = Story::under(std::slice::from_ref(&all)).tell(words);
        assert_eq!(found, expect, "{words}");
    };
    check("begins hears 5 answers", "met:firstReply met:everyReply");
    check(
        "begins hears 5 answers hears 5 answers",
        "met:firstReply met:everyReply met:everyReply",
    );
    check("begins hears 9 fires 1 fires fires", "warning:firstReply");
    check(
        "begins hears 10 fires 5 answers",
        "warning:firstReply met:firstReply met:everyReply",
    );
    check(
        "begins hears 10 fires 10 fires 5 fires",
        "warning:firstReply breached:firstReply",
    );
    // Late: what was due is told first, in order, and a promise broken is not kept.
    check(
        "begins hears 25 answers",
        "warning:firstReply breached:firstReply met:everyReply",
    );
    check(
        "begins hears 500 fires fires",
        "warning:firstReply breached:firstReply warning:everyReply breached:everyReply \
         warning:resolution breached:resolution",
    );
    // The customer goes on waiting from the first unanswered message.
    check(
        "begins hears 25 hears 6 fires",
        "warning:firstReply breached:firstReply warning:everyReply",
    );
    // Nobody waited: there is nothing to keep.
    check("begins answers 5 settles", "met:resolution");
    check(
        "begins answers hears 1 answers",
        "met:firstReply met:everyReply",
    );
    // Settled is settled, and the next question a new one.
    check("begins hears 5 settles 500 fires settles", "met:resolution");
    check(
        "begins hears 5 settles hears 12 fires",
        "met:resolution warning:firstReply",
    );
    check(
        "begins hears 1 answers settles hears 12 fires",
        "met:firstReply met:everyReply met:resolution",
    );
    check("begins 150 settles", "warning:resolution met:resolution");
}

#[test]
fn the_best_match_counts() {
    let first = |seconds| json!({ "firstReply": within(seconds, 1_000) });
    let policies = [
        policy(&json!({}), &first(5)),
        policy(&json!({ "channelType": "email" }), &first(10)),
        policy(&json!({ "channelType": "sms" }), &first(1)),
        policy(&json!({ "teamId": "gold" }), &first(15)),
        policy(
            &json!({ "teamId": "gold", "channelType": "email" }),
            &first(20),
        ),
        policy(
            &json!({ "teamId": "iron", "channelType": "sms" }),
            &first(1),
        ),
        policy(&json!({ "teamId": "lead" }), &first(25)),
        policy(&json!({ "teamId": "lead" }), &first(30)),
        policy(
            &json!({ "teamId": "zinc" }),
            &json!({ "resolution": within(1, 1) }),
        ),
    ];
    let check = |words: &'static str, expect_s: u64| {
        let mut story = Story::under(&policies);
        let start = story.memory.context.now;
        assert_eq!(story.tell(words), "", "{words}");
        let expect = start.plus(Duration::from_secs(expect_s));
        assert_eq!(story.timers.wake_at(), Some(expect), "{words}");
    };
    check("hears", 10);
    check("gold hears", 20);
    check("iron hears", 10);
    check("lead hears", 30);
    // Per metric: a policy that is silent about one leaves it to the next best.
    check("zinc hears", 10);
    // Another team's promise counts from the same start.
    check("hears 8 gold", 20);
    check("gold hears 8 iron lead", 30);
}

#[test]
fn a_warned_clock_keeps_its_promise() {
    let policies = [
        policy(&json!({}), &json!({ "firstReply": within(10, 20) })),
        policy(
            &json!({ "teamId": "gold" }),
            &json!({ "firstReply": within(50, 60) }),
        ),
    ];
    let mut story = Story::under(&policies);
    assert_eq!(
        story.tell("hears 10 fires gold 10 fires"),
        "warning:firstReply breached:firstReply"
    );
    let mut story = Story::under(&policies[1..]);
    assert_eq!(
        story.tell("hears 55 fires gold fires"),
        "warning:firstReply"
    );
}

#[test]
fn a_policy_is_for_timers_that_start_after_it_was_saved() {
    let mut story = Story::under(&[policy(&json!({}), &json!({ "firstReply": within(10, 20) }))]);
    story.tell("hears 1");
    let gold = policy(
        &json!({ "teamId": "gold" }),
        &json!({ "firstReply": within(50, 60) }),
    );
    create(&mut story.memory, &gold);
    assert_eq!(story.tell("gold 9 fires"), "warning:firstReply");
    assert_eq!(story.tell("answers hears 49 fires"), "met:firstReply");
    let mut later = Story::under(&[]);
    later.tell("hears 1");
    create(
        &mut later.memory,
        &policy(&json!({}), &json!({ "firstReply": within(1, 2) })),
    );
    assert_eq!(later.tell("gold 9 fires answers"), "");
}

#[test]
fn what_is_told_shows_the_promise() {
    let mut story = Story::under(&[policy(&json!({}), &json!({ "firstReply": within(10, 20) }))]);
    story.tell("hears 11");
    let told = story.timers.fire(story.memory.context.now);
    let expect = json!({
        "policyId": "sla_0000000000001", "metric": "firstReply",
        "dueAt": "2026-01-01T00:00:20.000Z", "warnedAt": "2026-01-01T00:00:11.000Z",
        "breachedAt": null,
    });
    assert_eq!(told[0].sla, expect);
}
