//! Resources: the things around conversations (bots, channels, forms, teams …) that an organization
//! keeps as it likes: any JSON object with a name (contract §7).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::command::{Rejection, Stop, Work};
use crate::event::Numbering;
use crate::id::ResourceId;
use crate::record::{Kind, Record, ResourceKind, key_and_version};

pub mod draft;

/// How long a resource's name may be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 200;
/// How many bytes of JSON a resource may have.
pub const RESOURCE_BYTES_MAX: usize = 64 * 1024;

/// Members that Tidings keeps; callers do not give them.
pub const OWN_MEMBERS: [&str; 5] = ["id", "kind", "version", "createdAt", "updatedAt"];

/// Where a new resource is to be; no member of it, and fixed from then on.
pub const ORGANIZATION: &str = "organizationId";

fn bytes_of(members: &Map<String, Value>) -> usize {
    serde_json::to_vec(members).map_or(0, |text| text.len())
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its id.
    pub id: ResourceId,
    /// What it is.
    pub kind: ResourceKind,
    /// What the organization says of it; holds `name`.
    pub members: Map<String, Value>,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Record for Resource {
    fn kind(&self) -> Kind {
        Kind::Resource(self.kind)
    }

    key_and_version!();

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

impl Resource {
    /// The object events carry.
    pub fn object(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("id".into(), json!(self.id));
        object.extend(self.members.clone());
        object.insert("createdAt".into(), json!(self.created_at));
        object.insert("updatedAt".into(), json!(self.updated_at));
        object
    }

    /// The object the API answers.
    pub fn shown(&self) -> Value {
        let mut object = self.object();
        object.insert("version".into(), self.version.into());
        object.into()
    }
}

/// What may be done with resources.
#[derive(Clone, Debug)]
pub enum Command {
    /// Adds one.
    Create {
        /// What it is.
        kind: ResourceKind,
        /// What it says.
        members: Map<String, Value>,
    },
    /// Changes members; null removes one.
    Patch {
        /// What it is.
        kind: ResourceKind,
        /// Which.
        id: ResourceId,
        /// The version the caller has seen, if it must be the last.
        if_match: Option<i64>,
        /// What changes.
        members: Map<String, Value>,
    },
    /// Removes one.
    Delete {
        /// What it is.
        kind: ResourceKind,
        /// Which.
        id: ResourceId,
    },
    /// Tells that a service failed.
    Fail {
        /// Which service.
        id: ResourceId,
        /// What went wrong.
        message: String,
    },
}

impl Command {
    /// What it comes to; the text is the answer.
    pub(crate) fn decide(&self, work: &mut Work<'_>) -> Result<String, Stop> {
        match self {
            Self::Create { kind, members } => create(work, *kind, members),
            Self::Patch {
                kind,
                id,
                if_match,
                members,
            } => {
                let resource: Resource = work.load(Kind::Resource(*kind), id.0)?;
                work.match_version(&resource, *if_match)?;
                patch(work, resource, members)
            }
            Self::Delete { kind, id } => {
                let resource: Resource = work.load(Kind::Resource(*kind), id.0)?;
                work.remove(&resource)?;
                tell(work, &resource, "deleted", []);
                Ok(String::new())
            }
            Self::Fail { id, message } => {
                let service = work.load(Kind::Resource(ResourceKind::Service), id.0)?;
                let error = ("error", json!({ "message": message }));
                tell(work, &service, "errored", [error]);
                Ok(service.shown().to_string())
            }
        }
    }
}

fn create(
    work: &mut Work<'_>,
    kind: ResourceKind,
    members: &Map<String, Value>,
) -> Result<String, Stop> {
    let now = work.context.now;
    let mut resource = Resource {
        id: ResourceId(work.next_key()),
        kind,
        members: members.clone(),
        version: 0,
        created_at: now,
        updated_at: now,
    };
    work.put(&mut resource)?;
    tell(work, &resource, "created", []);
    Ok(resource.shown().to_string())
}

fn patch(
    work: &mut Work<'_>,
    mut resource: Resource,
    members: &Map<String, Value>,
) -> Result<String, Stop> {
    let mut changes = Map::new();
    for (name, to) in members {
        let from = resource.members.get(name).unwrap_or(&Value::Null);
        if from == to {
            continue;
        }
        changes.insert(name.clone(), json!({ "from": from, "to": to }));
        if to.is_null() {
            resource.members.remove(name);
        } else {
            resource.members.insert(name.clone(), to.clone());
        }
    }
    if !changes.is_empty() {
        if let Some(fault) = draft::too_large(&resource.members) {
            return Err(Rejection::Invalid(vec![fault]).into());
        }
        resource.updated_at = work.context.now;
        work.put(&mut resource)?;
        tell(work, &resource, "updated", [("changes", changes.into())]);
    }
    Ok(resource.shown().to_string())
}

/// Fires `<kind>.<what>`, unless nobody is told of this kind.
fn tell<const N: usize>(
    work: &mut Work<'_>,
    resource: &Resource,
    what: &str,
    more: [(&str, Value); N],
) {
    let kind = resource.kind.as_str();
    if resource.kind == ResourceKind::Team {
        return;
    }
    let mut data = Map::new();
    data.insert(kind.into(), resource.object().into());
    data.extend(more.map(|(name, value)| (name.to_owned(), value)));
    let ordering_key = format!("{kind}:{}", resource.id);
    work.fire(
        format!("{kind}.{what}"),
        data,
        Numbering::None,
        ordering_key,
    );
}
