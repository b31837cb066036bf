use serde_json::{Value, json};

use super::*;
use crate::command::Rejection;
use crate::input::{Faults, Object};
use crate::record::ResourceKind;
use crate::record::memory::Memory;
use crate::resource;

fn draft(body: &Value) -> Draft {
    let mut faults = Faults::new();
    let mut object = Object::root(body, &mut faults);
    let draft = Draft::read(&mut object);
    object.finish();
    faults.or(draft).unwrap()
}

fn create(memory: &mut Memory, email: &str, invite: bool) -> Result<Value, Rejection> {
    let draft = draft(&json!({ "name": "Noor", "email": email }));
    memory.run(Command::Create { draft, invite })
}

fn id(user: &Value) -> UserId {
    user["id"].as_str().unwrap().parse().unwrap()
}

fn act(memory: &mut Memory, user: &Value, act: Act) -> Result<Value, Rejection> {
    let id = id(user);
    memory.run(Command::Act { id, act })
}

#[test]
fn a_users_life() {
    let mut memory = Memory::new();
    let noor = create(&mut memory, "noor@harbourbikes.example", true).unwrap();
    let expect = json!({
        "id": "usr_0000000000001", "name": "Noor", "email": "noor@harbourbikes.example",
        "status": "invited", "channelIds": [], "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z", "version": 1,
    });
    assert_eq!((&noor, memory.fired().as_str()), (&expect, "user.invited"));
    let mut check = |step: Act, expect: &str| {
        act(&mut memory, &noor, step.clone()).unwrap();
        assert_eq!(memory.fired(), expect, "{step:?}");
    };
    let channel_id = || "inbox-1".to_owned();
    let message = "the picture is too large".to_owned();
    check(Act::Accept, "user.accepted");
    check(Act::Accept, "");
    check(Act::LogIn, "user.logged_in");
    check(Act::LogIn, "user.logged_in");
    check(Act::LogOut, "user.logged_out");
    check(
        Act::Unsubscribe {
            channel_id: channel_id(),
        },
        "",
    );
    check(
        Act::Subscribe {
            channel_id: channel_id(),
        },
        "user.subscribed",
    );
    check(
        Act::Subscribe {
            channel_id: channel_id(),
        },
        "",
    );
    check(
        Act::Unsubscribe {
            channel_id: channel_id(),
        },
        "user.unsubscribed",
    );
    check(Act::Err { message }, "user.errored");
    let patch = |name: &str| Command::Patch {
        id: id(&noor),
        if_match: None,
        draft: draft(&json!({ "name": name })),
    };
    memory.run(patch("Noor")).unwrap();
    memory.run(patch("Noor H.")).unwrap();
    let changes = memory.log[0].1["changes"].clone();
    assert_eq!(
        changes,
        json!({ "name": { "from": "Noor", "to": "Noor H." } })
    );
    memory.run(Command::Delete { id: id(&noor) }).unwrap();
    assert_eq!(memory.fired(), "user.updated user.deleted");
    let gone = act(&mut memory, &noor, Act::LogIn);
    assert_eq!(gone, Err(Rejection::NotFound(Kind::User)));
}

#[test]
fn an_address_belongs_to_one_user() {
    let mut memory = Memory::new();
    let noor = create(&mut memory, "noor@harbourbikes.example", false).unwrap();
    assert_eq!(memory.fired(), "user.created");
    let taken = Err(Rejection::Taken {
        field: "email",
        by: id(&noor).to_string(),
    });
    assert_eq!(
        create(&mut memory, "Noor@HarbourBikes.example", true),
        taken
    );
    let ben = create(&mut memory, "ben@harbourbikes.example", false).unwrap();
    let patch = memory.run(Command::Patch {
        id: id(&ben),
        if_match: None,
        draft: draft(&json!({ "email": "noor@harbourbikes.example" })),
    });
    assert_eq!(patch, taken);
}

#[test]
fn a_channel_of_ours_must_be_there() {
    let mut memory = Memory::new();
    let noor = create(&mut memory, "noor@harbourbikes.example", false).unwrap();
    let members = json!({ "name": "Workshop", "type": "email" });
    let kind = ResourceKind::Channel;
    let channel = memory
        .run(resource::Command::Create {
            kind,
            members: members.as_object().unwrap().clone(),
        })
        .unwrap();
    let channel_id = channel["id"].as_str().unwrap().to_owned();
    let subscribe = |channel_id: &str| Act::Subscribe {
        channel_id: channel_id.to_owned(),
    };
    let absent = act(&mut memory, &noor, subscribe("res_0000000000009"));
    assert!(matches!(absent, Err(Rejection::Invalid(faults)) if faults[0].pointer == "/channelId"));
    act(&mut memory, &noor, subscribe(&channel_id)).unwrap();
    let told = memory.log.pop().unwrap().1["channel"].clone();
    assert_eq!(
        (&told["id"], &told["name"]),
        (&channel["id"], &members["name"])
    );
    // Whoever follows a channel that is gone can still leave it.
    let id = channel_id.parse().unwrap();
    memory.run(resource::Command::Delete { kind, id }).unwrap();
    memory.log.clear();
    act(&mut memory, &noor, Act::Unsubscribe { channel_id }).unwrap();
    assert_eq!(memory.fired(), "user.unsubscribed");
}
