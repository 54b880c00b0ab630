// SPDX-License-Identifier: Apache-2.0

// Sections 8.1, 8.2
let messageRows: [H2Row] = [
    H2Row(
        "9113 8.1",
        "trailers without END_STREAM",
        malformed,
        F.post(1) + F.data(1, [1]) + F.headers(1, field("x-a", "1"), 4)
    ),
    H2Row(
        "9113 8.1",
        "trailers",
        fine,
        F.post(1) + F.data(1, [1]) + F.headers(1, field("x-a", "1"))
    ),
    H2Row(
        "9113 8.1",
        "a pseudo-header field in trailers",
        malformed,
        F.post(1) + F.headers(1, field(":path", "/"))
    ),
    H2Row(
        "9113 8.1.1",
        "less content than Content-Length (CVE-2026-33555)",
        malformed,
        F.post(1, field("content-length", "3")) + F.data(1, [1, 2], 1)
    ),
    H2Row(
        "9113 8.1.1",
        "more content than Content-Length",
        malformed,
        F.post(1, field("content-length", "1")) + F.data(1, [1, 2], 1)
    ),
    H2Row(
        "9113 8.1.1",
        "no content but a Content-Length",
        malformed,
        F.headers(1, F.start(method: "POST") + field("content-length", "3"))
    ),
    H2Row(
        "9113 8.1.1",
        "trailers before the end of the content",
        malformed,
        F.post(1, field("content-length", "3")) + F.data(1, [1]) + F.headers(1, field("x-a", "1"))
    ),
    H2Row(
        "9113 8.1.1",
        "Content-Length twice",
        malformed,
        F.post(1, field("content-length", "1") + field("content-length", "1"))
    ),
    H2Row(
        "9113 8.1.1",
        "a Content-Length that is no number",
        malformed,
        F.post(1, field("content-length", "+1"))
    ),
    H2Row(
        "9113 8.1.1",
        "content of Content-Length",
        fine,
        F.post(1, field("content-length", "2")) + F.data(1, [1, 2], 1)
    ),
    H2Row("9113 8.2", "a name with an upper-case letter", malformed, request(field("X-a", "1"))),
    H2Row("9113 8.2.1", "an empty name (CVE-2023-25725)", malformed, request(field("", "1"))),
    H2Row("9113 8.2.1", "a space in a name", malformed, request(field("x a", "1"))),
    H2Row("9113 8.2.1", "a NUL in a name", malformed, request(field("x\0a", "1"))),
    H2Row("9113 8.2.1", "a colon in a name", malformed, request(field("x:a", "1"))),
    H2Row(
        "9113 8.2.1",
        "a byte above ASCII in a name",
        malformed,
        request(F.field([0x78, 0xff], [0x31]))
    ),
    H2Row("9113 8.2.1", "a NUL in a value", malformed, request(field("x-a", "1\u{0}2"))),
    H2Row("9113 8.2.1", "a CR in a value", malformed, request(field("x-a", "1\r2"))),
    H2Row("9113 8.2.1", "a LF in a value", malformed, request(field("x-a", "1\n2"))),
    H2Row(
        "9113 8.2.1",
        "a field more by CR LF in a value",
        malformed,
        request(field("x-a", "1\r\nx-tenant-id: evil"))
    ),
    H2Row("9113 8.2.1", "a space before a value", malformed, request(field("x-a", " 1"))),
    H2Row("9113 8.2.1", "a tab behind a value", malformed, request(field("x-a", "1\t"))),
    H2Row("9113 8.2.1", "an empty value", fine, request(field("x-a", ""))),
    H2Row("9113 8.2.1", "a tab within a value", fine, request(field("x-a", "1\t2"))),
    H2Row("9113 8.2.2", "Connection", malformed, request(field("connection", "x-a"))),
    H2Row("9113 8.2.2", "Keep-Alive", malformed, request(field("keep-alive", "1"))),
    H2Row("9113 8.2.2", "Proxy-Connection", malformed, request(field("proxy-connection", "close"))),
    H2Row(
        "9113 8.2.2",
        "Transfer-Encoding",
        malformed,
        F.post(1, field("transfer-encoding", "chunked"))
    ),
    H2Row("9113 8.2.2", "Upgrade", malformed, request(field("upgrade", "h2c"))),
    H2Row("9113 8.2.2", "TE with gzip", malformed, request(field("te", "gzip"))),
    H2Row(
        "9113 8.2.2",
        "TE with trailers and more",
        malformed,
        request(field("te", "trailers, gzip"))
    ),
    H2Row("9113 8.2.2", "TE with trailers", fine, request(field("te", "trailers"))),
    H2Row(
        "9113 8.2.3",
        "a cookie in three crumbs",
        fine,
        request(
            field("cookie", "a=1") + field("x-a", "1") + field("cookie", "b=2")
                + field("cookie", "c=3")
        )
    ),
]

