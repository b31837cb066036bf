//! Contacts: the people conversations are held with (contract §7).

use http::StatusCode;
use serde_json::{Value, json};
use tidings_core::access::Area;
use tidings_core::contact::{Command, Contact, Draft, email_mark, phone_mark};
use tidings_core::id::ContactId;
use tidings_core::record::Kind;

use super::{DESCENDANTS, IF_MATCH, LIMIT, ORGANIZATION, UPDATED_SINCE, cursor};
use crate::answer::Answer;
use crate::call::Call;
use crate::cursor::List;
use crate::filter::Filter;
use crate::operation::{Holds, Operation, Verb, query, reads, writes};
use crate::problem::Problem;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Add a contact",
        access: writes(Area::Contacts),
        body: Some("NewContact"),
        answers: &[(201, Holds::Json("Contact"))],
        problems: &[404, 409],
        ..Operation::new(Verb::Post, "/v1/contacts", "createContact", |call| {
            Box::pin(create(call))
        })
    },
    Operation {
        summary: "List contacts",
        access: reads(Area::Contacts),
        parameters: &[
            ORGANIZATION,
            DESCENDANTS,
            query("email", "Filter", "Only those with this e-mail address"),
            query("phone", "Filter", "Only those with this number"),
            UPDATED_SINCE,
            LIMIT,
            cursor(List::Records),
        ],
        answers: &[(200, Holds::PageOf("Contact"))],
        problems: &[404],
        ..Operation::new(Verb::Get, "/v1/contacts", "listContacts", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Show a contact, or the one it was merged into",
        access: reads(Area::Contacts),
        answers: &[(200, Holds::Json("Contact"))],
        ..Operation::new(Verb::Get, "/v1/contacts/{id}", "getContact", |call| {
            Box::pin(show(call))
        })
    },
    Operation {
        summary: "Change a contact",
        access: writes(Area::Contacts),
        parameters: &[IF_MATCH],
        body: Some("ContactPatch"),
        answers: &[(200, Holds::Json("Contact"))],
        problems: &[409],
        ..Operation::new(Verb::Patch, "/v1/contacts/{id}", "updateContact", |call| {
            Box::pin(update(call))
        })
    },
    Operation {
        summary: "Delete a contact; its conversations stay",
        access: writes(Area::Contacts),
        body: Some("ActorOnly"),
        parameters: &[query(
            "erase",
            "Flag",
            "Whether what events tell of the contact is removed too",
        )],
        answers: &[(204, Holds::Nothing)],
        problems: &[409],
        ..Operation::new(Verb::Delete, "/v1/contacts/{id}", "deleteContact", |call| {
            Box::pin(delete(call))
        })
    },
    Operation {
        summary: "Make a contact part of another, which takes over its conversations, calls and identities",
        access: writes(Area::Contacts),
        body: Some("ContactMerge"),
        answers: &[(200, Holds::Json("Contact"))],
        ..Operation::new(
            Verb::Post,
            "/v1/contacts/{id}/merge",
            "mergeContact",
            |call| Box::pin(merge(call)),
        )
    },
];

async fn create(call: Call) -> Result<Answer, Problem> {
    let order = call.order_in_organization(|body| Command::Create(Draft::read(body)))?;
    call.carry_out(order, StatusCode::CREATED).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    call.list_records(
        Kind::Contact,
        |query| {
            let email = query.filled("email");
            let phone = query.filled("phone");
            let email = email.map(|email| email_mark(&email));
            let phone = phone.map(|phone| phone_mark(&phone));
            let marks = email.into_iter().chain(phone);
            marks.map(Filter::Marked).collect()
        },
        shown,
    )
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    call.show_record(Kind::Contact, id.0, shown).await
}

async fn update(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    let if_match = call.if_match()?;
    let order = call.order_about(Kind::Contact, id.0, |_, body| Command::Patch {
        id,
        if_match,
        draft: Draft::read(body),
    })?;
    call.carry_out(order, StatusCode::OK).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    let order = call.order_about(Kind::Contact, id.0, |query, _| {
        let erase = query.flag("erase").unwrap_or(false);
        Command::Delete { id, erase }
    })?;
    call.carry_out(order, StatusCode::NO_CONTENT).await
}

async fn merge(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    let order = call.order_about(Kind::Contact, id.0, |_, body| {
        body.require(&["into"]);
        let into = body.parsed("into", str::parse).unwrap_or(id);
        Command::Merge { id, into }
    })?;
    call.carry_out(order, StatusCode::OK).await
}

fn id(call: &Call) -> Result<ContactId, Problem> {
    call.id(Kind::Contact.as_str())
}

fn shown(contact: &Contact) -> Value {
    json!(contact.shown())
}
