//! What every list of the API has in common (contract §4): pages, and which organizations.

use clap::Args;
use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{self, Output};

/// Which part of a list to print.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// The organization; without it, the key's own
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// With everything below that organization
    #[arg(long)]
    include_descendants: bool,
    /// How many at most, up to 200
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u16,
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
        let limit = self.limit.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend_from_slice(filters);
        query.extend(
            self.organization
                .as_deref()
                .map(|id| ("organizationId", id)),
        );
        query.extend(
            self.include_descendants
                .then_some(("includeDescendants", "true")),
        );
        query.extend(self.cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = client.get(path, &query)?;
        if output == Output::Json {
            return Ok(output::json(&page)?);
        }
        let records = page["data"].as_array().map_or(&[][..], Vec::as_slice);
        output::records(columns, records)?;
        if let Value::String(cursor) = &page["nextCursor"] {
            anstream::eprintln!("more: --cursor {cursor}");
        }
        Ok(())
    }
}