// Section 8.3
let pseudoRows: [H2Row] = [
    H2Row(
        "9113 8.3",
        "a pseudo-header field behind a field",
        malformed,
        F.headers(1, F.start(path: nil) + field("x-a", "1") + field(":path", "/"))
    ),
    H2Row(
        "9113 8.3",
        "a pseudo-header field that is not defined",
        malformed,
        F.headers(1, F.start() + field(":x", "1"))
    ),
    H2Row(
        "9113 8.3",
        "one of answers",
        malformed,
        F.headers(1, F.start() + field(":status", "200"))
    ),
    H2Row("9113 8.3", ":path twice", malformed, F.headers(1, F.start() + field(":path", "/b"))),
    H2Row("9113 8.3.1", "no :method", malformed, F.headers(1, F.start(method: nil))),
    H2Row("9113 8.3.1", "no :scheme", malformed, F.headers(1, F.start(scheme: nil))),
    H2Row("9113 8.3.1", "no :path", malformed, F.headers(1, F.start(path: nil))),
    H2Row("9113 8.3.1", "an empty :path", malformed, F.headers(1, F.start(path: ""))),
    H2Row("9113 8.3.1", "a :path without its slash", malformed, F.headers(1, F.start(path: "a"))),
    H2Row(
        "9113 8.3.1",
        "an absolute :path",
        malformed,
        F.headers(1, F.start(path: "http://b.example/"))
    ),
    H2Row("9113 8.3.1", "* with GET", malformed, F.headers(1, F.start(path: "*"))),
    H2Row(
        "9113 8.3.1",
        "* with OPTIONS",
        fine,
        F.headers(1, F.start(method: "OPTIONS", path: "*"))
    ),
    H2Row(
        "9113 8.3.1",
        "a space in :path",
        malformed,
        F.headers(1, F.start(path: "/ HTTP/1.1\r\nx-a: 1"))
    ),
    H2Row("9113 8.3.1", "CR LF in :path", malformed, F.headers(1, F.start(path: "/\r\n/"))),
    H2Row("9113 8.3.1", "a NUL in :path", malformed, F.headers(1, F.start(path: "/\0"))),
    H2Row(
        "9113 8.3.1",
        "a # in :path (CVE-2023-45539)",
        malformed,
        F.headers(1, F.start(path: "/a#b"))
    ),
    H2Row(
        "9113 8.3.1",
        "a byte above ASCII in :path",
        malformed,
        F.headers(1, F.start(path: "/ä"))
    ),
    H2Row("9113 8.3.1", "a space in :method", malformed, F.headers(1, F.start(method: "GET /x"))),
    H2Row(
        "9113 8.3.1",
        "CR LF in :method",
        malformed,
        F.headers(1, F.start(method: "GET / HTTP/1.1\r\n\r\n"))
    ),
    H2Row("9113 8.3.1", "an empty :method", malformed, F.headers(1, F.start(method: ""))),
    H2Row(
        "9113 8.3.1",
        "a scheme that is none of HTTP",
        malformed,
        F.headers(1, F.start(scheme: "ftp"))
    ),
    H2Row(
        "9113 8.3.1",
        "a :scheme that is a request",
        malformed,
        F.headers(1, F.start(scheme: "http://b/\r\n"))
    ),
    H2Row(
        "9113 8.3.1",
        "userinfo in :authority",
        malformed,
        F.headers(1, F.start(authority: "me@a.example"))
    ),
    H2Row("9113 8.3.1", "an empty :authority", malformed, F.headers(1, F.start(authority: ""))),
    H2Row(
        "9113 8.3.1",
        "a space in :authority",
        malformed,
        F.headers(1, F.start(authority: "a.example b"))
    ),
    H2Row(
        "9113 8.3.1",
        "CR LF in :authority",
        malformed,
        F.headers(1, F.start(authority: "a.example\r\nx-a: 1"))
    ),
    H2Row("9113 8.3.1", "a path in :authority", malformed, F.headers(1, F.start(authority: "a/b"))),
    H2Row(
        "9113 8.3.1",
        "neither :authority nor Host",
        malformed,
        F.headers(1, F.start(authority: nil))
    ),
    H2Row(
        "9113 8.3.1",
        "Host instead of :authority",
        fine,
        F.headers(1, F.start(authority: nil) + field("host", "a.example"))
    ),
    H2Row(
        "9113 8.3.1",
        "Host twice",
        malformed,
        F.headers(
            1,
            F.start(authority: nil) + field("host", "a.example") + field("host", "a.example")
        )
    ),
    H2Row(
        "9113 8.3.1",
        "Host that names another place",
        malformed,
        request(field("host", "b.example"))
    ),
    H2Row(
        "9113 8.3.1",
        "Host that names the same place",
        fine,
        request(field("host", "A.example"))
    ),
]

