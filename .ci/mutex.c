// SPDX-License-Identifier: Apache-2.0
// Shows ThreadSanitizer what a contended Swift `Mutex` does; linked in by .ci/sanitize only.
//
// A free Mutex is taken and given back by atomics that are compiled into our code, so that the sanitizer
// sees them. A contended one is handed over by the kernel (FUTEX_LOCK_PI) from within
// libswiftSynchronization, which is not instrumented: without these lines everything that a Mutex
// protects is reported as a race. Each function stands before the library's own of the same name.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef SWIFT void (*lock_function)(uint32_t thread, SELF);
typedef SWIFT bool (*try_function)(SELF);
typedef SWIFT void (*unlock_function)(SELF);

static void *library(_Atomic(void *) *known, const char *name) {
  void *function = *known;
  if (!function) {
    function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    *known = function;
  }
  return function;
}

SWIFT void banyan_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void banyan_lock(uint32_t thread, SELF) {
  static _Atomic(void *) known;
  ((lock_function)library(&known, LOCK))(thread, self);
  __tsan_acquire(self);
}

SWIFT bool banyan_try(SELF) __asm__(TRY);
SWIFT bool banyan_try(SELF) {
  static _Atomic(void *) known;
  bool taken = ((try_function)library(&known, TRY))(self);
  if (taken) __tsan_acquire(self);
  return taken;
}

SWIFT void banyan_unlock(SELF) __asm__(UNLOCK);
SWIFT void banyan_unlock(SELF) {
  static _Atomic(void *) known;
  __tsan_release(self);
  ((unlock_function)library(&known, UNLOCK))(self);
}
