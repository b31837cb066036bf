//! What every list of the API has in common (contract §4): pages, and which organizations.

use clap::Args;
use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{self, Output};

/// Whose records are meant.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// The organization; without it, the key's own
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// With everything below that organization
    #[arg(long)]
    include_descendants: bool,
}

impl Reach {
    /// As query parameters.
    pub(crate) fn query(&self) -> impl Iterator<Item = (&str, &str)> {
        let organization = self.organization.as_deref();
        let organization = organization.map(|id| ("organizationId", id));
        let below = self.include_descendants;
        let descendants = below.then_some(("includeDescendants", "true"));
        organization.into_iter().chain(descendants)
    }
}

/// Which part of a list to print.
#[derive(Debug, Args)]
pub(crate) struct Page {
    #[command(flatten)]
    reach: Reach,
    /// How many at most, up to 200; by default 50, and of event types all
    #[arg(long, value_name = "N")]
    limit: Option<u16>,
    /// Where the page before this one ended
    #[arg(long)]
    cursor: Option<String>,
}

impl Page {
    /// Prints one page of the list at `path`; `filters` are query parameters of this list alone.
    pub(crate) fn print(
        &self,
        client: &Client,
        path: &[&str],
        filters: &[(&str, &str)],
        columns: &[(&str, &str)],
        output: Output,
    ) -> Result<(), Failure> {
        let page = self.read(client, path, filters, self.cursor.as_deref())?;
        show(&page, columns, output)
    }

    /// The same, but page after page to the end of the list, unless a limit was asked for.
    pub(crate) fn print_all(
        &self,
        client: &Client,
        path: &[&str],
        filters: &[(&str, &str)],
        columns: &[(&str, &str)],
        output: Output,
    ) -> Result<(), Failure> {
        let mut page = self.read(client, path, filters, self.cursor.as_deref())?;
        while self.limit.is_none()
            && let Some(cursor) = page["nextCursor"].as_str()
        {
            let next = self.read(client, path, filters, Some(cursor))?;
            append(&mut page, next);
        }
        show(&page, columns, output)
    }

    fn read(
        &self,
        client: &Client,
        path: &[&str],
        filters: &[(&str, &str)],
        cursor: Option<&str>,
    ) -> Result<Value, Failure> {
        let limit = self.limit.map(|limit| limit.to_string());
        let mut query = Vec::new();
        query.extend(limit.as_deref().map(|limit| ("limit", limit)));
        query.extend_from_slice(filters);
        query.extend(self.reach.query());
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        Ok(client.get(path, &query)?)
    }
}

/// Makes `page` end where `next` does, with the rows of both.
fn append(page: &mut Value, mut next: Value) {
    let more = next.get_mut("data").and_then(Value::as_array_mut);
    if let (Some(rows), Some(more)) = (page["data"].as_array_mut(), more) {
        rows.append(more);
    }
    page["nextCursor"] = next["nextCursor"].clone();
}

fn show(page: &Value, columns: &[(&str, &str)], output: Output) -> Result<(), Failure> {
    if output == Output::Json {
        return Ok(output::json(page)?);
    }
    let records = page["data"].as_array().map_or(&[][..], Vec::as_slice);
    output::records(columns, records)?;
    if let Value::String(cursor) = &page["nextCursor"] {
        anstream::eprintln!("more: --cursor {cursor}");
    }
    Ok(())
}