// Section 8.5, RFC 8441
let tunnelRows: [H2Row] = [
    H2Row(
        "9113 8.5",
        "CONNECT",
        .status(1, 501),
        F.headers(
            1,
            F.start(method: "CONNECT", scheme: nil, path: nil, authority: "a.example:80"),
            4
        )
    ),
    H2Row(
        "9113 8.5",
        "CONNECT with :scheme",
        malformed,
        F.headers(1, F.start(method: "CONNECT", path: nil), 4)
    ),
    H2Row(
        "9113 8.5",
        "CONNECT with :path",
        malformed,
        F.headers(1, F.start(method: "CONNECT", scheme: nil), 4)
    ),
    H2Row(
        "9113 8.5",
        "CONNECT without :authority",
        malformed,
        F.headers(1, F.start(method: "CONNECT", scheme: nil, path: nil, authority: nil), 4)
    ),
    H2Row(
        "8441 4",
        ":protocol without CONNECT",
        malformed,
        F.headers(1, F.start() + field(":protocol", "websocket"), 4)
    ),
    H2Row(
        "8441 4",
        "an extended CONNECT without :path",
        malformed,
        F.headers(1, F.start(method: "CONNECT", path: nil) + field(":protocol", "websocket"), 4)
    ),
    H2Row(
        "8441 4",
        "an extended CONNECT for another protocol",
        .status(1, 501),
        F.headers(1, F.start(method: "CONNECT") + field(":protocol", "connect-udp"), 4)
    ),
]

// RFC 7541
let hpackRows: [H2Row] = [
    H2Row("7541 2.3.3", "an index beyond the tables", compression, request([0xff, 0x80, 0x01])),
    H2Row(
        "7541 2.3.3",
        "a name's index beyond the tables",
        compression,
        request([0x7f, 0x80, 0x01, 1, 0x31])
    ),
    H2Row("7541 6.1", "an index of 0", compression, request([0x80])),
    H2Row(
        "7541 5.1",
        "an integer that does not end in its bounds",
        compression,
        request([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
    ),
    H2Row("7541 5.2", "a string longer than its block", compression, request([0, 1, 0x78, 0x7e])),
    H2Row(
        "7541 5.2",
        "Huffman padding of eight bits",
        compression,
        request([0, 1, 0x78, 0x82, 0x1f, 0xff])
    ),
    H2Row(
        "7541 5.2",
        "Huffman padding that is not all ones",
        compression,
        request([0, 1, 0x78, 0x81, 0x18])
    ),
    H2Row(
        "7541 5.2",
        "EOS in a Huffman string",
        compression,
        request([0, 1, 0x78, 0x84, 0xff, 0xff, 0xff, 0xff])
    ),
    H2Row("7541 5.2", "a Huffman string", fine, request([0, 1, 0x78, 0x81, 0x1f])),
    H2Row(
        "7541 4.2",
        "a table size above the setting",
        compression,
        F.headers(1, [0x3f, 0xe2, 0x1f] + F.start())
    ),
    H2Row("7541 4.2", "a table size update behind a field", compression, request([0x20])),
    H2Row("7541 4.2", "a table size of 0 at the start", fine, F.headers(1, [0x20] + F.start())),
    H2Row(
        "7541 4.3",
        "two table sizes at the start",
        fine,
        F.headers(1, [0x20, 0x3f, 0xe1, 0x1f] + F.start())
    ),
    H2Row(
        "7541 4.4",
        "a field larger than the whole table",
        fine,
        request([0x40] + F.string([0x78]) + F.string(Array(repeating: 0x61, count: 4_100)))
    ),
    H2Row("7541 7.1.3", "a field that is never indexed", fine, request([0x10, 1, 0x78, 1, 0x31])),
]
