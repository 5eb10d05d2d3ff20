//! What Windows lets a worker do. Written by its documentation, and checked by the compiler only: it has not been run.
//!
//! A job holds it to one process; a low integrity level keeps it from writing what is its user's. What it reads, and the
//! network, are as its user's: those take a container that whoever starts it would have to make.
#![expect(unsafe_code, reason = "these calls have no binding that is safe and kept")]

use std::io;
use std::mem::size_of;
use std::ptr;

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::Security::{
    CreateWellKnownSid, SECURITY_MAX_SID_SIZE, SID_AND_ATTRIBUTES, SetTokenInformation, TOKEN_ADJUST_DEFAULT,
    TOKEN_MANDATORY_LABEL, TOKEN_QUERY, TokenIntegrityLevel, WinLowLabelSid,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
    JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::SystemServices::SE_GROUP_INTEGRITY;
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::{Confinement, Layers};

pub(super) fn confine(confinement: &Confinement) -> Layers {
    let calls = one_process();
    if let Err(error) = &calls {
        tracing::warn!(%error, "the job does not hold");
    }
    // A process of low integrity writes nowhere that a person's programs read from, its caches among that.
    let files = if confinement.writes.is_empty() {
        low_integrity()
    } else {
        Err(io::ErrorKind::Unsupported.into())
    };
    if let Err(error) = &files {
        tracing::debug!(%error, "the integrity level stays as it is");
    }
    Layers {
        files: files.is_ok(),
        calls: calls.is_ok(),
    }
}

pub(super) fn layers() -> Layers {
    Layers {
        files: false,
        calls: true,
    }
}

fn checked(succeeded: i32) -> io::Result<()> {
    if succeeded == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Starts no other process, and ends where it fails without a question to the person.
fn one_process() -> io::Result<()> {
    // SAFETY: plain numbers, for which zeros are a value.
    let mut limits: JOBOBJECT_EXTENDED_LIMIT_INFORMATION = unsafe { std::mem::zeroed() };
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_ACTIVE_PROCESS | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    limits.BasicLimitInformation.ActiveProcessLimit = 1;
    // SAFETY: no attributes and no name; the limits are of the kind and the size that are said. The handle stays open for as
    // long as the process runs, since the job ends with its last handle.
    unsafe {
        let job = CreateJobObjectW(ptr::null(), ptr::null());
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        checked(SetInformationJobObject(
            job,
            JobObjectExtendedLimitInformation,
            (&raw const limits).cast(),
            size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>() as u32,
        ))?;
        checked(AssignProcessToJobObject(job, GetCurrentProcess()))
    }
}

/// Writes nothing that is not of low integrity itself.
fn low_integrity() -> io::Result<()> {
    let mut sid = [0_u8; SECURITY_MAX_SID_SIZE as usize];
    let mut n_bytes = SECURITY_MAX_SID_SIZE;
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: the buffer holds the longest identifier there is, and outlives the label that points to it; the token is closed
    // once.
    unsafe {
        checked(CreateWellKnownSid(
            WinLowLabelSid,
            ptr::null_mut(),
            sid.as_mut_ptr().cast(),
            &raw mut n_bytes,
        ))?;
        checked(OpenProcessToken(
            GetCurrentProcess(),
            TOKEN_ADJUST_DEFAULT | TOKEN_QUERY,
            &raw mut token,
        ))?;
        let label = TOKEN_MANDATORY_LABEL {
            Label: SID_AND_ATTRIBUTES {
                Sid: sid.as_mut_ptr().cast(),
                Attributes: SE_GROUP_INTEGRITY as u32,
            },
        };
        let set = checked(SetTokenInformation(
            token,
            TokenIntegrityLevel,
            (&raw const label).cast(),
            size_of::<TOKEN_MANDATORY_LABEL>() as u32 + n_bytes,
        ));
        CloseHandle(token);
        set
    }
}
