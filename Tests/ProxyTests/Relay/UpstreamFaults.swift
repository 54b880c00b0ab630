// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the client must see.
enum FaultOutcome {
    /// A whole answer of Banyan's own.
    case problem(Int)
    /// The upstream's whole answer.
    case answer(Int, String)
    /// Whatever came, the client can tell that it is not whole.
    case cut
}

/// One way in which an upstream can go wrong (or be merely odd).
struct UpstreamFault {
    let name: String
    let outcome: FaultOutcome
    /// Whether the request's content is read first.
    var readsContent = true
    /// What the upstream does; `true`: the connection is kept for more requests.
    let act: @Sendable (RawConnection) -> Bool

    init(
        _ name: String,
        _ outcome: FaultOutcome,
        readsContent: Bool = true,
        _ act: @escaping @Sendable (RawConnection) -> Bool
    ) {
        self.name = name
        self.outcome = outcome
        self.readsContent = readsContent
        self.act = act
    }

    /// Sends text, then closes in order.
    static func text(_ name: String, _ outcome: FaultOutcome, _ text: String) -> UpstreamFault {
        UpstreamFault(name, outcome) { connection in
            connection.send(text)
            return false
        }
    }

    /// Sends text and keeps the connection.
    static func kept(_ name: String, _ outcome: FaultOutcome, _ text: String) -> UpstreamFault {
        UpstreamFault(name, outcome) { connection in connection.send(text) }
    }

    /// Sends text, and resets once the text is surely with the other side.
    static func reset(_ name: String, _ outcome: FaultOutcome, _ text: String) -> UpstreamFault {
        UpstreamFault(name, outcome) { connection in
            connection.send(text)
            // A reset throws away what the peer has not read yet.
            if !text.isEmpty { Thread.sleep(forTimeInterval: 0.02) }
            connection.resetsOnClose()
            return false
        }
    }

    /// Sends text, then nothing until the proxy gives up.
    static func silent(_ name: String, _ outcome: FaultOutcome, _ text: String) -> UpstreamFault {
        UpstreamFault(name, outcome) { connection in
            connection.send(text)
            connection.waitForEnd()
            return false
        }
    }

    private static let fine = "HTTP/1.1 200 OK\r\n"
    private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"

    static let all: [UpstreamFault] = beforeHead + inHead + inContent + chunks + odd + slow + early

    static let beforeHead: [UpstreamFault] = [
        .text("closes without a byte", .problem(502), ""),
        .reset("resets without a byte", .problem(502), ""),
        .text("an empty line and closes", .problem(502), "\r\n"),
        .text("one byte", .problem(502), "H"),
        .text("half a status line", .problem(502), "HTTP/1.1 2"),
        .reset("half a status line and a reset", .problem(502), "HTTP/1.1 2"),
        .text("a status line only", .problem(502), fine),
        .text("half a field", .problem(502), fine + "Content-Le"),
        .reset("half a field and a reset", .problem(502), fine + "Content-Le"),
        .text("all but the last byte of the head", .problem(502), fine + "Content-Length: 0\r\n\r"),
        .text("an interim answer only", .problem(502), "HTTP/1.1 103 Early Hints\r\n\r\n"),
        .reset("an interim answer and a reset", .problem(502), "HTTP/1.1 100 Continue\r\n\r\n"),
        .silent("silence", .problem(504), ""),
        .silent("silence in the head", .problem(504), fine + "X: "),
        .silent("silence behind an interim answer", .problem(504), "HTTP/1.1 102 P\r\n\r\n"),
    ]

