//! What the C library does with memory that is given back.

/// From here on an allocation is a mapping of its own, which goes back to the system at once. Without a fixed bound glibc raises it with every larger
/// one that is freed, up to 32 MB, and what bodies of some megabytes leave behind then stays with the process: 211 MB after three of 15 MB, with it 40 MB.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_MAPPING: libc::c_int = 1 << 20;
/// What may be free at the end of a heap before it is cut off. Fixed along with the other one, and by default less than what it would grow to.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT_AT_THE_END: libc::c_int = 2 << 20;

/// At the start of a process; it counts from then on.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn give_memory_back() {
    #[expect(
        unsafe_code,
        reason = "the C library has no other way to say it; both are numbers, and neither can fail but by having no effect"
    )]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_MAPPING);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_AT_THE_END);
    }
}

/// Other C libraries have other habits.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_memory_back() {}
