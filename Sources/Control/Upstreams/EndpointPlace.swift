// SPDX-License-Identifier: Apache-2.0

public import Kernel
import Migration
import Names

/// One endpoint of one upstream, or one address of an endpoint that is a name.
struct EndpointPlace: Hashable, Sendable {
    /// The upstream's name.
    var upstream: String
    /// The endpoint, with its slot.
    var endpoint: EndpointModel

    /// The name under which snapshots number it.
    var numberName: String { "\(self.upstream) \(self.endpoint.key)" }
}

extension UpstreamModel {
    /// What is asked about a name among the endpoints; `nil`: it is an address or a socket.
    func question(_ endpoint: EndpointModel) -> NameQuestion? {
        guard endpoint.isName else { return nil }
        let family: NameFamily =
            switch self.names.family {
            case .any: .any
            case .ipv4: .ipv4
            case .ipv6: .ipv6
            }
        return NameQuestion(
            name: endpoint.host,
            family: family,
            ttlMinMilliseconds: UInt64(self.names.ttlMinMilliseconds),
            ttlMaxMilliseconds: UInt64(self.names.ttlMaxMilliseconds)
        )
    }
}

extension EndpointModel {
    /// Where it is when it is no name; `nil`: it is one, or its path does not fit.
    var fixedAddress: SocketAddress? {
        if let path = self.socketPath { return SocketAddress(unixPath: path) }
        return NameRules.address(self.host).map { SocketAddress(ip: $0, port: self.port) }
    }
}

/// What has become of an endpoint, for the data plane.
public struct EndpointNews: Sendable, Equatable {
    /// The endpoint's number in snapshots.
    public var number: UInt32
    /// Where it is; `nil`: its name has no address.
    public var address: SocketAddress?
    /// What active checks have found; `true` where nobody looks.
    public var isHealthy: Bool
}
