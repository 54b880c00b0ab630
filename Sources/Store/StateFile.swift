// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open file of the state folder with one owner; closes when it goes.
struct StateFile: ~Copyable, Sendable {
    private let fd: Int32
    private let operations: FileOperations

    init(_ path: String, flags: Int32, operations: FileOperations) throws(StoreError) {
        let fd = operations.open(path, flags, 0o600)
        guard fd >= 0 else { throw .file(FileError(.open, -fd)) }
        self.fd = fd
        self.operations = operations
    }

    deinit { self.operations.close(self.fd) }

    /// Bytes of the file.
    func size() throws(StoreError) -> Int {
        let size = self.operations.size(self.fd)
        guard size >= 0 else { throw .file(FileError(.size, Int32(-size))) }
        return size
    }

    /// Up to `count` bytes from `offset`; fewer at the end of the file.
    func read(at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            switch self.operations.read(self.fd, offset + bytes.count, count - bytes.count) {
            case .success(let more):
                if more.isEmpty { return bytes }
                bytes += more
            case .failure(let error):
                if error.number == EINTR { continue }
                throw .file(error)
            }
        }
        return bytes
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: [UInt8], at offset: Int) throws(StoreError) {
        var done = 0
        while done < bytes.count {
            let wrote = self.operations.write(self.fd, bytes[done...], offset + done)
            if wrote == Int(-EINTR) { continue }
            guard wrote > 0 else {
                throw .file(FileError(.write, wrote == 0 ? EIO : Int32(-wrote)))
            }
            done += wrote
        }
    }

    /// Contents on disk.
    ///
    /// A failure is final: the kernel may have dropped the pages (fsyncgate).
    func syncData() throws(StoreError) {
        let result = self.operations.syncData(self.fd)
        guard result == 0 else { throw .file(FileError(.sync, -result)) }
    }

    /// Contents, length and, for a folder, names on disk.
    func sync() throws(StoreError) {
        let result = self.operations.sync(self.fd)
        guard result == 0 else { throw .file(FileError(.sync, -result)) }
    }
}

extension FileOperations {
    /// Makes the names in a folder durable.
    func syncFolder(_ path: String) throws(StoreError) {
        let folder = try StateFile(path, flags: O_RDONLY | 0o200000, operations: self)
        try folder.sync()
    }

    /// The folder of a path: `.` for a bare name.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
