// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Certificates of a CA of our own, good ones and bad ones (`Tests/Peers/certificates.py`).
///
/// Made once for a run of the tests.
final class Certificates: Sendable {
    private let folder: TemporaryFolder

    private init(_ python: String) throws {
        self.folder = try TemporaryFolder()
        let child = try PeerProgram.start("certificates.py", [self.folder.path], python: python)
        guard try child.waitForEnd() == 0 else { throw AcceptanceError(child.error) }
    }

    private static let made: Result<Certificates, any Error>? = PeerProgram.python().map { python in
        Result { try Certificates(python) }
    }

    /// The certificates; `nil` (and a line that says so) where there is no Python for them.
    static func make() throws -> Certificates? { try Self.made?.get() }

    /// The path of a file, such as `edge.pem`.
    func path(_ name: String) -> String { self.folder.path(name) }

    /// The CA of all good ones.
    var authority: String { self.path("ca.pem") }

    /// A member of `certificates:` of a listener.
    func member(_ name: String) -> String {
        "{ chain: \"\(self.path(name + ".pem"))\", key: \"\(self.path(name + ".key"))\" }"
    }

    /// `tls:` of an upstream that believes our CA.
    func upstream(_ more: String = "") -> String {
        "tls: { serverName: edge.example, ca: \"\(self.authority)\"\(more) }"
    }
}
