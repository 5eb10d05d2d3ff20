//! What travels between a caller and a role: plain data, and the raw bytes beside it.

use std::fs::File;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::fault::{Failure, Fault};

/// Plain data that travels. Large fields (pixels, pictures, lists of times) are skipped by `serde` and travel as raw bytes
/// beside it; whoever has such a field says how it is taken out and put back.
pub trait Message: Serialize + DeserializeOwned + Send + 'static {
    /// The raw bytes, taken out of it.
    fn take_bytes(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Puts back what was taken out on the other side.
    ///
    /// # Errors
    /// The bytes themselves, where they are not what the rest of the message says of them.
    fn put_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
        if bytes.is_empty() { Ok(()) } else { Err(bytes) }
    }

    /// The open files, taken out of it: they travel as such to a worker, where the system can hand them over.
    fn take_files(&mut self) -> Vec<Arc<File>> {
        Vec::new()
    }

    /// Puts back the files that travelled: all that were taken out, or none.
    ///
    /// # Errors
    /// Their number, where they do not belong to it.
    fn put_files(&mut self, files: Vec<Arc<File>>) -> Result<(), usize> {
        if files.is_empty() {
            Ok(())
        } else {
            Err(files.len())
        }
    }
}

impl Message for () {}
impl<T: Serialize + DeserializeOwned + Send + 'static> Message for Vec<T> {}

impl<M: Message> Message for Option<M> {
    fn take_bytes(&mut self) -> Vec<u8> {
        self.as_mut().map_or_else(Vec::new, M::take_bytes)
    }

    fn put_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
        match self {
            Some(message) => message.put_bytes(bytes),
            None if bytes.is_empty() => Ok(()),
            None => Err(bytes),
        }
    }
}

/// Nothing: what comes while a request is worked on that says nothing before its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Nothing {}

impl Message for Nothing {}

/// A message on its way, whatever it says.
#[derive(Debug)]
pub struct Parcel {
    pub(super) data: Box<RawValue>,
    pub(super) bytes: Vec<u8>,
}

impl Parcel {
    /// Packs `message`.
    ///
    /// # Errors
    /// Data that has no JSON: a fault of the program.
    pub fn pack<M: Message>(mut message: M) -> Result<Self, Failure> {
        let bytes = message.take_bytes();
        let data =
            serde_json::value::to_raw_value(&message).map_err(|error| broken::<M>(&error.to_string()))?;
        Ok(Self { data, bytes })
    }

    /// What was packed.
    ///
    /// # Errors
    /// Where it was something else: a fault of the program.
    pub fn unpack<M: Message>(self) -> Result<M, Failure> {
        let mut message: M =
            serde_json::from_str(self.data.get()).map_err(|error| broken::<M>(&error.to_string()))?;
        let put = message.put_bytes(self.bytes);
        put.map_err(|bytes| broken::<M>(&format!("{} bytes are beside it", bytes.len())))?;
        Ok(message)
    }
}

fn broken<M>(reason: &str) -> Failure {
    let name = std::any::type_name::<M>();
    Failure::new(
        Fault::Machine,
        format!("a message is not what it should be: {name}: {reason}"),
    )
    .with_hint("this is a fault of the program; please report it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Pixels {
        side_px: u32,
        #[serde(skip)]
        grey: Vec<u8>,
    }

    impl Message for Pixels {
        fn take_bytes(&mut self) -> Vec<u8> {
            std::mem::take(&mut self.grey)
        }

        fn put_bytes(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
            if bytes.len() == (self.side_px * self.side_px) as usize {
                self.grey = bytes;
                Ok(())
            } else {
                Err(bytes)
            }
        }
    }

    fn pixels() -> Pixels {
        Pixels {
            side_px: 2,
            grey: vec![1, 2, 3, 4],
        }
    }

    #[test]
    fn a_message_is_unpacked_as_it_was_packed_with_its_bytes_beside_it() {
        let parcel = Parcel::pack(pixels()).unwrap();
        assert_eq!((parcel.data.get(), parcel.bytes.len()), (r#"{"side_px":2}"#, 4));
        assert_eq!(parcel.unpack::<Pixels>().unwrap(), pixels());
    }

    #[test]
    fn what_is_not_what_it_says_is_refused() {
        let mut short = Parcel::pack(pixels()).unwrap();
        short.bytes.pop();
        assert!(
            short.unpack::<Pixels>().is_err(),
            "three bytes are no square of two"
        );
        let other = Parcel::pack(vec![1]).unwrap();
        assert!(other.unpack::<Pixels>().is_err(), "another message");
        let beside = Parcel::pack(pixels()).unwrap();
        assert!(beside.unpack::<()>().is_err(), "bytes that nobody asked for");
    }
}
