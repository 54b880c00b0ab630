// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the box with the body is retained for the new thread, which releases
// it.

import CLinux
import Glibc

/// A thread of its own for a body that runs until it returns: a worker, a blocking store, an
/// acceptor.
@safe
public struct CoreThread: Sendable {
    private let thread: pthread_t

    private final class Body: Sendable {
        let name: String
        let core: Int?
        let run: @Sendable () -> Void

        init(name: String, core: Int?, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.core = core
            self.run = run
        }
    }

    /// Starts `body` on a new thread, pinned to `core` if one is given.
    ///
    /// Signals stay blocked there: `Signals` takes them on its own thread.
    public init(
        name: String,
        core: Int? = nil,
        stackBytes: Int = 1 << 20,
        body: @escaping @Sendable () -> Void
    ) throws(Errno) {
        let box = unsafe Unmanaged.passRetained(Body(name: name, core: core, run: body))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                unsafe banyan_set_thread_name(String(body.name.prefix(15)))
                // A container may allow fewer cores: then the thread simply is not pinned.
                if let core = body.core { _ = banyan_pin_to_core(Int32(core)) }
                body.run()
                return nil
            },
            box.toOpaque()
        )
        guard result == 0 else {
            unsafe box.release()
            throw Errno(result)
        }
        self.thread = thread
    }

    /// Waits until the body has returned.
    ///
    /// Once.
    public func join() { pthread_join(self.thread, nil) }

    /// Lets the thread clean up after itself when its body returns: nobody will join it.
    public func detach() { pthread_detach(self.thread) }
}

/// Cores that this process may use.
public func coreCount() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
