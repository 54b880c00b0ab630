// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the kernel reads and writes only inside the array that is named, whose
// count is passed with it, and no pointer outlives its call.

import CLinux
import Glibc

/// The file calls of journal and saved copies, replaceable so that tests can make them fail.
///
/// Every call answers a count or 0, or a negative `errno`, as the kernel does.
public struct FileOperations: Sendable {
    /// `open(path, flags, mode)` with `O_CLOEXEC`.
    public var open: @Sendable (String, Int32, UInt32) -> Int32
    /// Calls `close(fd)`.
    public var close: @Sendable (Int32) -> Void
    /// `pread(fd, offset, count)`: the bytes, or the error.
    public var read: @Sendable (Int32, Int, Int) -> Result<[UInt8], FileError>
    /// `pwrite(fd, bytes, offset)`: how many were written.
    public var write: @Sendable (Int32, ArraySlice<UInt8>, Int) -> Int
    /// Calls `fdatasync(fd)`.
    public var syncData: @Sendable (Int32) -> Int32
    /// `fsync(fd)`: files whose length or name changed, and folders.
    public var sync: @Sendable (Int32) -> Int32
    /// Size of the open file.
    public var size: @Sendable (Int32) -> Int
    /// Calls `rename(from, to)`.
    public var rename: @Sendable (String, String) -> Int32
    /// `mkdir(path, 0700)`; an existing folder is success.
    public var makeFolder: @Sendable (String) -> Int32

    /// Which file a path names; `nil`: none that can be seen.
    public var identity: @Sendable (String) -> FileIdentity?

    /// The kernel's own calls.
    public static let kernel = FileOperations(
        open: { path, flags, mode in
            let fd = unsafe banyan_open(path, flags, mode)
            return fd < 0 ? -errno : fd
        },
        close: { _ = Glibc.close($0) },
        read: { fd, offset, count in
            var failure: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                let got = unsafe pread(fd, buffer.baseAddress, count, offset)
                if got < 0 { failure = errno }
                filled = max(0, got)
            }
            return failure == 0 ? .success(bytes) : .failure(FileError(.read, failure))
        },
        write: { fd, bytes, offset in
            let wrote = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(fd, buffer.baseAddress, buffer.count, offset)
            }
            return wrote < 0 ? Int(-errno) : wrote
        },
        syncData: { fdatasync($0) == 0 ? 0 : -errno },
        sync: { fsync($0) == 0 ? 0 : -errno },
        size: { fd in
            var status = stat()
            // SAFETY: the kernel writes one stat.
            return unsafe fstat(fd, &status) == 0 ? Int(status.st_size) : Int(-errno)
        },
        rename: { from, to in
            unsafe Glibc.rename(from, to) == 0 ? 0 : -errno
        },
        makeFolder: { path in
            unsafe mkdir(path, 0o700) == 0 || errno == EEXIST ? 0 : -errno
        },
        identity: { path in
            var status = stat()
            // SAFETY: the kernel writes one stat.
            guard unsafe stat(path, &status) == 0 else { return nil }
            return FileIdentity(device: UInt64(status.st_dev), node: UInt64(status.st_ino))
        }
    )
}

/// A file by what the kernel calls it, whatever its name.
public struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let node: UInt64
}
