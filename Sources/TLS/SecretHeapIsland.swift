// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a secret buffer is allocated once with its size, never moved, and wiped
// over that size when it goes.

import Bytes
import CLinux
import COpenSSL

/// OpenSSL's heap for private keys: locked in memory, left out of core files, between guard pages.
public enum SecretHeap {
    /// Sets the heap aside, for so many connections of the process; the first call decides.
    ///
    /// Call before contexts are made; who makes one first gets room for one worker's connections.
    /// Only touched pages cost memory. `false` when the kernel does not lock that much
    /// (`ulimit -l`): keys could then be swapped out.
    @discardableResult
    public static func start(connectionsMax: Int) -> Bool {
        self.lock.withLock { isLocked in
            if let isLocked { return isLocked }
            let wanted =
                Limits.tlsSecretBytesMin
                + max(connectionsMax, 0) * Limits.tlsSecretBytesPerConnection
            var bytes = Limits.tlsSecretBytesMin
            while bytes < wanted && bytes < Limits.tlsSecretBytesMax { bytes *= 2 }
            // 1: locked; 2: not locked; 0: not possible, the ordinary heap serves.
            let now = CRYPTO_secure_malloc_init(bytes, 32) == 1
            isLocked = now
            return now
        }
    }

    /// Whether keys are locked in memory; `nil`: no heap was wanted yet.
    public static var isLocked: Bool? { self.lock.decided }

    static func startIfNeeded() {
        self.start(connectionsMax: Limits.downstreamConnectionsMax)
    }

    /// Has OpenSSL wipe what it frees while a private key is read: its decoders put the key into
    /// the ordinary heap on its way into this one.
    ///
    /// Call before anything uses OpenSSL; `false` when that is too late, and nothing changes.
    public static func wipeWhatKeysLeave() -> Bool {
        // SAFETY: the functions live as long as the program, and keep to OpenSSL's contract.
        unsafe CRYPTO_set_mem_functions(
            banyan_wiping_malloc,
            banyan_wiping_realloc,
            banyan_wiping_free
        ) == 1
    }

    /// Bytes of the heap in use: private keys and ephemeral keys of connections.
    public static var usedBytes: Int { Int(CRYPTO_secure_used()) }

    private static let lock = Once()
}

/// Bytes of a secret in the secret heap; wiped when it goes.
@safe
struct SecretBytes: ~Copyable {
    @unsafe let base: UnsafeMutableRawPointer
    let count: Int

    init?(count: Int) {
        guard count > 0, let base = unsafe banyan_tls_secure_malloc(count) else { return nil }
        unsafe self.base = base
        self.count = count
    }

    deinit { unsafe banyan_tls_secure_free(self.base, self.count) }
}
