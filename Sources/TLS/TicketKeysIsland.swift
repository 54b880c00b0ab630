// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the key material is in the secret heap, allocated once, read and
// replaced under the lock only, and wiped when the keys go.

public import Bytes
import COpenSSL
import Glibc
import Synchronization

/// The keys that seal session tickets (RFC 5077, RFC 8446 4.6.1): the current and the previous one.
///
/// Older tickets are not taken, so what was recorded stays closed once both keys are gone. One
/// object for all listeners of an edge; it outlives contexts, so a reload ends no session.
@safe
public final class TLSTicketKeys: Sendable {
    /// Seconds that a key seals tickets for; it opens them for as long again.
    public let rotationSeconds: Int

    private let state: Mutex<State>

    @safe
    private struct State: @unchecked Sendable {
        // Two keys: name (16), cipher key (32), code key (32).
        let base: UnsafeMutablePointer<UInt8>
        var currentSince: Int64
        var hasPrevious = false
    }

    private static let keyBytes = 80

    /// New keys; the first rotation comes `rotationSeconds` from now.
    public init(rotationSeconds: Int = Limits.tlsTicketRotationSeconds) throws(TLSError) {
        SecretHeap.startIfNeeded()
        let count = 2 * TLSTicketKeys.keyBytes
        guard let memory = unsafe banyan_tls_secure_malloc(count) else {
            throw lastLibraryError("ticket keys")
        }
        let base = unsafe memory.assumingMemoryBound(to: UInt8.self)
        guard unsafe RAND_priv_bytes(base, Int32(TLSTicketKeys.keyBytes)) == 1 else {
            unsafe banyan_tls_secure_free(memory, count)
            throw lastLibraryError("ticket keys")
        }
        self.rotationSeconds = max(rotationSeconds, 1)
        self.state = unsafe Mutex(State(base: base, currentSince: monotonicSeconds()))
    }

    deinit {
        self.state.withLock { state in
            unsafe banyan_tls_secure_free(state.base, 2 * TLSTicketKeys.keyBytes)
        }
    }

    /// Replaces the current key when its time is over at `now` (monotonic seconds); tells whether.
    @discardableResult
    public func rotate(now: Int64) -> Bool {
        self.state.withLock { state in
            unsafe TLSTicketKeys.rotate(&state, now, Int64(self.rotationSeconds))
        }
    }

    /// Replaces the current key at once: the previous one is forgotten.
    public func rotateNow() {
        self.state.withLock { state in unsafe TLSTicketKeys.replace(&state, monotonicSeconds()) }
    }

    @unsafe
    private static func rotate(_ state: inout State, _ now: Int64, _ period: Int64) -> Bool {
        let age = now - state.currentSince
        guard age >= period else { return false }
        unsafe self.replace(&state, now)
        // Nobody came for a whole further period: what was current is too old as well.
        if age >= 2 * period { unsafe self.replace(&state, now) }
        return true
    }

    @unsafe
    private static func replace(_ state: inout State, _ now: Int64) {
        unsafe memcpy(state.base + self.keyBytes, state.base, self.keyBytes)
        // Without random bytes the key stays as it is: sealed tickets are better than guessable.
        guard unsafe RAND_priv_bytes(state.base, Int32(self.keyBytes)) == 1 else {
            ERR_clear_error()
            return
        }
        state.hasPrevious = true
        state.currentSince = now
    }

    /// What OpenSSL asks for (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
    ///
    /// -1: error; 0: no such key, so no resumption; 1: sealed or opened; 2: opened, but to be
    /// sealed again.
    @unsafe
    func prepare(
        name: UnsafeMutablePointer<UInt8>,
        vector: UnsafeMutablePointer<UInt8>,
        cipher: OpaquePointer?,
        code: OpaquePointer?,
        seals: Bool
    ) -> Int32 {
        let now = monotonicSeconds()
        return self.state.withLock { state in
            _ = unsafe TLSTicketKeys.rotate(&state, now, Int64(self.rotationSeconds))
            var key = unsafe state.base
            if seals {
                guard unsafe RAND_bytes(vector, 16) == 1 else { return -1 }
                unsafe memcpy(name, key, 16)
            } else if unsafe CRYPTO_memcmp(name, key, 16) != 0 {
                unsafe key = state.base + TLSTicketKeys.keyBytes
                guard state.hasPrevious, unsafe CRYPTO_memcmp(name, key, 16) == 0 else { return 0 }
            }
            let aes = unsafe EVP_aes_256_cbc()
            let isReady =
                unsafe seals
                ? EVP_EncryptInit_ex(cipher, aes, nil, key + 16, vector)
                : EVP_DecryptInit_ex(cipher, aes, nil, key + 16, vector)
            guard isReady == 1, unsafe banyan_tls_ticket_code(code, key + 48) == 1 else {
                return -1
            }
            return unsafe !seals && key != state.base ? 2 : 1
        }
    }
}

/// Seconds of the monotonic clock, time in suspension included.
func monotonicSeconds() -> Int64 {
    var time = timespec()
    // SAFETY: the kernel fills one timespec.
    unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    return Int64(time.tv_sec)
}
