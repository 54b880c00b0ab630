// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a key is freed by its deinit; its PEM text lives in the secret heap and
// is wiped when the function that read it returns.

import CLinux
import COpenSSL

/// A private key; its numbers are in the secret heap.
@safe
final class PrivateKey: @unchecked Sendable {
    @unsafe let handle: OpaquePointer

    /// Reads a key from a file that only its owner may read.
    init(file: String) throws(TLSError) {
        let text = try readSecret(file)
        guard let input = unsafe BIO_new_mem_buf(text.base, Int32(text.count)) else {
            throw lastLibraryError(file)
        }
        defer { unsafe BIO_free(input) }
        banyan_set_wiping(1)
        defer { banyan_set_wiping(0) }
        // A passphrase is never asked for; that one was needed is noted.
        var isEncrypted = false
        let key = unsafe withUnsafeMutablePointer(to: &isEncrypted) { note in
            unsafe PEM_read_bio_PrivateKey(
                input,
                nil,
                { _, _, _, note in
                    unsafe note?.assumingMemoryBound(to: Bool.self).pointee = true
                    return -1
                },
                note
            )
        }
        ERR_clear_error()
        guard let key = unsafe key else {
            if isEncrypted { throw .keyEncrypted(file: file) }
            throw .noKey(file: file)
        }
        unsafe self.handle = key
    }

    deinit { unsafe EVP_PKEY_free(self.handle) }
}
