//! Readings of the parts of multipart forms.

use memchr::memmem;
use tokenban_parse::{
    multipart::{multipart, Item},
    Buffers,
};

use crate::{point::Kind, request::Request, tree::Step};

use super::{body::header, ordinal, shown};

/// Which part of a name it is, and whether it was encoded.
pub(super) fn describe<R: Request + ?Sized>(
    request: &R,
    from: &[u8],
    step: &Step,
    to: &[u8],
) -> Vec<String> {
    let content_type = header(request, "content-type");
    let (mut before, mut found) = (Vec::new(), None);
    let mut take = |item: &Item<'_>| {
        let Item::Field { part, name, value } = item else { return };
        let wanted =
            step.kind() != Some(Kind::Multipart) || name.starts_with(step.name().as_bytes());
        if wanted && *value == to && found.is_none() {
            let earlier = |(other, number): &&(Vec<u8>, usize)| other == name && number < part;
            found = Some((name.to_vec(), before.iter().filter(earlier).count()));
        }
        if !before.contains(&(name.to_vec(), *part)) {
            before.push((name.to_vec(), *part));
        }
    };
    let mut each = |item: Item<'_>| take(&item);
    // What a bound cuts off was not read in the decision either, which says so.
    let _ = multipart(from, &content_type, &mut Buffers::default(), &mut each);
    let coded = memmem::find(from, to).is_none();
    let coded = coded.then(|| "as the part's transfer encoding or charset has it".to_owned());
    let all = step.kind() == Some(Kind::MultipartAll);
    let (named, repeated) = match found {
        Some((name, index)) => (
            if all { shown("part", &name, to) } else { None },
            ordinal(index).map(|word| format!("{word} part of that name")),
        ),
        None => (None, None),
    };
    [named, repeated, coded].into_iter().flatten().collect()
}
