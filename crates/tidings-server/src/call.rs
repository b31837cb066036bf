//! One request as a handler sees it: who asks, and what was sent.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use tidings_core::id::OrganizationId;
use tidings_core::input::{Faults, Object, Query, number_faults, read_value};
use tidings_store::answer::Remember;
use tidings_store::change::{Change, Refusal, Request};
use tidings_store::query::Reach;

use crate::answer::Answer;
use crate::app::App;
use crate::caller::Caller;
use crate::idempotency;
use crate::operation::Verb;
use crate::organization_event::Placed;
use crate::problem::{Code, Problem};

/// One request.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) caller: Caller,
    pub(crate) verb: Verb,
    /// What stood in the variable segments of the path.
    pub(crate) variables: Vec<String>,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Where the answer is to be remembered.
    pub(crate) remember: Option<Remember>,
}

impl Call {
    /// The id in the path. Text that is no id of this type names nothing.
    pub(crate) fn id<T: FromStr>(&self, what: &str) -> Result<T, Problem> {
        let text = self.variable(0).parse();
        text.map_err(|_| Problem::not_found(what))
    }

    /// What stands in a variable segment of the path, counted from 0.
    pub(crate) fn variable(&self, at: usize) -> &str {
        self.variables
            .get(at)
            .map(String::as_str)
            .unwrap_or_default()
    }

