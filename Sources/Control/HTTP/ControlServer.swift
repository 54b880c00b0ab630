// SPDX-License-Identifier: Apache-2.0

import Bytes
import Glibc
import Kernel
import Synchronization

/// Where a control server listens.
public enum ControlEndpoint: Hashable, Sendable {
    /// A Unix socket with these mode bits; a stale file at the path is replaced, a living one not.
    case unix(path: String, mode: UInt32)
    /// A TCP port; port 0: the kernel chooses.
    case tcp(host: String, port: Int)
}

/// Why a control server cannot start, or a control client cannot ask.
public enum ControlServerError: Error, Sendable, Equatable {
    /// The address is no address: a name without one, or a Unix path over 107 bytes.
    case badAddress(String)
    /// Somebody listens there already.
    case inUse(String)
    /// Nobody listens there: no such socket, or nobody behind it; the system's words.
    case nobody(String, String)
    /// A system call failed: what was tried, and the system's words.
    case system(String, String)
}

/// What a control server allows.
public struct ControlServerOptions: Sendable {
    /// Connections at once; the rest are answered 503 and closed.
    public var connectionsMax: Int
    /// Bytes of a request's content; beyond: 413.
    public var bodyBytesMax: Int
    /// How long a kept connection may wait for its next request.
    public var idleTimeoutMilliseconds: Int
    /// The longest pause inside a request, and the longest time in which a peer takes no byte.
    public var messageTimeoutMilliseconds: Int

    /// The bounds of `Limits`.
    public init() {
        self.connectionsMax = Limits.adminConnectionsMax
        self.bodyBytesMax = Limits.adminBodyBytesMax
        self.idleTimeoutMilliseconds = Limits.idleTimeoutMilliseconds
        self.messageTimeoutMilliseconds = Limits.headTimeoutMilliseconds
    }
}

/// A small blocking HTTP/1.1 server of control planes and sample services: a thread a connection.
///
/// Clarity beats speed here; a bound on connections keeps the threads countable. Requests are read
/// whole, answered in order, and connections are kept. Not for the data plane.
public final class ControlServer: Sendable {
    /// Answers one request; called on the connection's thread, so it may block.
    public typealias Handler = @Sendable (ControlRequest) -> ControlResponse

    /// The TCP port that is served; 0 for a Unix socket.
    public let port: Int
    /// Where it listens, for people: `127.0.0.1:9901` or the socket's path.
    public let address: String

    private let endpoint: ControlEndpoint
    private let options: ControlServerOptions
    private let handler: Handler
    private let listener: FileDescriptor
    private let wakeup: Wakeup
    private let state = Mutex(State())

    private struct State {
        var connections: Set<Int32> = []
        var busy: Set<Int32> = []
        var isStopping = false
        var acceptor: CoreThread?
    }

    /// Listens and serves from now on.
    public init(
        _ endpoint: ControlEndpoint,
        name: String,
        options: ControlServerOptions = .init(),
        handler: @escaping Handler
    ) throws(ControlServerError) {
        let listener = try ControlServer.open(endpoint)
        let bound = localAddress(of: listener.number)
        self.port = bound.port
        self.address = bound.text
        self.listener = listener
        self.endpoint = endpoint
        self.options = options
        self.handler = handler
        do {
            self.wakeup = try Wakeup()
        } catch { throw .system("eventfd", error.text) }
        do {
            let thread = try CoreThread(name: name) { [self] in self.run() }
            self.state.withLock { $0.acceptor = thread }
        } catch { throw .system("start a thread", error.text) }
    }

    private static func open(
        _ endpoint: ControlEndpoint
    ) throws(ControlServerError) -> FileDescriptor {
        switch endpoint {
        case .tcp(let host, let port):
            guard let address = try? resolve(host: host, port: port).first else {
                throw .badAddress(host)
            }
            do {
                return try listen(on: address, sharesPort: false)
            } catch {
                if error.number == EADDRINUSE { throw .inUse("\(host):\(port)") }
                throw .system("listen on \(host):\(port)", error.text)
            }
        case .unix(let path, let mode):
            guard let address = SocketAddress(unixPath: path) else { throw .badAddress(path) }
            // A file left by a killed process refuses connections; a living server takes them.
            if (try? connectBlocking(to: address, timeoutMilliseconds: 1_000)) != nil {
                throw .inUse(path)
            }
            removeSocketFile(path)
            do {
                let listener = try listen(on: address, sharesPort: false)
                setSocketMode(path, mode)
                return listener
            } catch { throw .system("listen on \(path)", error.text) }
        }
    }

    /// Stops: no new connections, idle ones end, requests in work are answered within `timeout`.
    ///
    /// What is still at work then is cut off. Removes a Unix socket's file. A second call does
    /// nothing.
    public func stop(timeoutMilliseconds: Int = 5_000) {
        let acceptor = self.state.withLock { state -> CoreThread? in
            guard !state.isStopping else { return nil }
            state.isStopping = true
            for fd in state.connections.subtracting(state.busy) { shutdownRead(fd) }
            return state.acceptor
        }
        guard let acceptor else { return }
        self.wakeup.signal()
        acceptor.join()
        if case .unix(let path, _) = self.endpoint { removeSocketFile(path) }
        let deadline = monotonicNanoseconds() + UInt64(timeoutMilliseconds) * 1_000_000
        while self.state.withLock({ !$0.connections.isEmpty }) {
            guard monotonicNanoseconds() < deadline else {
                self.state.withLock { state in
                    for fd in state.connections { shutdownBoth(fd) }
                }
                return
            }
            sleepThread(milliseconds: 2)
        }
    }

    // MARK: Accept

    private func run() {
        while !self.state.withLock({ $0.isStopping }) { self.acceptLoop() }
    }

