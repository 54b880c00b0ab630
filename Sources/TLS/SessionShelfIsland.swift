// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: every slot that is not empty holds one reference, given back when it is
// replaced, taken or when the shelf goes.

import Bytes
import COpenSSL
import Glibc

/// Sessions with upstreams that may be resumed, of one worker: one per context and endpoint.
///
/// A fixed number of places; a session whose place is taken pushes the other out.
@safe
struct SessionShelf: ~Copyable {
    @safe
    struct Place: BitwiseCopyable {
        @unsafe var session: OpaquePointer?
        var key: UInt64
        var keptAt: Int64
    }

    private let places: UnsafeMutablePointer<Place>
    private let count = Limits.tlsSessionsKeptMax

    init() {
        unsafe self.places = .allocate(capacity: self.count)
        unsafe self.places.initialize(
            repeating: Place(session: nil, key: 0, keptAt: 0),
            count: self.count
        )
    }

    deinit {
        for index in 0..<self.count { unsafe SSL_SESSION_free(self.places[index].session) }
        unsafe self.places.deallocate()
    }

    private func index(_ key: UInt64) -> Int {
        // Fibonacci hashing: contexts and endpoints are small consecutive numbers.
        Int((key &* 0x9E37_79B9_7F4A_7C15) >> 32) % self.count
    }

    /// Keeps a session; its reference is the shelf's now.
    @unsafe
    mutating func put(_ key: UInt64, _ session: OpaquePointer) {
        let index = self.index(key)
        unsafe SSL_SESSION_free(self.places[index].session)
        unsafe self.places[index] = Place(
            session: session,
            key: key,
            keptAt: monotonicSeconds()
        )
    }

    /// The session for a key, still the shelf's; `nil` when there is none young enough.
    @unsafe
    mutating func session(_ key: UInt64) -> OpaquePointer? {
        let index = self.index(key)
        let place = unsafe self.places[index]
        guard unsafe place.session != nil, place.key == key else { return nil }
        let age = monotonicSeconds() - place.keptAt
        guard age < Limits.tlsSessionReuseSeconds,
            unsafe SSL_SESSION_is_resumable(place.session) == 1
        else {
            unsafe SSL_SESSION_free(place.session)
            unsafe self.places[index].session = nil
            return nil
        }
        return unsafe place.session
    }
}
