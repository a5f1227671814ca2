//! What has come in and is not inspected yet: in memory up to `client_body_buffer_size`, beyond that
//! in a file that has no name, where NGINX has its own (`client_body_temp_path`).

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Write},
    mem,
    os::unix::ffi::OsStrExt,
    path::Path,
};

use memmap2::Mmap;
use ngx::http::{HttpModuleLocationConf, NgxHttpCoreModule, Request};

/// Bytes that are being collected.
#[derive(Default)]
pub(crate) struct Kept {
    memory: Vec<u8>,
    file: Option<File>,
    length: u64,
}

/// Bytes that have been collected. They stay where they are when this is moved.
pub(crate) enum Bytes {
    Map(Mmap),
    Memory(Vec<u8>),
}

impl Kept {
    /// Adds some, as far as a limit allows. Returns how many.
    pub(crate) fn push(
        &mut self,
        request: &Request,
        bytes: &[u8],
        limit: u64,
    ) -> io::Result<usize> {
        let room = limit.saturating_sub(self.length).min(bytes.len() as u64) as usize;
        let bytes = bytes.get(..room).unwrap_or_default();
        self.length += room as u64;
        match &mut self.file {
            Some(file) => file.write_all(bytes)?,
            None => {
                self.memory.extend_from_slice(bytes);
                self.spill(request)?;
            }
        }
        Ok(room)
    }

    /// Goes over to a file where memory is not for so much.
    fn spill(&mut self, request: &Request) -> io::Result<()> {
        let Some(core) = NgxHttpCoreModule::location_conf(request) else { return Ok(()) };
        if self.memory.len() <= core.client_body_buffer_size {
            return Ok(());
        }
        // SAFETY: every location has a path, which NGINX makes and gives to the workers' user.
        let path = unsafe { &*core.client_body_temp_path }.name;
        let mut file = tempfile::tempfile_in(Path::new(OsStr::from_bytes(path.as_bytes())))?;
        file.write_all(&mem::take(&mut self.memory))?;
        self.file = Some(file);
        Ok(())
    }

    /// What was collected.
    pub(crate) fn take(&mut self) -> io::Result<Bytes> {
        let Kept { memory, file, .. } = mem::take(self);
        match file {
            // SAFETY: the file has no name and no other descriptor: nobody else can change it.
            Some(file) => Ok(Bytes::Map(unsafe { Mmap::map(&file) }?)),
            None => Ok(Bytes::Memory(memory)),
        }
    }
}

impl Bytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Map(map) => map,
            Bytes::Memory(memory) => memory,
        }
    }
}
