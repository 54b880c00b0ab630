// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Keeps the memory of this process out of core files and debuggers: bodies hold patient data.
///
/// Three locks: no core file is written (`RLIMIT_CORE`), nobody but root may attach
/// (`PR_SET_DUMPABLE`), and what root takes with `gcore` holds registers and headers but no mapping
/// (`/proc/self/coredump_filter`). `false` when the kernel refuses one.
public func disableCoreDumps() -> Bool { banyan_disable_core_dumps() == 0 }

/// Gives the calling thread a lower share of the processor than its siblings (nice 10).
///
/// For background threads beside the workers; refused by the kernel: nothing changes.
public func lowerThreadPriority() {
    // On Linux `who` 0 names the calling thread, not its process (setpriority(2), notes).
    _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, 10)
}

/// Has this process drain and end (SIGTERM) when the thread that started it ends.
///
/// `false` when that is not possible, or has ended already.
public func endWithParent() -> Bool { banyan_end_with_parent() == 0 }
