//! The assertions: Rust source that compiles only where the bindings agree with the C compiler.

use crate::{table::Table, Error};

impl Table {
    /// Rust source that compares the types in the module `bindings` with what was measured. It
    /// needs `offset_of` and `size_of` of `core::mem`.
    ///
    /// # Errors
    /// [`Error::Count`] where the numbers are those of another table.
    pub fn assertions(&self, bindings: &str, measures: &[Option<usize>]) -> Result<String, Error> {
        let wanted = self.0.iter().map(|structure| 1 + structure.fields.len()).sum();
        if measures.len() != wanted {
            return Err(Error::Count { wanted, found: measures.len() });
        }
        let mut measures = measures.iter().copied();
        let mut text = String::new();
        for structure in &self.0 {
            let name = &structure.name;
            let size = measures.next().flatten();
            text.extend(size.map(|size| assert_size(bindings, name, size)));
            for field in &structure.fields {
                let offset = measures.next().flatten();
                text.extend(
                    offset.map(|offset| assert_offset(bindings, name, &field.name, offset)),
                );
            }
        }
        Ok(text)
    }
}

fn assert_size(bindings: &str, structure: &str, size: usize) -> String {
    format!(
        "const _: () = assert!(size_of::<{bindings}::{structure}>() == {size}, \
         \"{structure}: the bindings give it another size than the C compiler's {size} bytes; \
         do not use the module with this NGINX\");\n"
    )
}

fn assert_offset(bindings: &str, structure: &str, field: &str, offset: usize) -> String {
    let name = in_rust(field);
    format!(
        "const _: () = assert!(offset_of!({bindings}::{structure}, {name}) == {offset}, \
         \"{structure}.{field}: the bindings do not place it at byte {offset}, where the C \
         compiler does; do not use the module with this NGINX\");\n"
    )
}

/// bindgen puts a `_` behind names that are keywords in Rust.
fn in_rust(field: &str) -> String {
    match field {
        "type" => "type_".to_owned(),
        name => name.to_owned(),
    }
}
