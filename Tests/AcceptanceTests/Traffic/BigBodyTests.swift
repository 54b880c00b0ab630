// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 2, "Done when" 4: bodies larger than any buffer, through peers that take their time.
@Suite("Big bodies")
struct BigBodyTests {
    /// 1 GiB in `make soak`.
    private static let megabytes = Places.isSoak ? 1_024 : 128

    @Test func `an upload and a download through slow peers stay under 64 MiB of memory`() throws {
        guard let binary = Places.optimisedBinary() else { return }
        let origin = try PythonOrigin(script: Self.originScript)
        let migration = PlainMigration(
            name: "images",
            legacy: origin.address,
            modern: origin.address
        )
        let edge = try EdgeUnderTest(
            files: PlainMigration.files([migration], tenants: ["acme"]),
            binary: binary
        )
        let bytes = Self.megabytes << 20
        // The client is slow in one direction, the origin in the other.
        let peers = try ["download", "upload"].map { direction in
            try ChildProcess(
                "python3",
                ["-c", Self.clientScript, "\(edge.port)", direction, "\(bytes)"]
            )
        }
        var most = 0
        try waitUntil("both are through", seconds: 300) {
            most = max(most, try self.kilobytes(edge, "VmRSS"))
            return peers.allSatisfy { !$0.process.isRunning }
        }
        for peer in peers {
            #expect(try peer.waitForEnd() == 0, "\(peer.error)")
            // Both ends agree on every byte.
            let digests = peer.out.split(separator: "\n")
            #expect(digests.count == 2 && digests[0] == digests[1], "\(peer.out)")
        }
        most = max(most, try self.kilobytes(edge, "VmHWM"))
        #expect(most < 64 << 10, "\(most) KiB at most")
        print("big bodies: \(Self.megabytes) MiB each way, \(most) KiB of memory at most")
    }

    private func kilobytes(_ edge: EdgeUnderTest, _ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(edge.child.id)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name + ":") })
        return try #require(Int(line.filter(\.isNumber)))
    }

    /// GET sends `?N` bytes as fast as they are taken; PUT takes the body in small sips.
    ///
    /// The digest stands at the end of a download, or is the answer to an upload.
    private static let originScript = """
        import hashlib, socket, threading, time
        block = bytes((i * 131 + (i >> 8)) & 255 for i in range(1 << 16))
        def serve(peer):
            data = b""
            while b"\\r\\n\\r\\n" not in data: data += peer.recv(65536)
            head, _, rest = data.partition(b"\\r\\n\\r\\n")
            lines = head.split(b"\\r\\n")
            digest = hashlib.sha256()
            if lines[0].startswith(b"GET"):
                left = int(lines[0].split(b" ")[1].partition(b"?")[2])
                peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % (left + 64))
                while left:
                    part = block[:min(left, len(block))]
                    digest.update(part)
                    peer.sendall(part)
                    left -= len(part)
                peer.sendall(digest.hexdigest().encode())
            else:
                fields = dict(line.lower().split(b": ") for line in lines[1:])
                left = int(fields[b"content-length"]) - len(rest)
                digest.update(rest)
                sips = 0
                while left:
                    part = peer.recv(min(left, 32768))
                    digest.update(part)
                    left -= len(part)
                    sips += 1
                    if sips % 64 == 0: time.sleep(0.02)
                peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 64\\r\\n\\r\\n")
                peer.sendall(digest.hexdigest().encode())
            peer.close()
        server = socket.create_server(("127.0.0.1", 0))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        print("port", server.getsockname()[1])
        while True:
            peer, _ = server.accept()
            threading.Thread(target=serve, args=(peer,), daemon=True).start()
        """

    private static let clientScript = """
        import hashlib, socket, sys, time
        port, direction, size = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
        peer = socket.socket()
        if direction == "download": peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        peer.connect(("127.0.0.1", port))
        fields = b"Host: edge.example\\r\\nX-Tenant-Id: acme\\r\\n"
        digest = hashlib.sha256()
        def head():
            data = b""
            while b"\\r\\n\\r\\n" not in data: data += peer.recv(4096)
            top, _, rest = data.partition(b"\\r\\n\\r\\n")
            assert b" 200 " in top.split(b"\\r\\n")[0], top
            return rest
        if direction == "download":
            peer.sendall(b"GET /images/a?%d HTTP/1.1\\r\\n%s\\r\\n" % (size, fields))
            tail = b""
            left, sips, part = size + 64, 0, head()
            while True:
                left -= len(part)
                both = tail + part
                digest.update(both[:-64])
                tail = both[-64:]
                if not left: break
                part = peer.recv(32768)
                assert part, "cut short"
                sips += 1
                if sips % 64 == 0: time.sleep(0.02)
            print(tail.decode())
        else:
            block = bytes((i * 77 + (i >> 8)) & 255 for i in range(1 << 16))
            peer.sendall(b"PUT /images/a HTTP/1.1\\r\\n%sContent-Length: %d\\r\\n\\r\\n" % (fields, size))
            left = size
            while left:
                part = block[:min(left, len(block))]
                digest.update(part)
                peer.sendall(part)
                left -= len(part)
            answer = head()
            while len(answer) < 64: answer += peer.recv(64)
            print(answer.decode())
        print(digest.hexdigest())
        """
}
