//! What happens below is heard above, and says where it happened: events of the catalogue and of
//! custom types alike (contract §3, §6).

use serde_json::{Value, json};

use crate::http::text;
use crate::receiver::Receiver;
use crate::server::{Site, publish, subscribe};

#[test]
fn ancestors_hear_what_happens_below_and_where() {
    let site = Site::new();
    let server = site.serve();
    let top = server.organization(&json!({}));
    let middle = server.organization(&json!({"parentId": top}));
    let bottom = server.organization(&json!({"parentId": middle}));
    let owner = |organization: &str| {
        let key = server.key(organization, &["admin"]);
        server.anyone().with_key(&key)
    };
    let (above, below) = (owner(&top), owner(&bottom));
    let [standard, atender, alone] = [(); 3].map(|()| Receiver::start());
    // Two of them are there before the type is.
    subscribe(&above, &standard, &json!({"dialect": "standard"}));
    subscribe(&above, &alone, &json!({"includeDescendants": false}));
    let custom = json!({"name": "order.shipped", "description": "An order left.", "schema": {"required": ["order"]}});
    owner(&middle).post("/v1/event-types", &custom).expect(201);
    subscribe(&above, &atender, &json!({"events": ["order.*"]}));

    let data = json!({"order": {"id": 7}, "conversation": {"id": "c1", "status": "closed"}});
    let id = publish(&below, &json!({"type": "order.shipped", "data": data}));
    let told: Value = serde_json::from_slice(&standard.nth(1).body).unwrap();
    assert_eq!(
        (text(&told, "id"), text(&told, "type")),
        (id, "order.shipped".to_owned())
    );
    assert_eq!(
        (&told["organizationId"], &told["version"]),
        (&json!(bottom), &json!(1))
    );
    assert_eq!((&told["sequence"], &told["data"]), (&json!(1), &data));
    let told: Value = serde_json::from_slice(&atender.nth(1).body).unwrap();
    assert_eq!(
        (&told["event"], &told["tenantId"]),
        (&json!("order.shipped"), &json!(bottom))
    );
    assert_eq!(told["data"], data, "custom data is passed on as it is");
    // What the third hears first is what happened at its own place.
    let own = json!({"type": "tag.added", "data": {"conversation": {"id": "c2"}, "tag": "vip"}});
    publish(&above, &own);
    let told: Value = serde_json::from_slice(&alone.nth(1).body).unwrap();
    assert_eq!(
        (&told["event"], &told["tenantId"]),
        (&json!("tag.added"), &json!(top))
    );
}
