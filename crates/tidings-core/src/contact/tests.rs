use serde_json::{Value, json};

use super::*;
use crate::command::Rejection;
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

fn create(memory: &mut Memory, body: &Value) -> Result<Value, Rejection> {
    memory.run(Command::Create(draft(body).unwrap()))
}

fn id(contact: &Value) -> ContactId {
    contact["id"].as_str().unwrap().parse().unwrap()
}

fn patch(memory: &mut Memory, contact: &Value, body: &Value) -> Result<Value, Rejection> {
    memory.run(Command::Patch {
        id: id(contact),
        if_match: None,
        draft: draft(body).unwrap(),
    })
}

/// Meets who is told of by `from` on `channel`.
fn met(memory: &mut Memory, channel: &str, from: &Value) -> Value {
    let mut faults = Faults::new();
    let mut object = Object::root(from, &mut faults);
    let person = Person::read(&mut object, channel);
    object.finish();
    let person = faults.or(person).unwrap().unwrap();
    let context = memory.context.clone();
    let mut work = Work::new(&context, memory);
    let contact = meet(&mut work, &person).unwrap();
    let change = work.into_change(json!(contact.shown()).to_string().into());
    memory.apply(change)
}

#[test]
fn a_contact_shows_all_its_fields() {
    let mut memory = Memory::new();
    let contact = create(&mut memory, &json!({})).unwrap();
    let expect = json!({
        "id": "cnt_0000000000001", "name": null, "email": null, "phone": null, "identities": [],
        "customFields": {}, "attribution": null, "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z", "version": 1,
    });
    assert_eq!(contact, expect);
    assert_eq!(memory.fired(), "contact.created");
}

#[test]
fn every_fault_is_named() {
    let check = |body: Value, expect: &str| {
        let faults = draft(&body).unwrap_err();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers.join(" "), expect, "{body}");
    };
    check(json!([]), "");
    check(json!({ "name": "", "phone": 5 }), "/name /phone");
    for email in ["", "ada", "@", "ada@", "@okafor", "a b@c", "a@b\u{7}"] {
        check(json!({ "email": email }), "/email");
    }
    check(
        json!({ "email": format!("a@{}", "b".repeat(319)) }),
        "/email",
    );
    check(
        json!({ "identities": [{}, { "channelType": "sms", "externalId": "1", "x": 1 }] }),
        "/identities/0/channelType /identities/0/externalId /identities/1/x",
    );
    check(
        json!({ "customFields": [], "attribution": "ad" }),
        "/customFields /attribution",
    );
    check(
        json!({ "customFields": { "a": "b".repeat(40_000) } }),
        "/customFields",
    );
    check(json!({ "id": "cnt_1", "nme": "Ada" }), "/id /nme");
}

#[test]
fn a_patch_tells_what_it_changed() {
    let mut memory = Memory::new();
    let ada = create(
        &mut memory,
        &json!({ "name": "Ada", "email": "ada@okafor.example" }),
    )
    .unwrap();
    memory.log.clear();
    let same = patch(&mut memory, &ada, &json!({ "name": "Ada" })).unwrap();
    assert_eq!((same, memory.fired()), (ada.clone(), String::new()));
    let new = json!({ "email": null, "customFields": { "tier": 1 } });
    let changed = patch(&mut memory, &ada, &new).unwrap();
    assert_eq!(changed["version"], 2);
    let (kind, data) = memory.log.pop().unwrap();
    assert_eq!(kind, "contact.updated");
    let expect = json!({
        "email": { "from": "ada@okafor.example", "to": null },
        "customFields": { "from": {}, "to": { "tier": 1 } },
    });
    assert_eq!(data["changes"], expect);
    let late = memory.run(Command::Patch {
        id: id(&ada),
        if_match: Some(1),
        draft: draft(&json!({ "name": "A." })).unwrap(),
    });
    let (expected, found) = (1, 2);
    assert_eq!(late, Err(Rejection::Version { expected, found }));
}

#[test]
fn an_identity_belongs_to_one_contact() {
    let mut memory = Memory::new();
    let identities = json!({ "identities": [{ "channelType": "sms", "externalId": "+44" }] });
    let ada = create(&mut memory, &identities).unwrap();
    let taken = Err(Rejection::Taken {
        field: "identities",
        by: ada["id"].as_str().unwrap().into(),
    });
    assert_eq!(create(&mut memory, &identities), taken);
    let ben = create(&mut memory, &json!({})).unwrap();
    assert_eq!(patch(&mut memory, &ben, &identities), taken);
    let again = patch(&mut memory, &ada, &identities).unwrap();
    assert_eq!(again, ada);
    patch(&mut memory, &ada, &json!({ "identities": [] })).unwrap();
    patch(&mut memory, &ben, &identities).unwrap();
}

