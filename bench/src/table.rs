//! Text in aligned columns: the first and the targets to the left, numbers to the right.

/// Lines of cells under a head.
pub(crate) struct Table {
    lines: Vec<Vec<String>>,
    columns: usize,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(head: &[&str]) -> Self {
        Self {
            lines: vec![head.iter().map(ToString::to_string).collect()],
            columns: head.len(),
        }
    }

    /// Adds a line; cells that are not given are empty.
    pub(crate) fn add(&mut self, mut cells: Vec<String>) {
        cells.resize(self.columns, String::new());
        self.lines.push(cells);
    }

    /// The table as text, its head underlined.
    pub(crate) fn text(&self) -> String {
        let widths: Vec<usize> = (0..self.columns)
            .map(|column| self.cells(column).map(width).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for (index, line) in self.lines.iter().enumerate() {
            let cells = line.iter().zip(&widths).enumerate();
            let padded: Vec<String> = cells
                .map(|(column, (cell, width))| pad(cell, *width, self.is_words(column)))
                .collect();
            text.push_str(padded.join("  ").trim_end());
            text.push('\n');
            if index == 0 {
                let total = widths.iter().sum::<usize>() + 2 * (self.columns - 1);
                text.push_str(&"─".repeat(total));
                text.push('\n');
            }
        }
        text
    }

    fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        self.lines.iter().map(move |line| line[column].as_str())
    }

    /// A column of words has a cell that begins with neither a digit nor nothing.
    fn is_words(&self, column: usize) -> bool {
        self.cells(column)
            .skip(1)
            .any(|cell| cell.starts_with(|first: char| !first.is_ascii_digit()))
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn pad(text: &str, to: usize, left: bool) -> String {
    let gap = " ".repeat(to.saturating_sub(width(text)));
    if left {
        format!("{text}{gap}")
    } else {
        format!("{gap}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_left_and_numbers_right() {
        let mut table = Table::new(&["row", "rate"]);
        table.add(vec!["publish".to_owned(), "9".to_owned()]);
        table.add(vec!["µ".to_owned(), "1,000".to_owned()]);
        let lines: Vec<String> = table.text().lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "row       rate");
        assert_eq!(lines[2], "publish      9");
        assert_eq!(lines[3], "µ        1,000");
    }
}
