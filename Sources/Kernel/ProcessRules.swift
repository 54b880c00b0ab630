// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Keeps the memory of this process out of core files and debuggers: bodies hold patient data.
///
/// `false` when the kernel refuses.
public func disableCoreDumps() -> Bool { banyan_disable_core_dumps() == 0 }