    /// Reads the query; every fault is told.
    pub(crate) fn read_query<T>(
        &self,
        read: impl FnOnce(&mut Query<'_>) -> T,
    ) -> Result<T, Problem> {
        let mut faults = Faults::new();
        let mut query = Query::read(&self.query, &mut faults);
        let wanted = read(&mut query);
        query.finish();
        faults.or(wanted).map_err(Problem::invalid)
    }

    /// Insists that nothing is asked in the query.
    pub(crate) fn no_query(&self) -> Result<(), Problem> {
        self.read_query(|_| ())
    }

    /// Reads the body of a call that has no query; every fault of both is told.
    pub(crate) fn read_body<T>(
        &self,
        read: impl FnOnce(&mut Object<'_, '_>) -> T,
    ) -> Result<T, Problem> {
        self.read_both(|_, body| read(body))
    }

    /// Reads the body of a call on one organization, which query or body name; else it is the key's
    /// own. What `admit` has against that organization is told before any fault; `read` learns which
    /// it is, when it is there.
    pub(crate) fn read_in_organization<T>(
        &self,
        admit: impl FnOnce(OrganizationId) -> Result<(), Problem>,
        read: impl FnOnce(&mut Object<'_, '_>, Option<OrganizationId>) -> T,
    ) -> Result<(OrganizationId, T), Problem> {
        let mut place = None;
        let wanted = self.read_both(|query, body| {
            let named = named_in_either(query, body);
            if named.is_none() && self.caller.organization().is_none() {
                body.fault("organizationId", NAME_ONE);
            }
            let found = self.organization(named.as_deref());
            let organization = found.as_ref().ok().copied();
            place = Some(found);
            read(body, organization)
        });
        Self::placed(place, admit, wanted)
    }

    /// Reads the query of a list: of one organization, or of it and all below. What `admit` has
    /// against that organization is told before any fault.
    pub(crate) fn read_list<T>(
        &self,
        admit: impl FnOnce(OrganizationId) -> Result<(), Problem>,
        read: impl FnOnce(&mut Query<'_>) -> T,
    ) -> Result<(Reach, T), Problem> {
        let mut place = None;
        let wanted = self.read_query(|query| {
            let named = query.text("organizationId");
            if named.is_none() && self.caller.organization().is_none() {
                query.fault("organizationId", NAME_ONE);
            }
            place = Some(self.organization(named.as_deref()));
            let below = query.flag("includeDescendants").unwrap_or(false);
            (below, read(query))
        });
        let (organization, (below, wanted)) = Self::placed(place, admit, wanted)?;
        let reach = if below {
            Reach::Subtree(organization)
        } else {
            Reach::Only(organization)
        };
        Ok((reach, wanted))
    }

    /// Puts the organization that is meant beside what was read. An organization that is there and
    /// not admitted comes before the faults, an absent one after.
    fn placed<T>(
        place: Option<Result<OrganizationId, Problem>>,
        admit: impl FnOnce(OrganizationId) -> Result<(), Problem>,
        wanted: Result<T, Problem>,
    ) -> Result<(OrganizationId, T), Problem> {
        if let Some(Ok(organization)) = place {
            admit(organization)?;
        }
        let wanted = wanted?;
        let place = place.unwrap_or_else(|| Err(Problem::not_found("organization")))?;
        Ok((place, wanted))
    }

    /// The organization that is meant, when the key can see it.
    pub(crate) fn organization(&self, named: Option<&str>) -> Result<OrganizationId, Problem> {
        let meant = match named {
            Some(text) => text.parse().ok(),
            None => self.caller.organization(),
        };
        meant
            .filter(|organization| self.sees(*organization))
            .ok_or_else(|| Problem::not_found("organization"))
    }

    /// The organizations a list covers.
    pub(crate) fn organizations_in(&self, reach: &Reach) -> BTreeSet<OrganizationId> {
        match *reach {
            Reach::Only(organization) => [organization].into(),
            Reach::Subtree(organization) => self.app.store.directory().subtree(organization),
        }
    }

    /// Whether the organization lies within reach of the key.
    pub(crate) fn sees(&self, organization: OrganizationId) -> bool {
        self.caller.sees(&self.app, organization)
    }

    /// Commits a change together with its answer, so that asking again is answered alike.
    pub(crate) async fn commit(
        &self,
        change: Change,
        answer: Answer,
    ) -> Result<Result<Answer, Refusal>, Problem> {
        self.commit_and_tell(change, None, answer).await
    }

    /// The same, and an event happens by it.
    pub(crate) async fn commit_and_tell(
        &self,
        change: Change,
        event: Option<Placed>,
        answer: Answer,
    ) -> Result<Result<Answer, Refusal>, Problem> {
        let remember = self
            .remember
            .map(|remember| (remember, idempotency::stored(&answer)));
        let is_remembered = remember.is_some();
        let changed = self
            .app
            .store
            .change(Request {
                change,
                remember,
                event,
            })
            .await?;
        Ok(changed.map(|()| Answer {
            is_remembered,
            ..answer
        }))
    }

    pub(crate) fn read_both<T>(
        &self,
        read: impl FnOnce(&mut Query<'_>, &mut Object<'_, '_>) -> T,
    ) -> Result<T, Problem> {
        let body = self.body_value()?;
        let (mut in_query, mut in_body) = (Faults::new(), Faults::new());
        let mut query = Query::read(&self.query, &mut in_query);
        let mut object = match self.verb {
            Verb::Patch => Object::patch(&body, &mut in_body),
            _ => Object::root(&body, &mut in_body),
        };
        let wanted = read(&mut query, &mut object);
        query.finish();
        object.finish();
        let mut faults = in_query.into_vec();
        faults.append(&mut in_body.into_vec());
        if faults.is_empty() {
            Ok(wanted)
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// An empty body reads as `{}` (contract §4).
    fn body_value(&self) -> Result<Value, Problem> {
        if self.body.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        let faults = number_faults(std::str::from_utf8(&self.body).unwrap_or_default());
        if !faults.is_empty() && serde_json::from_slice::<IgnoredAny>(&self.body).is_ok() {
            return Err(Problem::invalid(faults));
        }
        read_value(&self.body).map_err(|error| malformed(&error))
    }
}

/// Nothing against any organization.
#[expect(clippy::unnecessary_wraps, reason = "stands where others may refuse")]
pub(crate) fn anywhere(_organization: OrganizationId) -> Result<(), Problem> {
    Ok(())
}

/// What the installation's key must say where an organization is needed.
pub(crate) const NAME_ONE: &str =
    "is required with the installation's key; name the organization that is meant";

/// The body is no JSON.
pub(crate) fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(
        Code::MalformedJson,
        format!("the body cannot be read as JSON: {error}"),
    )
}

/// The organization named in the query or in the body; both must agree.
pub(crate) fn named_in_either(query: &mut Query<'_>, body: &mut Object<'_, '_>) -> Option<String> {
    let in_query = query.text("organizationId");
    let in_body = body.text("organizationId", 1..=100).map(str::to_owned);
    if in_query.is_some() && in_body.is_some() && in_query != in_body {
        body.fault(
            "organizationId",
            "differs from the one in the query; name it once",
        );
    }
    in_body.or(in_query)
}
