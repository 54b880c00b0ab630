// SPDX-License-Identifier: Apache-2.0

// Bounds of tunnels and streams: those that outlive what a request may take.

extension Limits {
    /// Tunnels (WebSockets) of one worker; they hold no block while they are idle.
    ///
    /// Beyond: 503. Half of the connections, so that requests are never crowded out.
    public static let tunnelsMax = 16_384
    /// An answer that has been going on for so long, when its rate window ends, is a stream (a long
    /// download): a flip does with it what its route says, and `status` lists it.
    public static let longAnswerMilliseconds = 5_000
    /// A tunnel in which no byte moves.
    ///
    /// Then it is closed. Longer than the hourly pings of lazy clients (`limits: tunnelIdle`).
    public static let tunnelIdleMilliseconds = 3_900_000
    /// The same once one side has ended its direction.
    public static let tunnelHalfClosedMilliseconds = 30_000
    /// How long a WebSocket that is to be closed may go on to the end of a message.
    ///
    /// Then its Close frame stands between two frames.
    public static let tunnelMessageGraceMilliseconds = 250
    /// How long it may go on to the end of a frame.
    ///
    /// Then it is cut.
    public static let tunnelBoundaryMilliseconds = 900
    /// How long both sides may take to answer a Close frame.
    ///
    /// Then their connections are closed.
    public static let tunnelCloseMilliseconds = 3_000
    /// Protocols that a route may name under `upgrades`.
    public static let upgradeTokensMax = 16
    /// Bytes of one of them.
    public static let upgradeTokenBytesMax = 64
}
