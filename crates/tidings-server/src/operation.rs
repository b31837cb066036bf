//! The shape of the operations table: what one thing the API does looks like from outside.

use std::pin::Pin;

use tidings_core::access::{Area, Scope};

use crate::answer::Answer;
use crate::call::Call;
use crate::problem::Problem;

/// Bytes a request body may have (contract §4).
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A handler at work.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>>;

/// The methods the API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone, without a key.
    Public,
    /// A key with this scope.
    Needs(Scope),
}

pub(crate) const fn reads(area: Area) -> Access {
    Access::Needs(Scope::Read(area))
}

pub(crate) const fn writes(area: Area) -> Access {
    Access::Needs(Scope::Write(area))
}

/// What a successful answer holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    /// Nothing.
    Nothing,
    /// JSON of this schema.
    Json(&'static str),
    /// A page of a list, each of this schema.
    PageOf(&'static str),
    /// Something else, of this media type.
    Media(&'static str),
}

/// One parameter beyond the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) is_required: bool,
    /// The schema of its value, by name.
    pub(crate) schema: &'static str,
    pub(crate) text: &'static str,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Query,
    Header,
}

pub(crate) const fn query(
    name: &'static str,
    schema: &'static str,
    text: &'static str,
) -> Parameter {
    Parameter {
        name,
        place: Place::Query,
        is_required: false,
        schema,
        text,
    }
}

pub(crate) const fn header(
    name: &'static str,
    schema: &'static str,
    text: &'static str,
) -> Parameter {
    Parameter {
        place: Place::Header,
        ..query(name, schema, text)
    }
}

/// One thing the API does.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) verb: Verb,
    /// The path, variable segments in braces.
    pub(crate) path: &'static str,
    /// The name in generated clients.
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) access: Access,
    pub(crate) parameters: &'static [Parameter],
    /// The schema of the body, by name.
    pub(crate) body: Option<&'static str>,
    pub(crate) body_bytes_max: usize,
    /// Statuses of success and what they hold.
    pub(crate) answers: &'static [(u16, Holds)],
    /// Whether what is made has an `ETag` though its body shows no version.
    pub(crate) hides_version: bool,
    /// Problems beyond those that follow from the rest of the entry.
    pub(crate) problems: &'static [u16],
    pub(crate) run: fn(Call) -> Answering,
}

impl Operation {
    /// The shape shared by most: reads nothing, answers nothing, needs nothing.
    pub(crate) const fn new(
        verb: Verb,
        path: &'static str,
        id: &'static str,
        run: fn(Call) -> Answering,
    ) -> Self {
        Self {
            verb,
            path,
            id,
            summary: "",
            access: Access::Public,
            parameters: &[],
            body: None,
            body_bytes_max: BODY_BYTES_MAX,
            answers: &[],
            hides_version: false,
            problems: &[],
            run,
        }
    }

    /// The names of the variable segments.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}
