use std::collections::BTreeSet;

use lifeline_core::blood::{Antigen, AntigenProfile, Grade, Typing};

use super::knowledge::Knowledge;
use super::plausible::{self, Doubt};

/// The most cells of a panel.
pub const CELLS_MOST: usize = 200;
/// The most bytes of a panel file.
pub const BYTES_MOST: usize = 1 << 20;
/// The longest cell name or label, in characters.
const NAME_MOST: usize = 60;

/// What is wrong with a panel file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PanelError {
    /// Too large, or not text.
    #[error("the panel is larger than {BYTES_MOST} bytes")]
    TooLarge,
    /// No header line.
    #[error("the panel is empty: the first line names the columns")]
    Empty,
    /// A column every panel must have.
    #[error("the column {0:?} is missing")]
    MissingColumn(&'static str),
    /// A column that is no antigen and no reaction.
    #[error("column {0:?} is neither a known antigen nor a reaction (rx_PHASE)")]
    UnknownColumn(String),
    /// A column named twice.
    #[error("column {0:?} stands twice")]
    DuplicateColumn(String),
    /// More or fewer fields than the header.
    #[error("row {row}: {got} fields, the header has {expected}")]
    Fields {
        /// Line of the file, counted from 1.
        row: usize,
        /// Fields found.
        got: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A cell without name, or with one too long.
    #[error("row {row}, column \"cell\": a name of 1 to {NAME_MOST} characters is needed")]
    Name {
        /// Line of the file.
        row: usize,
    },
    /// A cell named twice.
    #[error("row {row}, column \"cell\": {cell:?} stands twice")]
    DuplicateCell {
        /// Line of the file.
        row: usize,
        /// Which.
        cell: String,
    },
    /// A value that is none.
    #[error("row {row} (cell {cell:?}), column {column:?}: {value:?} is not {expected}")]
    Value {
        /// Line of the file.
        row: usize,
        /// Which cell.
        cell: String,
        /// Which column.
        column: String,
        /// What stands there.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A phenotype nobody has.
    #[error(
        "row {row} (cell {cell:?}), columns {one:?} and {other:?}: a cell without both does not exist"
    )]
    Impossible {
        /// Line of the file.
        row: usize,
        /// Which cell.
        cell: String,
        /// One antigen.
        one: &'static str,
        /// Its antithetical.
        other: &'static str,
    },
    /// No cell at all.
    #[error("the panel has no cell")]
    NoCells,
    /// More cells than are read.
    #[error("the panel has more than {CELLS_MOST} cells")]
    TooManyCells,
}

impl PanelError {
    /// The row and the column that are to blame, as far as there are any.
    pub fn place(&self) -> Option<String> {
        Some(match self {
            Self::TooLarge | Self::Empty | Self::NoCells | Self::TooManyCells => return None,
            Self::MissingColumn(column) => (*column).to_owned(),
            Self::UnknownColumn(column) | Self::DuplicateColumn(column) => column.clone(),
            Self::Fields { row, .. } => format!("row {row}"),
            Self::Name { row } | Self::DuplicateCell { row, .. } => format!("row {row}, cell"),
            Self::Value { row, column, .. } => format!("row {row}, {column}"),
            Self::Impossible { row, one, .. } => format!("row {row}, {one}"),
        })
    }
}

/// How a phase is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhaseKind {
    /// Immediate spin, room temperature or colder: IgM.
    Cold,
    /// 37 °C without antiglobulin.
    Warm,
    /// With antiglobulin, by tube, gel or solid phase: IgG.
    Antiglobulin,
    /// On cells treated with papain or ficin.
    Enzyme,
    /// On cells treated with dithiothreitol.
    Dtt,
}

impl PhaseKind {
    /// By the usual names; anything else counts as an antiglobulin phase.
    fn of(name: &str) -> Self {
        let name = name.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if has(&["DTT"]) {
            Self::Dtt
        } else if has(&["ENZ", "PAP", "FIC", "BROM", "TRYP"]) {
            Self::Enzyme
        } else if matches!(
            name.as_str(),
            "IS" | "RT" | "4" | "4C" | "COLD" | "SALINE" | "SAL"
        ) {
            Self::Cold
        } else if matches!(name.as_str(), "37" | "37C" | "ALB" | "ALB37" | "LISS37") {
            Self::Warm
        } else {
            Self::Antiglobulin
        }
    }
}

