// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Allocation counter")
struct AllocationCounterTests {
    @Test func `allocations of a worker's thread are counted one by one`() throws {
        let program = """
            #include <stdlib.h>
            #include <sys/prctl.h>
            void *volatile kept;
            int main(void) {
                kept = malloc(10);
                prctl(PR_SET_NAME, "banyan-0");
                for (int i = 0; i < 5; i++) kept = malloc(10);
                kept = calloc(2, 8);
                kept = realloc(kept, 400);
                void *aligned;
                if (posix_memalign(&aligned, 64, 64)) return 1;
                kept = aligned;
                prctl(PR_SET_NAME, "other");
                kept = malloc(10);
                return 0;
            }

            """
        let folder = try TemporaryFolder()
        let source = try folder.write("program.c", program)
        let compiler = try ChildProcess("cc", ["-O0", "-o", folder.path("program"), source])
        try #require(try compiler.waitForEnd(seconds: 60) == 0, "\(compiler.error)")
        let counter = try AllocationCounter()
        let child = try ChildProcess(
            folder.path("program"),
            [],
            environment: counter.environment
        )
        #expect(try child.waitForEnd() == 0)
        #expect(counter.worker == 8)
        #expect(counter.all >= 10)
    }
}
