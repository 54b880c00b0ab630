// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The folder of public test data, or `nil` (said aloud) where it is absent.
func sharedData(_ path: String) -> URL? {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    let shared =
        ProcessInfo.processInfo.environment["BANYAN_SHARED"].map { URL(filePath: $0) }
        ?? root.deletingLastPathComponent().appending(path: "shared")
    let url = shared.appending(path: "data").appending(path: path)
    guard FileManager.default.fileExists(atPath: url.path) else {
        print("skipped: data/\(path) is absent (set BANYAN_SHARED)")
        return nil
    }
    return url
}
