//! The probe: C source with an array of characters in which the compiler writes sizes and offsets
//! in decimal, and what finds it in the object file. Nothing is run.

use std::fmt::Write;

use crate::{
    table::{Field, Structure, Table},
    Error,
};

/// What the array begins with.
const MARK: &[u8] = b"tokenban-layout:";

const HEAD: &str = "
#include <stddef.h>

#define DIGITS(n)  ' ', '0' + (n) / 100000 % 10, '0' + (n) / 10000 % 10, \\
    '0' + (n) / 1000 % 10, '0' + (n) / 100 % 10, '0' + (n) / 10 % 10, '0' + (n) % 10
#define ABSENT  ' ', '-'
";

impl Table {
    /// C source that measures the table, behind what `includes` the structures.
    pub fn probe(&self, includes: &str) -> String {
        let mut text = format!("{includes}\n{HEAD}\nconst char  tokenban_layout[] = {{\n");
        for byte in MARK {
            let _ = write!(text, "'{}', ", char::from(*byte));
        }
        text.push('\n');
        for structure in &self.0 {
            structure.probe(&mut text);
        }
        text.push_str("';' };\n");
        text
    }
}

impl Structure {
    fn probe(&self, text: &mut String) {
        let _ = writeln!(text, "DIGITS(sizeof({})),", self.name);
        for field in &self.fields {
            field.probe(&self.name, text);
        }
    }
}

impl Field {
    fn probe(&self, structure: &str, text: &mut String) {
        let measure = format!("DIGITS(offsetof({structure}, {})),", self.name);
        let _ = match &self.condition {
            None => writeln!(text, "{measure}"),
            Some(macro_name) => {
                writeln!(text, "#if ({macro_name})\n{measure}\n#else\nABSENT,\n#endif")
            }
        };
    }
}

/// The numbers in the object file of a probe, in the order of the table; nothing for a field that
/// is not there.
///
/// # Errors
/// [`Error::Object`].
pub fn measures(object: &[u8]) -> Result<Vec<Option<usize>>, Error> {
    let start =
        object.windows(MARK.len()).position(|window| window == MARK).ok_or(Error::Object)?;
    let text = object.get(start + MARK.len()..).unwrap_or_default();
    let end = text.iter().position(|byte| *byte == b';').ok_or(Error::Object)?;
    let text = std::str::from_utf8(&text[..end]).map_err(|_| Error::Object)?;
    text.split_ascii_whitespace().map(measure).collect()
}

fn measure(word: &str) -> Result<Option<usize>, Error> {
    match word {
        "-" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| Error::Object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_between_other_bytes() {
        let object = b"\x7fELF\0tokenban-layout: 000016 000008 -;\0rest;";
        assert_eq!(measures(object), Ok(vec![Some(16), Some(8), None]));
    }

    #[test]
    fn an_object_without_numbers_is_refused() {
        for object in [&b""[..], b"tokenban-layout: 1", b"tokenban-layout: x;"] {
            assert_eq!(measures(object), Err(Error::Object));
        }
    }
}