/// One column of reactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// As in the header, without `rx_`.
    pub name: String,
    /// How it is read.
    pub kind: PhaseKind,
}

impl Phase {
    /// A phase by the name a laboratory gives it.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            kind: PhaseKind::of(name),
        }
    }
}

/// A reagent cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Its name on the panel.
    pub id: String,
    /// The Rh label, where the maker prints one.
    pub label: String,
    /// Its antigens; blank is not tested, and so is what the label contradicts.
    pub typed: AntigenProfile,
    /// By phase; `None` is not tested.
    pub reactions: Vec<Option<Grade>>,
}

impl Cell {
    /// Whether it reacted in a tested phase; `None` where nothing was tested.
    pub fn reactive(&self) -> Option<bool> {
        let mut tested = self.reactions.iter().flatten().peekable();
        tested.peek()?;
        Some(tested.any(|grade| *grade != Grade::Negative))
    }

    /// The strongest reaction in grades: 0, half for weak, 1 to 4; haemolysis counts as 4, mixed field as 2.
    pub fn strength(&self) -> f64 {
        let worth = |grade: &Grade| match grade {
            Grade::Negative => 0.0,
            Grade::Weak => 0.5,
            Grade::One => 1.0,
            Grade::Two | Grade::MixedField => 2.0,
            Grade::Three => 3.0,
            Grade::Four | Grade::Haemolysis => 4.0,
        };
        self.reactions
            .iter()
            .flatten()
            .map(worth)
            .fold(0.0, f64::max)
    }

    /// Whether the cell carries the antigen from both parents; not typed for the other allele is not known to.
    pub fn double_dose(&self, knowledge: &Knowledge, antigen: Antigen) -> bool {
        self.typed.typing(antigen) == Typing::Positive
            && knowledge
                .antithetical(antigen)
                .is_some_and(|other| self.typed.typing(other) == Typing::Negative)
    }
}

/// A panel with what the patient's plasma did to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    /// Columns of antigens, in the order of the file.
    pub antigens: Vec<Antigen>,
    /// Columns of reactions.
    pub phases: Vec<Phase>,
    /// Reagent cells.
    pub cells: Vec<Cell>,
    /// The patient's own cells; `None` where not tested.
    pub autocontrol: Option<Cell>,
    /// Where the label and the columns contradict each other.
    pub doubts: Vec<Doubt>,
}

impl Panel {
    /// A cell by name.
    pub fn cell(&self, id: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.id == id)
    }

    /// Whether the autocontrol reacted.
    pub fn autocontrol_reactive(&self) -> Option<bool> {
        self.autocontrol.as_ref()?.reactive()
    }

    /// Whether any cell was tested.
    pub fn tested(&self) -> bool {
        self.cells.iter().any(|cell| cell.reactive().is_some())
    }
}

/// `Fy(a)`, `Fy^a` and `Fya` are the same column.
fn antigen(name: &str) -> Option<Antigen> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    Antigen::parse(&plain)
}

enum Column {
    Cell,
    Label,
    Antigen(Antigen),
    Reaction,
}

/// The fields of a line. A field may stand in double quotes, which then stand twice inside it.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.trim().is_empty() => {
                field.clear();
                quoted = true;
            }
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    fields.push(field);
    fields
        .into_iter()
        .map(|text| text.trim().to_owned())
        .collect()
}

fn columns(header: &str) -> Result<(Vec<Column>, Vec<String>), PanelError> {
    let names = fields(header);
    let mut seen = BTreeSet::new();
    let mut columns = Vec::new();
    for name in &names {
        let column = match name.as_str() {
            "cell" => Column::Cell,
            "label" => Column::Label,
            other => match (other.strip_prefix("rx_"), antigen(other)) {
                (Some(phase), _) if !phase.is_empty() => Column::Reaction,
                (_, Some(antigen)) => Column::Antigen(antigen),
                _ => return Err(PanelError::UnknownColumn(name.clone())),
            },
        };
        let key = match &column {
            Column::Antigen(antigen) => antigen.name().to_owned(),
            _ => name.clone(),
        };
        if !seen.insert(key) {
            return Err(PanelError::DuplicateColumn(name.clone()));
        }
        columns.push(column);
    }
    let has = |wanted: fn(&Column) -> bool| columns.iter().any(wanted);
    if !has(|column| matches!(column, Column::Cell)) {
        return Err(PanelError::MissingColumn("cell"));
    }
    if !has(|column| matches!(column, Column::Antigen(_))) {
        return Err(PanelError::MissingColumn("an antigen, such as D"));
    }
    Ok((columns, names))
}

