//! The bodies of a dialect as named types, read from their schemas: what a reader of the documents, or
//! a program in another language, needs to know of them.

mod read;

use crate::dialect::{Dialect, DialectEvent};

/// Every body of a dialect.
#[derive(Clone, Debug)]
pub struct Payloads {
    /// The member that names the event.
    pub tag: &'static str,
    /// What every body has besides the tag and the data.
    pub envelope: Object,
    /// The bodies, in the order of the catalogue.
    pub bodies: Vec<Body>,
    /// The objects that bodies hold, each before its first user.
    pub objects: Vec<Object>,
}

/// The body of one event, or of several that differ in their name alone.
#[derive(Clone, Debug)]
pub struct Body {
    /// The type's name: `MessageReceived`.
    pub name: String,
    /// The events told so.
    pub events: Vec<DialectEvent>,
    /// The name of the object that is its data.
    pub data: String,
}

/// An object with members that are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The type's name: `Conversation`.
    pub name: String,
    /// Its members, in the order of the schema.
    pub members: Vec<Member>,
    /// Whether its publisher may have put further members into it.
    pub is_open: bool,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The name in JSON.
    pub name: String,
    /// What it means, where the name does not say it all.
    pub description: Option<String>,
    /// What it holds.
    pub shape: Shape,
    /// Whether it is there in every such object.
    pub is_required: bool,
    /// Whether it may be null.
    pub is_nullable: bool,
}

/// What a member holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Any JSON.
    Any,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Any text.
    Text,
    /// A text or a whole number, as the publisher has it.
    Id,
    /// One of these texts.
    Word(Vec<String>),
    /// A list.
    List(Box<Self>),
    /// An object with any names, all of one shape.
    Map(Box<Self>),
    /// The object of this name.
    Object(String),
}

impl Payloads {
    /// The payloads of a dialect.
    pub fn of(dialect: Dialect) -> Self {
        read::payloads(dialect)
    }

    /// Every object and the envelope, each before its first user.
    pub fn all_objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().chain([&self.envelope])
    }

    /// The object of this name.
    pub fn object(&self, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.name == name)
    }

    /// Whether anything holds an id that may be a text or a number.
    pub fn has_ids(&self) -> bool {
        let members = self.all_objects().flat_map(|object| &object.members);
        members.into_iter().any(|member| member.shape == Shape::Id)
    }
}

/// `message.received`, `from_number` or `@context` as the name of a type: `MessageReceived`.
pub fn type_name(name: &str) -> String {
    let parts = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let capitalized = parts.map(|part| {
        let (head, tail) = part.split_at(part.len().min(1));
        head.to_uppercase() + tail
    });
    capitalized.collect()
}