    /// Takes connections until the server stops or a system call fails.
    private func acceptLoop() {
        do {
            var poller = try EpollPoller(capacity: 4)
            try poller.addLevel(self.listener.number, token: 0)
            try poller.addLevel(self.wakeup.number, token: 1)
            while !self.state.withLock({ $0.isStopping }) {
                _ = poller.wait(timeoutMilliseconds: -1)
                while let (fd, peer) = try accept(self.listener.number) {
                    self.begin(fd, self.peer(of: fd, at: peer))
                }
            }
        } catch {
            // Out of descriptors: those who are connected go on; see `run`.
            sleepThread(milliseconds: 50)
        }
    }

    private func peer(of fd: Int32, at address: SocketAddress) -> ControlPeer {
        guard case .unix = self.endpoint else { return .address(address.text) }
        guard let credentials = peerCredentials(of: fd) else { return .address("unknown") }
        return .local(user: credentials.user, process: credentials.process)
    }

    private func begin(_ fd: Int32, _ peer: ControlPeer) {
        if self.port != 0 { setNoDelay(fd) }
        let isTaken = self.state.withLock { state -> Bool in
            guard !state.isStopping, state.connections.count < self.options.connectionsMax else {
                return false
            }
            state.connections.insert(fd)
            return true
        }
        guard isTaken else {
            let refusal = ControlResponse.text("too many connections\n", status: 503)
            _ = writeBlocking(
                fd,
                refusal.serialised(omitsBody: false, closes: true),
                timeoutMilliseconds: 0
            )
            closeDescriptor(fd)
            return
        }
        do {
            try CoreThread(name: "control") { [self] in self.serve(fd, peer) }.detach()
        } catch {
            self.end(fd)
        }
    }

    private func end(_ fd: Int32) {
        // Forgotten before it is closed: `stop` never touches a number that is somebody else's.
        self.state.withLock { state in
            state.connections.remove(fd)
            state.busy.remove(fd)
            closeDescriptor(fd)
        }
    }

    // MARK: One connection

    private func serve(_ fd: Int32, _ peer: ControlPeer) {
        defer { self.end(fd) }
        var connection = ControlConnection(
            fd: fd,
            idleTimeoutMilliseconds: self.options.idleTimeoutMilliseconds,
            messageTimeoutMilliseconds: self.options.messageTimeoutMilliseconds,
            bodyBytesMax: self.options.bodyBytesMax
        )
        while true {
            do {
                let head = try connection.readHead()
                self.state.withLock { _ = $0.busy.insert(fd) }
                let keeps = try self.answer(head, on: &connection, peer)
                let isStopping = self.state.withLock { state in
                    state.busy.remove(fd)
                    return state.isStopping
                }
                if !keeps || isStopping { return }
            } catch {
                self.refuse(error, on: fd)
                return
            }
        }
    }

    private func refuse(_ error: ControlMessageError, on fd: Int32) {
        let response: ControlResponse
        switch error {
        case .ended: return
        case .timedOut: response = .text("the request did not end in time\n", status: 408)
        case .refused(let status, let reason): response = .text(reason + "\n", status: status)
        }
        _ = writeBlocking(
            fd,
            response.serialised(omitsBody: false, closes: true),
            timeoutMilliseconds: self.options.messageTimeoutMilliseconds
        )
        lingerAndDrain(fd)
    }

    /// Reads the rest of a request and answers it; whether the connection lives on.
    private func answer(
        _ head: ControlHead,
        on connection: inout ControlConnection,
        _ peer: ControlPeer
    ) throws(ControlMessageError) -> Bool {
        guard head.firstLine.count == 3, head.firstLine[1].hasPrefix("/"),
            ["HTTP/1.1", "HTTP/1.0"].contains(head.firstLine[2])
        else { throw .refused(400, "the request line is not METHOD /PATH HTTP/1.1") }
        if head.values("expect").contains(where: { $0.lowercased() == "100-continue" }) {
            _ = writeBlocking(
                connection.fd,
                Array("HTTP/1.1 100 Continue\r\n\r\n".utf8),
                timeoutMilliseconds: self.options.messageTimeoutMilliseconds
            )
        }
        let body = try connection.readBody(of: head)
        let method = head.firstLine[0]
        let request = ControlRequest(
            method: method,
            target: head.firstLine[1],
            headers: head.fields,
            body: body,
            peer: peer
        )
        let response = self.handler(request)
        if case .raw(let writer) = response.body {
            writer(connection.fd)
            return false
        }
        let options = head.values("connection").map { $0.lowercased() }
        let keeps =
            !options.contains("close") && !response.closes
            && (head.firstLine[2] == "HTTP/1.1" || options.contains("keep-alive"))
            && !self.state.withLock { $0.isStopping }
        let result = writeBlocking(
            connection.fd,
            response.serialised(omitsBody: method == "HEAD", closes: !keeps),
            timeoutMilliseconds: self.options.messageTimeoutMilliseconds
        )
        guard case .bytes = result else { return false }
        return keeps
    }
}

/// Ends this side and reads a little of what the peer still sends, so that its kernel keeps the
/// answer instead of dropping it on a reset.
private func lingerAndDrain(_ fd: Int32) {
    shutdownWrite(fd)
    var rest: [UInt8] = []
    let deadline = monotonicNanoseconds() + UInt64(Limits.lingerMilliseconds) * 1_000_000
    while rest.count < Limits.lingerBytesMax, monotonicNanoseconds() < deadline {
        guard
            case .bytes = readBlocking(
                fd,
                into: &rest,
                atMost: Limits.blockBytes,
                timeoutMilliseconds: Limits.lingerMilliseconds
            )
        else { return }
    }
}