/// Reads a panel. Reactions may be missing, as in a plain antigram.
///
/// # Errors
/// The first thing that is wrong, with row and column.
pub fn parse(text: &str) -> Result<Panel, PanelError> {
    if text.len() > BYTES_MOST {
        return Err(PanelError::TooLarge);
    }
    let mut lines = text
        .trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let (_, header) = lines.next().ok_or(PanelError::Empty)?;
    let (columns, names) = columns(header)?;
    let mut panel = Panel {
        antigens: columns
            .iter()
            .filter_map(|column| match column {
                Column::Antigen(antigen) => Some(*antigen),
                _ => None,
            })
            .collect(),
        phases: names
            .iter()
            .filter_map(|name| name.strip_prefix("rx_"))
            .map(Phase::named)
            .collect(),
        cells: Vec::new(),
        autocontrol: None,
        doubts: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for (index, line) in lines {
        let row = index + 1;
        let mut cell = row_of(row, line, &columns, &names)?;
        if !seen.insert(cell.id.clone()) {
            let cell = cell.id;
            return Err(PanelError::DuplicateCell { row, cell });
        }
        if cell.id.eq_ignore_ascii_case("AC") || cell.label.eq_ignore_ascii_case("autocontrol") {
            panel.autocontrol = Some(cell);
            continue;
        }
        plausible::possible(row, &cell)?;
        for doubt in plausible::check(&cell.id, &cell.label, &cell.typed) {
            cell.typed.set(doubt.antigen, Typing::NotTested);
            panel.doubts.push(doubt);
        }
        panel.cells.push(cell);
        if panel.cells.len() > CELLS_MOST {
            return Err(PanelError::TooManyCells);
        }
    }
    if panel.cells.is_empty() {
        return Err(PanelError::NoCells);
    }
    Ok(panel)
}

fn row_of(
    row: usize,
    line: &str,
    columns: &[Column],
    names: &[String],
) -> Result<Cell, PanelError> {
    let fields = fields(line);
    if fields.len() != columns.len() {
        return Err(PanelError::Fields {
            row,
            got: fields.len(),
            expected: columns.len(),
        });
    }
    let mut cell = Cell {
        id: String::new(),
        label: String::new(),
        typed: AntigenProfile::default(),
        reactions: Vec::new(),
    };
    let mut each: Vec<(&Column, &String, String)> = columns
        .iter()
        .zip(names)
        .zip(fields)
        .map(|((column, name), field)| (column, name, field))
        .collect();
    // The name first, so that every later error can say it.
    each.sort_by_key(|(column, ..)| !matches!(column, Column::Cell));
    for (column, name, field) in each {
        let wrong = |cell: &Cell, expected| PanelError::Value {
            row,
            cell: cell.id.clone(),
            column: name.clone(),
            value: field.chars().take(NAME_MOST).collect(),
            expected,
        };
        match column {
            Column::Cell => {
                let length = field.chars().count();
                if length == 0 || length > NAME_MOST {
                    return Err(PanelError::Name { row });
                }
                cell.id = field;
            }
            Column::Label => {
                if field.chars().count() > NAME_MOST {
                    return Err(wrong(&cell, "a label of at most 60 characters"));
                }
                cell.label = field;
            }
            Column::Antigen(antigen) => {
                let typing = match field.as_str() {
                    "1" | "+" => Typing::Positive,
                    "0" | "-" => Typing::Negative,
                    "" | "NT" | "nt" => Typing::NotTested,
                    _ => return Err(wrong(&cell, "1, 0 or blank")),
                };
                cell.typed.set(*antigen, typing);
            }
            Column::Reaction => {
                let grade =
                    match field.as_str() {
                        "" | "NT" | "nt" => None,
                        text => Some(Grade::parse(text).ok_or_else(|| {
                            wrong(&cell, "a reaction (0, w+, 1+ to 4+, mf, H, NT)")
                        })?),
                    };
                cell.reactions.push(grade);
            }
        }
    }
    Ok(cell)
}
