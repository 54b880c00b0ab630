// SPDX-License-Identifier: Apache-2.0

internal import Migration

/// How records lie in one segment of the journal; no I/O.
///
///     header   magic 8 | epoch 8 | digest of both 32
///     record   magic 4 | length 4 | epoch 8 | sequence 8 | digest 32 | payload
///
/// The digest covers the digest before it (the first: the header's), epoch, sequence and payload.
/// So neither a torn tail, nor what an earlier epoch or a damaged stretch left behind it, is ever
/// taken for a record.
enum JournalSegment {
    static let headerBytes = 48
    static let frameBytes = 56
    private static let headerMagic = Array("BANYANJ1".utf8)
    private static let recordMagic: UInt64 = 0x314a_4e42

    static func header(epoch: UInt64) -> [UInt8] {
        var writer = RecordWriter()
        writer.put(epoch)
        let body = JournalSegment.headerMagic + writer.bytes
        return body + Digest(of: body).bytes
    }

    /// The epoch of a segment, or `nil` when its header is not valid.
    static func epoch(of bytes: [UInt8]) -> UInt64? {
        guard bytes.count >= self.headerBytes, Array(bytes[..<8]) == self.headerMagic,
            Digest(of: Array(bytes[..<16])).bytes == Array(bytes[16..<48])
        else { return nil }
        var reader = RecordReader(Array(bytes[8..<16]))
        return try? reader.number()
    }

    /// What the first record's digest is chained to.
    static func start(epoch: UInt64) -> Digest { Digest(of: self.header(epoch: epoch)) }

    static func frame(
        _ payload: [UInt8],
        epoch: UInt64,
        sequence: UInt64,
        after last: Digest
    ) -> (frame: [UInt8], digest: Digest) {
        var signed = RecordWriter()
        signed.put(epoch)
        signed.put(sequence)
        var writer = RecordWriter()
        writer.put(self.recordMagic, count: 4)
        writer.put(UInt64(payload.count), count: 4)
        let digest = Digest(of: last.bytes + signed.bytes + payload)
        return (writer.bytes + signed.bytes + digest.bytes + payload, digest)
    }

    /// Payloads of the valid records from the start, where the next one goes, and the last digest.
    static func payloads(
        in bytes: [UInt8],
        epoch: UInt64
    ) -> (payloads: [[UInt8]], end: Int, last: Digest) {
        var payloads: [[UInt8]] = []
        var at = self.headerBytes
        var last = self.start(epoch: epoch)
        while at + self.frameBytes <= bytes.count {
            var reader = RecordReader(Array(bytes[at..<at + self.frameBytes]))
            guard let magic = try? reader.number(4), magic == self.recordMagic,
                let length = try? Int(reader.number(4)),
                let recordEpoch = try? reader.number(), recordEpoch == epoch,
                let sequence = try? reader.number(), sequence == UInt64(payloads.count),
                let digest = try? reader.digest(), length <= bytes.count - at - self.frameBytes
            else { break }
            let payload = Array(bytes[at + self.frameBytes..<at + self.frameBytes + length])
            let signed = Array(bytes[at + 8..<at + 24])
            guard Digest(of: last.bytes + signed + payload) == digest else { break }
            payloads.append(payload)
            last = digest
            at += self.frameBytes + length
        }
        return (payloads, at, last)
    }
}
