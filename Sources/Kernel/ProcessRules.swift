// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Keeps the memory of this process out of core files and debuggers: bodies hold patient data.
///
/// Three locks: no core file is written (`RLIMIT_CORE`), nobody but root may attach
/// (`PR_SET_DUMPABLE`), and what root takes with `gcore` holds registers and headers but no mapping
/// (`/proc/self/coredump_filter`). `false` when the kernel refuses one.
public func disableCoreDumps() -> Bool { banyan_disable_core_dumps() == 0 }