#[test]
fn who_writes_is_found_or_met() {
    let mut memory = Memory::new();
    let same = json!({ "email": "Ada@Okafor.example" });
    let ada = create(&mut memory, &same).unwrap();
    create(&mut memory, &same).unwrap();
    let mut check = |channel: &str, from: Value, expect: &str, fired: &str| {
        memory.log.clear();
        let found = met(&mut memory, channel, &from);
        let who = match id(&found) {
            known if known == id(&ada) => "ada",
            _ => "another",
        };
        assert_eq!((who, memory.fired().as_str()), (expect, fired), "{from}");
    };
    let (made, told) = ("contact.created", "contact.updated");
    check(
        "webchat",
        json!({ "id": "v1", "email": "ada@okafor.example" }),
        "another",
        made,
    );
    check(
        "webchat",
        json!({ "id": "v1", "name": "Ada" }),
        "another",
        told,
    );
    check(
        "webchat",
        json!({ "id": "v1", "name": "Eve" }),
        "another",
        "",
    );
    check(
        "email",
        json!({ "id": "m1", "email": "ada@okafor.example" }),
        "ada",
        told,
    );
    check("email", json!({ "id": "m1" }), "ada", "");
    check("email", json!({ "id": "ADA@okafor.example" }), "ada", told);
    check(
        "sms",
        json!({ "id": "+4420", "email": "ada@okafor.example" }),
        "ada",
        told,
    );
    check("phone", json!({ "id": "+4420" }), "ada", told);
    check("phone", json!({ "id": "+44 20" }), "another", made);
    check(
        "whatsapp",
        json!({ "id": "w", "name": null, "phone": "+4420" }),
        "ada",
        told,
    );
}

#[test]
fn a_merged_contact_is_answered_for() {
    let mut memory = Memory::new();
    let old = json!({ "name": "A.", "phone": "+4420", "customFields": { "a": 1, "b": 1 },
        "identities": [{ "channelType": "sms", "externalId": "+4420" }] });
    let old = create(&mut memory, &old).unwrap();
    let new = json!({ "name": "Ada", "customFields": { "b": 2 } });
    let new = create(&mut memory, &new).unwrap();
    let merge = |id, into| Command::Merge { id, into };
    let itself = memory.run(merge(id(&old), id(&old)));
    assert!(matches!(itself, Err(Rejection::Invalid(faults)) if faults[0].pointer == "/into"));
    let nobody = memory.run(merge(id(&old), ContactId(99)));
    assert!(matches!(nobody, Err(Rejection::Invalid(_))));
    memory.log.clear();

    let merged = memory.run(merge(id(&old), id(&new))).unwrap();
    assert_eq!(merged["name"], "Ada");
    assert_eq!(merged["phone"], "+4420");
    assert_eq!(merged["customFields"], json!({ "b": 2, "a": 1 }));
    assert_eq!(merged["identities"][0]["externalId"], "+4420");
    let into = memory.log[1].1["into"].clone();
    assert_eq!(into, json!({ "id": new["id"] }));
    assert_eq!(memory.fired(), "contact.updated contact.merged");

    let renamed = patch(&mut memory, &old, &json!({ "name": "Ada O." })).unwrap();
    assert_eq!(renamed["id"], new["id"]);
    let writes = met(&mut memory, "sms", &json!({ "id": "+4420" }));
    assert_eq!(writes["id"], new["id"]);
    memory.log.clear();
    let again = memory.run(merge(id(&old), id(&new))).unwrap();
    assert_eq!((&again["id"], memory.fired()), (&new["id"], String::new()));
    let itself = memory.run(merge(id(&new), id(&old)));
    assert!(
        matches!(itself, Err(Rejection::Invalid(_))),
        "it is the same one now"
    );
    let tidied = memory.run(Command::Delete {
        id: id(&old),
        erase: true,
    });
    assert!(
        matches!(tidied, Err(Rejection::State { .. })),
        "the survivor is not hit"
    );
}

#[test]
fn a_deleted_contact_is_met_anew() {
    let mut memory = Memory::new();
    let ada = met(&mut memory, "email", &json!({ "id": "ada@okafor.example" }));
    let delete = |erase| Command::Delete {
        id: id(&ada),
        erase,
    };
    assert_eq!(memory.decide(&delete(false).into()).unwrap().erased, []);
    let erased = memory.decide(&delete(true).into()).unwrap();
    assert_eq!(erased.erased, [ContactId(1)]);
    assert!(!erased.events[0].content.data.contains("ada@okafor.example"));
    memory.run(delete(false)).unwrap();
    assert_eq!(memory.fired(), "contact.created contact.deleted");
    assert_eq!(
        memory.run(delete(false)),
        Err(Rejection::NotFound(Kind::Contact))
    );
    let again = met(&mut memory, "email", &json!({ "id": "ada@okafor.example" }));
    assert_ne!(again["id"], ada["id"]);
}
