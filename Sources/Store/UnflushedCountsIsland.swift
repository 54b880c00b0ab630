// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the file is exactly `bytes` long before it is mapped, stays mapped
// until deinit, and every index is below `entries`.

internal import Bytes
import Glibc

/// Counts that survive a kill of the process: how many observations of a migration are not on disk
/// yet, in a small file that is mapped into memory.
///
/// The kernel keeps written pages of a killed process, so the next start learns how much was lost.
/// One user at a time (the ledger's lock).
@safe
public final class UnflushedCounts: @unchecked Sendable {
    private static let entryBytes = 128
    private static let nameBytesMax = 111
    private let base: UnsafeMutableRawPointer
    private var used = 0
    private var indices: [String: Int] = [:]

    private static var bytes: Int { Limits.migrationsMax * Self.entryBytes }

    /// Opens the file at `path`, and says what an earlier process left in it, by migration.
    ///
    /// - Throws: what keeps it from being made, grown or mapped.
    public static func open(
        path: String
    ) throws(StoreError) -> (counts: UnflushedCounts, left: [String: UInt64]) {
        let fd = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard fd >= 0 else { throw .file(FileError(.open, errno)) }
        defer { close(fd) }
        guard ftruncate(fd, Self.bytes) == 0 else { throw .file(FileError(.write, errno)) }
        // Blocks now: a page without one, on a disk that has become full, would stop the process.
        let reserved = posix_fallocate(fd, 0, Self.bytes)
        guard reserved == 0 else { throw .file(FileError(.write, reserved)) }
        // SAFETY: the file has `bytes` bytes.
        let mapped = unsafe mmap(
            nil,
            Self.bytes,
            PROT_READ | PROT_WRITE,
            MAP_SHARED,
            fd,
            0
        )
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            throw .file(FileError(.open, errno))
        }
        let counts = unsafe UnflushedCounts(base: mapped)
        return (counts, counts.takeLeft())
    }

    private init(base: UnsafeMutableRawPointer) { unsafe self.base = base }

    deinit { unsafe munmap(self.base, Self.bytes) }

    /// What stands in the file; it is empty afterwards.
    private func takeLeft() -> [String: UInt64] {
        var left: [String: UInt64] = [:]
        for index in 0..<Limits.migrationsMax {
            // SAFETY: index < entries.
            let entry = unsafe self.base + index * Self.entryBytes
            let count = unsafe entry.load(as: UInt64.self)
            guard count > 0 else { continue }
            var name: [UInt8] = []
            for offset in 0..<Self.nameBytesMax {
                let byte = unsafe entry.load(fromByteOffset: 16 + offset, as: UInt8.self)
                if byte == 0 { break }
                name.append(byte)
            }
            left[String(decoding: name, as: UTF8.self), default: 0] += count
        }
        unsafe memset(self.base, 0, Self.bytes)
        return left
    }

    /// `count` more observations of a migration are counted and not on disk.
    public func add(_ count: Int64, migration: String) {
        let index: Int
        if let known = self.indices[migration] {
            index = known
        } else {
            guard self.used < Limits.migrationsMax else { return }
            index = self.used
            self.used += 1
            self.indices[migration] = index
            for (offset, byte) in migration.utf8.prefix(Self.nameBytesMax).enumerated() {
                // SAFETY: 16 + 111 < 128, index < entries.
                unsafe (self.base + index * Self.entryBytes)
                    .storeBytes(of: byte, toByteOffset: 16 + offset, as: UInt8.self)
            }
        }
        // SAFETY: index < entries; entries are 8-byte aligned.
        let entry = unsafe self.base + index * Self.entryBytes
        let value = unsafe entry.load(as: Int64.self)
        unsafe entry.storeBytes(of: max(value + count, 0), as: Int64.self)
    }
}
