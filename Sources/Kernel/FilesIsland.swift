// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: paths are terminated copies for the length of the call, and the kernel
// reads exactly the bytes of the window.

public import Bytes
import CLinux
import Glibc

/// Opens a file for appending, creating it with `mode`; -1 with `Errno.last` on failure.
public func openForAppending(_ path: String, mode: UInt32) -> Int32 {
    // SAFETY: the path is a terminated copy for the length of the call.
    unsafe banyan_open(path, O_WRONLY | O_CREAT | O_APPEND, mode)
}

/// Writes bytes once; how many the kernel took, 0 on any failure.
public func writeOnce(_ fd: Int32, _ bytes: ByteWindow) -> Int {
    // SAFETY: the window covers its count bytes.
    max(unsafe write(fd, bytes.base, bytes.count), 0)
}

/// Gives a file another name, in place of one that has it already.
public func renameFile(_ path: String, to name: String) throws(Errno) {
    guard unsafe rename(path, name) == 0 else { throw .last }
}