    static let inHead: [UpstreamFault] = [
        .kept("garbage", .problem(502), "\u{0}\u{1}\u{2}\u{3}\r\n\r\n"),
        .kept("another protocol", .problem(502), "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        .kept("a page without a head", .problem(502), "<html>oops</html>\r\n\r\n"),
        .kept("HTTP/2", .problem(502), "HTTP/2 200\r\n\r\n"),
        .kept("HTTP/0.9", .problem(502), "HTTP/0.9 200 OK\r\n\r\n"),
        .kept("lower case version", .problem(502), "http/1.1 200 OK\r\n\r\n"),
        .kept("status of two digits", .problem(502), "HTTP/1.1 20 OK\r\n\r\n"),
        .kept("status of four digits", .problem(502), "HTTP/1.1 2000 OK\r\n\r\n"),
        .kept("status in words", .problem(502), "HTTP/1.1 abc OK\r\n\r\n"),
        .kept("no space before the status", .problem(502), "HTTP/1.1200 OK\r\n\r\n"),
        .kept("line feeds only", .problem(502), "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
        .kept("a folded field", .problem(502), fine + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n"),
        .kept("a field without colon", .problem(502), fine + "X\r\nContent-Length: 0\r\n\r\n"),
        .kept("NUL in a field", .problem(502), fine + "X: \u{0}\r\nContent-Length: 0\r\n\r\n"),
        .kept(
            "two lengths",
            .problem(502),
            fine + "Content-Length: 1\r\nContent-Length: 2\r\n\r\na"
        ),
        .kept("a list of lengths", .problem(502), fine + "Content-Length: 1, 2\r\n\r\na"),
        .kept("a negative length", .problem(502), fine + "Content-Length: -1\r\n\r\n"),
        .kept("a signed length", .problem(502), fine + "Content-Length: +1\r\n\r\na"),
        .kept(
            "a length beyond all numbers",
            .problem(502),
            fine + "Content-Length: 99999999999999999999\r\n\r\n"
        ),
        .kept(
            "length and chunked",
            .problem(502),
            fine + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        .kept("an unknown coding", .problem(502), fine + "Transfer-Encoding: gzip\r\n\r\n"),
        .kept(
            "chunked twice",
            .problem(502),
            fine + "Transfer-Encoding: chunked, chunked\r\n\r\n"
        ),
        .kept(
            "a huge head",
            .problem(502),
            fine + "X: \(String(repeating: "a", count: 40_000))\r\n\r\n"
        ),
        .kept(
            "a head of many fields",
            .problem(502),
            fine + String(repeating: "X: a\r\n", count: 101) + "\r\n"
        ),
        .kept("101 unasked", .problem(502), "HTTP/1.1 101 Switching Protocols\r\n\r\nraw bytes"),
        .kept(
            "17 interim answers",
            .problem(502),
            String(repeating: "HTTP/1.1 103 Hints\r\n\r\n", count: 17)
                + fine + "Content-Length: 2\r\n\r\nno"
        ),
    ]

    static let inContent: [UpstreamFault] = [
        .text("no content of a length", .cut, fine + "Content-Length: 5\r\n\r\n"),
        .text("short content", .cut, fine + "Content-Length: 5\r\n\r\nabcd"),
        .reset("a reset in the content", .cut, fine + "Content-Length: 5\r\n\r\nabcd"),
        .text(
            "short content of many blocks",
            .cut,
            fine + "Content-Length: 1000001\r\n\r\n" + String(repeating: "a", count: 1_000_000)
        ),
        .silent("silence in the content", .cut, fine + "Content-Length: 5\r\n\r\nab"),
        .kept(
            "bytes behind the content",
            .answer(200, "ab"),
            fine + "Content-Length: 2\r\n\r\nab" + smuggled
        ),
        .kept(
            "bytes behind no content",
            .answer(200, ""),
            fine + "Content-Length: 0\r\n\r\n" + smuggled
        ),
        .kept("bytes behind 204", .answer(204, ""), "HTTP/1.1 204 No Content\r\n\r\n" + smuggled),
        .kept(
            "bytes behind 304",
            .answer(304, ""),
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" + smuggled
        ),
        .text("content until the end", .answer(200, "all of it"), fine + "\r\nall of it"),
        .text("no content until the end", .answer(200, ""), fine + "\r\n"),
        .reset("content until a reset", .cut, fine + "\r\nall of it?"),
        .silent("content until silence", .cut, fine + "\r\nall of it?"),
    ]

    static let chunks: [UpstreamFault] = [
        .kept("whole chunks", .answer(200, "abc"), chunked + "3\r\nabc\r\n0\r\n\r\n"),
        .kept(
            "chunks with extension and trailer",
            .answer(200, "abc"),
            chunked + "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"
        ),
        .kept(
            "bytes behind the last chunk",
            .answer(200, "abc"),
            chunked + "3\r\nabc\r\n0\r\n\r\n" + smuggled
        ),
        .text("no chunk", .cut, chunked),
        .text("half a chunk", .cut, chunked + "5\r\nabc"),
        .text("no last chunk", .cut, chunked + "3\r\nabc\r\n"),
        .text("half of the last chunk", .cut, chunked + "3\r\nabc\r\n0\r\n"),
        .reset("a reset between chunks", .cut, chunked + "3\r\nabc\r\n"),
        .silent("silence between chunks", .cut, chunked + "3\r\nabc\r\n"),
        .kept("a chunk size that is none", .cut, chunked + "x\r\nabc\r\n0\r\n\r\n"),
        .kept("a negative chunk size", .cut, chunked + "-3\r\nabc\r\n0\r\n\r\n"),
        .kept("a chunk size beyond all numbers", .cut, chunked + "fffffffffffffffff\r\nabc"),
        .kept("a chunk longer than its size", .cut, chunked + "2\r\nabc\r\n0\r\n\r\n"),
        .kept("chunk lines of line feeds", .cut, chunked + "3\nabc\n0\n\n"),
        .kept(
            "a long chunk line",
            .cut,
            chunked + "3;\(String(repeating: "a", count: 1_000))\r\nabc\r\n0\r\n\r\n"
        ),
        .kept(
            "a long trailer",
            .cut,
            chunked + "0\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n"
        ),
    ]

    static let odd: [UpstreamFault] = [
        .kept("an empty reason", .answer(200, "a"), "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na"),
        .text("HTTP/1.0", .answer(200, "old"), "HTTP/1.0 200 OK\r\n\r\nold"),
        .kept(
            "HTTP/1.0 kept",
            .answer(200, "old"),
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold"
        ),
        .kept(
            "16 interim answers",
            .answer(200, "ab"),
            String(repeating: "HTTP/1.1 103 Hints\r\n\r\n", count: 16)
                + fine + "Content-Length: 2\r\n\r\nab"
        ),
        .text(
            "close is announced",
            .answer(200, "ab"),
            fine + "Connection: close\r\nContent-Length: 2\r\n\r\nab"
        ),
        .kept(
            "close is announced and not done",
            .answer(200, "ab"),
            fine + "Connection: close\r\nContent-Length: 2\r\n\r\nab"
        ),
        .text(
            "close is not announced",
            .answer(200, "ab"),
            fine + "Content-Length: 2\r\n\r\nab"
        ),
        .reset(
            "a reset behind a whole answer",
            .answer(200, "ab"),
            fine + "Content-Length: 2\r\n\r\nab"
        ),
        .kept("500", .answer(500, "oops"), "HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\noops"),
        .kept(
            "a status nobody knows",
            .answer(599, ""),
            "HTTP/1.1 599 X\r\nContent-Length: 0\r\n\r\n"
        ),
        .kept(
            "an answer of its own 408",
            .answer(408, ""),
            "HTTP/1.1 408 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
    ]

    static let slow: [UpstreamFault] = [
        UpstreamFault("a head byte by byte", .answer(200, "ab")) { connection in
            for byte in (fine + "Content-Length: 2\r\n\r\nab").utf8 {
                connection.send([byte])
                sched_yield()
            }
            return true
        },
        UpstreamFault("chunks byte by byte", .answer(200, "abcdef")) { connection in
            for byte in (chunked + "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n").utf8 {
                connection.send([byte])
                sched_yield()
            }
            return true
        },
        UpstreamFault("a head that trickles for ever", .problem(504)) { connection in
            connection.send(fine)
            while connection.send("X: y\r\n") { Thread.sleep(forTimeInterval: 0.05) }
            return false
        },
        UpstreamFault("content that trickles past the total", .cut) { connection in
            connection.send(fine + "Content-Length: 100000\r\n\r\n")
            while connection.send("a") { Thread.sleep(forTimeInterval: 0.05) }
            return false
        },
    ]

    /// Answers before the content is read.
    static let early: [UpstreamFault] = [
        UpstreamFault("an early refusal, then close", .answer(413, "big"), readsContent: false) {
            $0.send("HTTP/1.1 413 X\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
            $0.waitForEnd()
            return false
        },
        UpstreamFault("an early refusal, kept", .answer(401, "who"), readsContent: false) {
            $0.send("HTTP/1.1 401 X\r\nContent-Length: 3\r\n\r\nwho")
        },
    ]
}
