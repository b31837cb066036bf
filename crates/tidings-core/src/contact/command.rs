//! What may be done with contacts.

use serde_json::json;

use super::draft::IDENTITIES_MAX;
use super::{Contact, Draft, Identity, create, tell, update};
use crate::call;
use crate::command::{Data, Rejection, Stop, Work};
use crate::conversation;
use crate::fault::Fault;
use crate::id::ContactId;
use crate::record::{Kind, Record};

/// What may be done with contacts.
#[derive(Clone, Debug)]
pub enum Command {
    /// Adds one.
    Create(Draft),
    /// Changes what the draft names.
    Patch {
        /// Which.
        id: ContactId,
        /// The version the caller has seen, if it must be the last.
        if_match: Option<i64>,
        /// What changes.
        draft: Draft,
    },
    /// Removes one. Its conversations stay.
    Delete {
        /// Which.
        id: ContactId,
        /// Whether what its events tell of it is removed too.
        erase: bool,
    },
    /// Makes one part of another, which answers for it from then on.
    Merge {
        /// Which.
        id: ContactId,
        /// The one that stays.
        into: ContactId,
    },
}

impl Command {
    /// What it comes to; the text is the answer.
    pub(crate) fn decide(&self, work: &mut Work<'_>) -> Result<String, Stop> {
        match self {
            Self::Create(draft) => {
                let mut contact = Contact::new(work);
                draft.apply_to(&mut contact);
                claim(work, &contact)?;
                create(work, &mut contact)?;
                Ok(json!(contact.shown()).to_string())
            }
            Self::Patch {
                id,
                if_match,
                draft,
            } => {
                let before: Contact = work.load(Kind::Contact, id.0)?;
                work.match_version(&before, *if_match)?;
                let mut contact = before.clone();
                draft.apply_to(&mut contact);
                claim(work, &contact)?;
                update(work, &before, &mut contact)?;
                Ok(json!(contact.shown()).to_string())
            }
            Self::Delete { id, erase } => {
                let contact: Contact = work.load_itself(Kind::Contact, id.0)?;
                work.remove(&contact)?;
                if *erase {
                    work.erase(contact.id);
                    tell(work, &contact.without_person(), "deleted", &Data::new());
                } else {
                    tell(work, &contact, "deleted", &Data::new());
                }
                Ok(String::new())
            }
            Self::Merge { id, into } => merge(work, *id, *into),
        }
    }
}

/// Refuses what is too large, and identities that are another contact's.
fn claim(work: &mut Work<'_>, contact: &Contact) -> Result<(), Stop> {
    if let Some(fault) = contact.size_fault() {
        return Err(Rejection::Invalid(vec![Fault::at("", fault)]).into());
    }
    for word in contact.keys() {
        let holder: Option<Contact> = work.find(Kind::Contact, &word)?;
        if let Some(holder) = holder.filter(|holder| holder.id != contact.id) {
            let (field, by) = ("identities", holder.id.to_string());
            return Err(Rejection::Taken { field, by }.into());
        }
    }
    Ok(())
}

fn merge(work: &mut Work<'_>, id: ContactId, into: ContactId) -> Result<String, Stop> {
    let gone: Contact = work.load(Kind::Contact, id.0)?;
    let before: Contact = work.refer(Kind::Contact, into.0, "/into")?;
    if gone.id == before.id {
        if id != gone.id {
            // It was merged into that one before.
            return Ok(json!(before.shown()).to_string());
        }
        return Err(invalid("is this contact itself; name another one"));
    }
    let mut survivor = before.clone();
    absorb(&mut survivor, &gone);
    if survivor.identities.len() > IDENTITIES_MAX {
        return Err(invalid(format!(
            "together they have more than {IDENTITIES_MAX} identities"
        )));
    }
    if let Some(fault) = survivor.size_fault() {
        return Err(invalid(fault));
    }
    conversation::hand_over(work, gone.id, survivor.id)?;
    call::hand_over(work, gone.id, survivor.id)?;
    // Its identities are free only now.
    work.forward(&gone, &survivor)?;
    update(work, &before, &mut survivor)?;
    let into = Data::new().with("into", &json!({ "id": survivor.id }));
    tell(work, &gone, "merged", &into);
    Ok(json!(survivor.shown()).to_string())
}

fn invalid(detail: impl Into<String>) -> Stop {
    Rejection::Invalid(vec![Fault::at("/into", detail)]).into()
}

/// Fills in what the survivor lacks; where both know something, the survivor's word stands.
fn absorb(survivor: &mut Contact, gone: &Contact) {
    fill(&mut survivor.name, gone.name.as_ref());
    fill(&mut survivor.email, gone.email.as_ref());
    fill(&mut survivor.phone, gone.phone.as_ref());
    fill(&mut survivor.attribution, gone.attribution.as_ref());
    for (name, value) in &gone.custom_fields {
        let place = survivor.custom_fields.entry(name.clone());
        place.or_insert_with(|| value.clone());
    }
    let known: Vec<Identity> = std::mem::take(&mut survivor.identities);
    let new = gone.identities.iter().filter(|one| !known.contains(one));
    survivor.identities = known.iter().chain(new).cloned().collect();
}

/// Puts what is known into an empty place.
pub(super) fn fill<T: Clone>(place: &mut Option<T>, known: Option<&T>) {
    if place.is_none() {
        *place = known.cloned();
    }
}
