//! The table: what is compared.

use crate::Error;

/// Structures and those of their fields that are compared.
#[derive(Debug, PartialEq, Eq)]
pub struct Table(pub(crate) Vec<Structure>);

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Structure {
    /// As C names its type.
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// As C names it.
    pub(crate) name: String,
    /// The macro without which there is no such field.
    pub(crate) condition: Option<String>,
}

impl Table {
    /// Reads `STRUCTURE: FIELD …` lines. `MACRO(FIELD)` is a field that is there only where the
    /// macro is. Lines that begin with `#` are comments.
    ///
    /// # Errors
    /// [`Error::Line`] and [`Error::Duplicate`].
    pub fn parse(text: &str) -> Result<Table, Error> {
        let mut structures: Vec<Structure> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let structure = Structure::parse(line).ok_or(Error::Line(index + 1))?;
            if structures.iter().any(|other| other.name == structure.name) {
                return Err(Error::Duplicate(index + 1));
            }
            structures.push(structure);
        }
        Ok(Table(structures))
    }
}

impl Structure {
    fn parse(line: &str) -> Option<Structure> {
        let (name, fields) = line.split_once(':')?;
        let fields = fields.split_whitespace().map(Field::parse).collect::<Option<_>>()?;
        Some(Structure { name: identifier(name)?, fields })
    }
}

impl Field {
    fn parse(word: &str) -> Option<Field> {
        let Some((condition, name)) = word.split_once('(') else {
            return Some(Field { name: identifier(word)?, condition: None });
        };
        let name = identifier(name.strip_suffix(')')?)?;
        Some(Field { name, condition: Some(identifier(condition)?) })
    }
}

fn identifier(word: &str) -> Option<String> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!word.is_empty() && word.bytes().all(is_part)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_structures_with_fields() {
        let table = Table::parse("# text\n\na_t: b NGX_SSL(c)\nd_t:\n").unwrap();
        let names: Vec<_> = table.0.iter().map(|structure| structure.name.as_str()).collect();
        assert_eq!(names, ["a_t", "d_t"]);
        assert_eq!(table.0[0].fields[1].condition.as_deref(), Some("NGX_SSL"));
        assert_eq!(table.0[0].fields[1].name, "c");
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        assert_eq!(Table::parse("\na_t b"), Err(Error::Line(2)));
        assert_eq!(Table::parse("a_t: b;c"), Err(Error::Line(1)));
        assert_eq!(Table::parse("a_t: NGX_SSL(b"), Err(Error::Line(1)));
        assert_eq!(Table::parse("a_t: b\na_t: c"), Err(Error::Duplicate(2)));
    }
}
