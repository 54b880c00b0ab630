// SPDX-License-Identifier: Apache-2.0

extension Limits {
    // MARK: TLS

    /// From accept to the end of the handshake, in milliseconds.
    ///
    /// Then the connection is closed.
    public static let tlsHandshakeTimeoutMilliseconds = 10_000
    /// Bytes of a certificate chain, key, list of issuers or stapled answer.
    ///
    /// Beyond: the file is refused. Debian's list of all public issuers has 0.2 MiB.
    public static let tlsFileBytesMax = 4 * 1_048_576
    /// Bytes of a revocation list; large authorities have megabytes of them.
    ///
    /// Beyond: the file is refused.
    public static let tlsListBytesMax = 64 * 1_048_576
    /// Bytes of a ClientHello (OpenSSL sets memory aside as soon as it reads its length).
    ///
    /// Beyond: the handshake fails. The largest known, with post-quantum shares, have 2 KiB.
    public static let tlsHelloBytesMax = 16_384
    /// Bytes received before a handshake is complete, client certificates included.
    ///
    /// Beyond: the handshake fails.
    public static let tlsHandshakeBytesMax = 65_536
    /// Bytes of one side's certificate chain.
    ///
    /// Beyond: the handshake fails.
    public static let tlsChainBytesMax = 32_768
    /// Sessions kept per worker to resume connections to upstreams; a newer one takes the place.
    public static let tlsSessionsKeptMax = 256
    /// Seconds for which a session to an upstream may be resumed; then its certificate is looked
    /// at again.
    public static let tlsSessionReuseSeconds = 3_600
    /// Certificates of one listener.
    ///
    /// Beyond: the file is refused.
    public static let tlsCertificatesMax = 1_024
    /// A certificate that ends within so many seconds is warned of.
    public static let tlsExpiryWarningSeconds = 14 * 86_400
    /// Seconds after which the key of session tickets is replaced (`ticketRotation`).
    public static let tlsTicketRotationSeconds = 43_200
    /// Bytes of the heap for private keys, locked in memory.
    ///
    /// OpenSSL keeps a connection's ephemeral key (32 to 64 bytes) there for its life, so this
    /// bounds connections as well: beyond, handshakes fail.
    public static let tlsSecretBytesMin = 1_048_576
    /// Bytes of that heap per connection that could exist: an X25519 key.
    ///
    /// With two workers it has 8 MiB, which an ordinary user may lock.
    public static let tlsSecretBytesPerConnection = 32
    /// Bytes of that heap at most.
    public static let tlsSecretBytesMax = 256 * 1_048_576
    /// Bytes of a client certificate's name that are looked at.
    ///
    /// Beyond: the certificate has no name.
    public static let tlsClientNameBytesMax = 255
    /// Bytes of all names of a client's certificate, kept for its connection.
    ///
    /// Beyond: the certificate has no name, lest one that would contradict is left out.
    public static let tlsClientNamesBytesMax = 1_024
}
