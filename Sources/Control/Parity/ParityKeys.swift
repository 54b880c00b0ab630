// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Kernel
import Store
import Synchronization

/// The keys under which values become fingerprints: one for each tenant and epoch (compliance.md
/// (i) 1).
///
/// Equal values of one tenant and epoch have equal fingerprints, others cannot be linked, and
/// without the key nobody can try out candidates. The keys stand in a file of their own, for its
/// owner alone, a line each; ``shred(_:)`` rewrites it without some, and what was made under those
/// is noise from then on.
public final class ParityKeys: Sendable {
    private struct Name: Hashable {
        var migration: String
        var epoch: UInt64
        var tenant: String
    }

    private struct State {
        var keys: [Name: [UInt8]] = [:]
        var file: FileHandle?
        /// The last line was cut short (a full disk): the next one begins with a line's end.
        var isTorn = false
    }

    private let path: String
    private let state: Mutex<State>

    /// Opens the key file at `path`, making it when it is not there.
    ///
    /// - Throws: what keeps it from being read or written.
    public init(path: String) throws {
        self.path = path
        if !FileManager.default.fileExists(atPath: path) {
            let isMade = FileManager.default.createFile(
                atPath: path,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            )
            guard isMade else { throw CocoaError(.fileWriteNoPermission) }
        }
        var state = State()
        // A file that was made by others may have been open to them.
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        // Lines that are damaged are keys that are lost: their fingerprints are noise.
        let bytesRead = try Data(contentsOf: URL(fileURLWithPath: path))
        let text = String(decoding: bytesRead, as: UTF8.self)
        state.isTorn = !text.isEmpty && !text.hasSuffix("\n")
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 4, let epoch = UInt64(parts[1]), let key = bytes(hex: parts[3])
            else { continue }
            let name = Name(
                migration: String(parts[0]),
                epoch: epoch,
                tenant: String(parts[2])
            )
            state.keys[name] = key
        }
        state.file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try state.file?.seekToEnd()
        self.state = Mutex(state)
    }

    /// The fingerprint of a value: 8 bytes of HMAC-SHA-256 in hexadecimal; empty for no value.
    ///
    /// A key that cannot be written is used all the same: after a restart its fingerprints are
    /// noise.
    public func fingerprint(
        _ value: [UInt8],
        tenant: String,
        migration: String,
        epoch: UInt64
    ) -> String {
        guard !value.isEmpty else { return "" }
        let name = Name(migration: migration, epoch: epoch, tenant: tenant)
        let key = self.state.withLock { state in
            if let known = state.keys[name] { return known }
            let key = randomKey(count: 32)
            state.keys[name] = key
            let start = state.isTorn ? "\n" : ""
            let line = "\(start)\(migration)\t\(epoch)\t\(tenant)\t\(hex(key))\n"
            do {
                try state.file?.write(contentsOf: Array(line.utf8))
                state.isTorn = false
            } catch {
                state.isTorn = true
            }
            return key
        }
        return hex(Array(hmacSHA256(key: key, value)[..<8]))
    }

    /// Destroys the keys of a tenant (`nil`: of all) up to an epoch (`nil`: of all) of a migration
    /// (`nil`: of all).
    ///
    /// How many were destroyed.
    ///
    /// - Throws: what kept the file from being replaced; then nothing was destroyed.
    public func shred(
        tenant: String? = nil,
        migration: String? = nil,
        upTo epoch: UInt64? = nil
    ) throws -> Int {
        try self.state.withLock { state in
            let doomed = state.keys.keys.filter { name in
                (tenant == nil || name.tenant == tenant)
                    && (migration == nil || name.migration == migration)
                    && (epoch.map { name.epoch <= $0 } ?? true)
            }
            guard !doomed.isEmpty else { return 0 }
            var kept = state.keys
            for name in doomed { kept[name] = nil }
            try self.replace(kept, &state)
            return doomed.count
        }
    }

    private func replace(_ keys: [Name: [UInt8]], _ state: inout State) throws {
        let lines = keys.map { "\($0.migration)\t\($0.epoch)\t\($0.tenant)\t\(hex($1))\n" }
        let temporary = self.path + ".new"
        let text = Array(lines.sorted().joined().utf8)
        let isMade = FileManager.default.createFile(
            atPath: temporary,
            contents: Data(text),
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade else { throw CocoaError(.fileWriteUnknown) }
        let fresh = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
        try fresh.seekToEnd()
        try fresh.synchronize()
        // The old file's blocks are overwritten before its name goes: a best effort on most disks.
        if let old = state.file {
            let length = try old.seekToEnd()
            try old.seek(toOffset: 0)
            try old.write(contentsOf: [UInt8](repeating: 0, count: Int(length)))
            try old.synchronize()
        }
        try renameFile(temporary, to: self.path)
        state.file = fresh
        state.isTorn = false
        state.keys = keys
    }
}

private func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
}

private func bytes(hex text: Substring) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard
            let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(byte)
    }
    return bytes
}
