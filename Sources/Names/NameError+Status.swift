// SPDX-License-Identifier: Apache-2.0

import CCAres

extension NameError {
    /// What a status of c-ares means.
    init(status: Int32) {
        switch status {
        case Int32(ARES_ENODATA): self = .noAddress
        case Int32(ARES_ENOTFOUND), Int32(ARES_ENONAME): self = .notFound
        case Int32(ARES_ESERVFAIL): self = .serverFailed
        case Int32(ARES_EREFUSED), Int32(ARES_ENOTIMP), Int32(ARES_EFORMERR): self = .refused
        case Int32(ARES_ETIMEOUT): self = .timedOut
        case Int32(ARES_ECONNREFUSED), Int32(ARES_EOF): self = .unreachable
        case Int32(ARES_EBADRESP), Int32(ARES_EBADSTR): self = .malformed
        case Int32(ARES_EBADNAME), Int32(ARES_EBADQUERY), Int32(ARES_EBADFAMILY): self = .badName
        case Int32(ARES_EDESTRUCTION), Int32(ARES_ECANCELLED): self = .ended
        default: self = .unavailable
        }
    }
}
