//! The documents agree with the server, and the page needs nothing from elsewhere.

use std::collections::HashSet;

use http::Method;
use serde_json::Value;
use tidings_core::clock::Timestamp;

use crate::app::TestApp;

async fn openapi(app: &TestApp) -> Value {
    app.without_key().get("/openapi.json").await.expect(200)
}

/// Every `$ref` in the document.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(text) if name == "$ref" => found.push(text.to_owned()),
                    _ => references(member, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|member| references(member, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_documented_operation_is_there() {
    let app = TestApp::start().await;
    let document = openapi(&app).await;
    let mut seen = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = path.replace("{id}", "x").replace("{name}", "x");
            let answer = app.without_key().send(method, &path, "").await;
            let declared = operation["responses"]
                .as_object()
                .unwrap()
                .contains_key(&answer.status.to_string());
            assert!(
                declared && answer.status != 405,
                "{path}: {}",
                answer.status
            );
            seen += 1;
        }
    }
    assert!(seen > 25);
}

#[tokio::test]
async fn the_document_holds_together() {
    let app = TestApp::start().await;
    let document = openapi(&app).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
    let mut ids: Vec<&str> = Vec::new();
    for section in ["paths", "webhooks"] {
        for operations in document[section].as_object().unwrap().values() {
            ids.extend(
                operations
                    .as_object()
                    .unwrap()
                    .values()
                    .filter_map(|operation| operation["operationId"].as_str()),
            );
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "every operation has an id of its own");
    for schema in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .values()
    {
        jsonschema::meta::validate(schema).unwrap();
    }
}

#[tokio::test]
async fn every_event_of_every_dialect_is_documented() {
    let app = TestApp::start().await;
    let document = openapi(&app).await;
    for dialect in tidings_events::Dialect::ALL {
        for name in dialect.names() {
            let webhook = &document["webhooks"][format!("{dialect}:{name}")]["post"];
            let body = &webhook["requestBody"]["content"]["application/json"];
            let schema = jsonschema::validator_for(&body["schema"]).unwrap();
            let faults: Vec<String> = schema
                .iter_errors(&body["example"])
                .map(|error| error.to_string())
                .collect();
            assert_eq!(faults, Vec::<String>::new(), "{dialect}:{name}");
        }
    }
}

#[tokio::test]
async fn answers_are_as_documented() {
    let app = TestApp::start().await;
    let mut document = openapi(&app).await;
    let tenant = app.tenant().await;
    let made = tenant
        .post("/v1/webhooks", crate::app::webhook())
        .await
        .expect(201);
    let event = tenant
        .post("/v1/events", crate::app::event("c"))
        .await
        .expect(202);
    let delivery = tenant.get("/v1/deliveries").await.expect(200)["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let organization = tenant.get("/v1/organizations").await.expect(200)["data"][0].clone();
    let answers = [
        ("CreatedWebhook", made.clone()),
        (
            "Webhook",
            tenant
                .get(&format!("/v1/webhooks/{}", made["id"].as_str().unwrap()))
                .await
                .expect(200),
        ),
        ("Published", event.clone()),
        (
            "Event",
            tenant
                .get(&format!("/v1/events/{}", event["id"].as_str().unwrap()))
                .await
                .expect(200),
        ),
        (
            "DeliveryDetails",
            tenant
                .get(&format!("/v1/deliveries/{delivery}"))
                .await
                .expect(200),
        ),
        ("Organization", organization),
        (
            "ApiKey",
            tenant.get("/v1/api-keys").await.expect(200)["data"][0].clone(),
        ),
        (
            "Contact",
            tenant
                .post("/v1/contacts", serde_json::json!({"name": "Ada"}))
                .await
                .expect(201),
        ),
        (
            "Call",
            tenant
                .post(
                    "/v1/calls",
                    serde_json::json!({"direction": "inbound", "from": "+1", "to": "+2"}),
                )
                .await
                .expect(201),
        ),
        (
            "User",
            tenant
                .post(
                    "/v1/users",
                    serde_json::json!({"name": "Noor", "email": "noor@bikes.example"}),
                )
                .await
                .expect(201),
        ),
        (
            "SlaPolicy",
            tenant
                .post(
                    "/v1/sla-policies",
                    serde_json::json!({"name": "VIP", "metrics": {"resolution": {
                        "warnAfterSeconds": 60, "breachAfterSeconds": 120,
                    }}}),
                )
                .await
                .expect(201),
        ),
        (
            "Resource",
            tenant
                .post("/v1/resources/bot", serde_json::json!({"name": "Wheels"}))
                .await
                .expect(201),
        ),
        (
            "EventType",
            tenant.get("/v1/event-types/tag.added").await.expect(200),
        ),
        ("Problem", tenant.get("/v1/events?x=1").await.body),
    ];
    for (name, answer) in answers {
        document["$ref"] = Value::String(format!("#/components/schemas/{name}"));
        let schema = jsonschema::validator_for(&document).unwrap();
        let faults: Vec<String> = schema
            .iter_errors(&answer)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(faults, Vec::<String>::new(), "{name}: {answer}");
        let properties = document["components"]["schemas"][name]["properties"].as_object();
        for field in answer.as_object().unwrap().keys() {
            assert!(
                properties.is_none_or(|known| known.contains_key(field)),
                "{name} has an undocumented {field}"
            );
        }
    }
}

/// A schema of the document, with what it refers to.
fn schema_of(document: &Value, schema: &Value) -> jsonschema::Validator {
    assert!(schema.is_object(), "{schema}");
    let mut document = document.clone();
    document["allOf"] = serde_json::json!([schema]);
    jsonschema::validator_for(&document).unwrap()
}

#[tokio::test]
async fn what_is_taken_is_documented() {
    let app = TestApp::start().await;
    let document = openapi(&app).await;
    let tagging = &document["paths"]["/v1/conversations/{id}/tags/{tag}"]["put"];
    let mut named = tagging["parameters"].as_array().unwrap().iter();
    let tag = named.find(|parameter| parameter["name"] == "tag").unwrap();
    let tag = schema_of(&document, &tag["schema"]);
    assert!(tag.is_valid(&"VIP Kunde".into()) && !tag.is_valid(&"a\nb".into()));
    let time = schema_of(&document, &document["components"]["schemas"]["Timestamp"]);
    for text in [
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:60.5Z",
        "2016-12-31T23:59:59.123456789Z",
        "2016-12-31T22:59:60Z",
        "2016-12-31T23:59:61Z",
        "2016-12-31T24:00:00Z",
        "2016-12-31T23:59:60+00:00",
    ] {
        let is_read = Timestamp::parse(text).is_some();
        assert_eq!(time.is_valid(&text.into()), is_read, "{text}");
    }
}

/// What a deletion reads, it also says: who does it, or nothing.
#[tokio::test]
async fn deletions_declare_what_they_read() {
    let app = TestApp::start().await;
    let document = openapi(&app).await;
    let mut seen = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let Some(deletion) = operations.get("delete") else {
            continue;
        };
        let body = &deletion["requestBody"];
        assert_eq!(body["required"], false, "{path}");
        let schema = schema_of(&document, &body["content"]["application/json"]["schema"]);
        assert!(schema.is_valid(&serde_json::json!({})), "{path}");
        assert!(!schema.is_valid(&serde_json::json!({"x": 1})), "{path}");
        for status in ["400", "413", "415", "422"] {
            assert!(deletion["responses"].get(status).is_some(), "{path}");
        }
        seen += 1;
    }
    assert!(seen > 10);
}

#[tokio::test]
async fn the_pages_need_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    for path in ["/", "/docs"] {
        let page = app.without_key().get(path).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        assert!(
            page.header("content-security-policy")
                .unwrap()
                .starts_with("default-src 'self'")
        );
        let html = String::from_utf8(page.bytes.to_vec()).unwrap();
        assert!(
            !html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick")
        );
        for attribute in [
            "src=\"",
            "<link rel=\"stylesheet\" href=\"",
            "<link rel=\"icon\" href=\"",
        ] {
            for part in html.split(attribute).skip(1) {
                let target = part.split('"').next().unwrap();
                assert!(target.starts_with("/assets/"), "{target}");
                assert_eq!(app.without_key().get(target).await.status, 200, "{target}");
            }
        }
    }
    let script = app.without_key().get("/assets/page.js").await;
    let tag = script.header("etag").unwrap().to_owned();
    assert_eq!(
        script.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    let again = app
        .without_key()
        .with("if-none-match", &tag)
        .get("/assets/page.js")
        .await;
    assert_eq!((again.status, again.bytes.len()), (304, 0));
}

#[tokio::test]
async fn the_reference_shows_the_fields_of_what_each_operation_uses() {
    let app = TestApp::start().await;
    let page = app.without_key().get("/docs").await;
    let html = String::from_utf8(page.bytes.to_vec()).unwrap();
    let ids: Vec<&str> = between(&html, " id=\"").collect();
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    for target in between(&html, " href=\"#") {
        assert!(unique.contains(target), "nothing at #{target}");
    }
    let mut used = Vec::new();
    references(&openapi(&app).await["paths"], &mut used);
    for schema in used {
        let id = schema.replace("#/components/schemas/", "schema-");
        assert!(unique.contains(&*id), "{id}");
    }
    let webhook = html.split("id=\"schema-NewWebhook\"").nth(1).unwrap();
    let webhook = webhook.split("</section>").next().unwrap();
    for row in [
        "<dt><code>name</code></dt><dd>string, 1 to 100 characters <b>required</b></dd>",
        "<dt><code>ordering</code></dt><dd><code>none</code> or <code>conversation</code> or null</dd>",
        "<dt><code>maxRetries</code></dt><dd>integer, 0 to 20, or null</dd>",
        "<dt><code>events</code></dt><dd>list of <a href=\"#schema-Pattern\">Pattern</a> or null, 1 to 200 entries.",
    ] {
        assert!(webhook.contains(row), "{row}\n{webhook}");
    }
}

fn between<'a>(html: &'a str, before: &str) -> impl Iterator<Item = &'a str> {
    html.split(before)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
}
