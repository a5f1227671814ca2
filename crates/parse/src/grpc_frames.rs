//! The frames of a gRPC stream while it comes in: where each message ends, whatever pieces the
//! bytes come in. Nothing is kept but the head of a frame. For a body as a whole, see
//! [`grpc`](crate::grpc).

/// A flag byte and a length of four bytes.
const HEAD: usize = 5;
/// The bits of the flag that no frame has: the lowest one says «compressed», and the highest one
/// «trailers», in gRPC-Web.
const NO_FLAG: u8 = 0x7e;

/// Where in a stream of frames the next byte belongs.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    head: [u8; HEAD],
    /// How many bytes of the current frame have come in.
    come: u64,
}

/// What some bytes are to the current frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// So many bytes end it.
    End(usize),
    /// All bytes belong to it, and more is to come.
    Part,
    /// A frame should begin here, and none does.
    Unframed,
}

impl Frames {
    /// Takes the bytes of the current frame, as far as they are there.
    pub fn take(&mut self, bytes: &[u8]) -> Taken {
        let mut taken = 0;
        for byte in bytes.iter().take(HEAD.saturating_sub(self.come as usize)) {
            if self.come == 0 && byte & NO_FLAG != 0 {
                return Taken::Unframed;
            }
            if let Some(slot) = self.head.get_mut(self.come as usize) {
                *slot = *byte;
            }
            self.come += 1;
            taken += 1;
        }
        let Some(length) = self.length() else { return Taken::Part };
        let left = length - self.come;
        let there = (bytes.len() - taken) as u64;
        if there < left {
            self.come += there;
            return Taken::Part;
        }
        self.come = 0;
        Taken::End(taken + left as usize)
    }

    /// The length of the current frame with its head; nothing before the head has come in.
    pub fn length(&self) -> Option<u64> {
        let [_, a, b, c, d] = self.head;
        let whole = self.come >= HEAD as u64;
        whole.then(|| HEAD as u64 + u64::from(u32::from_be_bytes([a, b, c, d])))
    }

    /// Whether a frame has begun that has not ended.
    pub fn is_within(&self) -> bool {
        self.come > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
        [&[flag], &(message.len() as u32).to_be_bytes()[..], message].concat()
    }

    /// The frames in pieces of a size; the rest; whether something was not framed.
    fn frames(body: &[u8], size: usize) -> (Vec<Vec<u8>>, Vec<u8>, bool) {
        let (mut frames, mut found, mut open) = (Frames::default(), Vec::new(), Vec::new());
        for piece in body.chunks(size) {
            let mut rest = piece;
            while !rest.is_empty() {
                match frames.take(rest) {
                    Taken::Part => {
                        open.extend_from_slice(rest);
                        break;
                    }
                    Taken::End(length) => {
                        open.extend_from_slice(&rest[..length]);
                        found.push(std::mem::take(&mut open));
                        rest = &rest[length..];
                    }
                    Taken::Unframed => return (found, open, true),
                }
            }
        }
        assert_eq!(frames.is_within(), !open.is_empty());
        (found, open, false)
    }

    #[test]
    fn the_length_is_known_with_the_head() {
        let mut frames = Frames::default();
        assert_eq!(frames.take(b"\x01\0\0\x01"), Taken::Part);
        assert_eq!(frames.length(), None);
        assert_eq!(frames.take(b"\x02"), Taken::Part);
        assert_eq!(frames.length(), Some(5 + 258));
        assert_eq!(frames.take(&[0; 300]), Taken::End(258));
        assert!(!frames.is_within());
    }

    #[test]
    fn what_is_not_framed_is_told_where_it_begins() {
        let body = [frame(0, b"one"), b"{\"token\"".to_vec()].concat();
        assert_eq!(frames(&body, 99), (vec![frame(0, b"one")], vec![], true));
        assert_eq!(frames(b"AAAAAAV0b2tlbg==", 3), (vec![], vec![], true));
        assert_eq!(Frames::default().take(b""), Taken::Part);
    }

    proptest! {
        /// However a stream is cut into pieces, its messages are the same.
        #[test]
        fn pieces_do_not_matter(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..5),
            cut in 0..5_usize,
            size in 1..40_usize,
        ) {
            let wanted: Vec<_> = messages.iter().map(|message| frame(1, message)).collect();
            let open = frame(0, b"open")[..cut].to_vec();
            let body = [wanted.concat(), open.clone()].concat();
            prop_assert_eq!(frames(&body, size), (wanted, open, false));
        }

        #[test]
        fn never_panics(body in prop::collection::vec(any::<u8>(), 0..80), size in 1..9_usize) {
            frames(&body, size);
        }
    }
}
