// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Public FHIR examples, STU3 as legacy and R4 as modern, behind ordinary file servers.
@Suite("FHIR files through the edge")
struct FHIRFilesTests {
    /// Where the tenants stand; a tenant's name is made of it.
    private static let standings = [
        "legacy", "shadow", "shadow=50%", "live=1%", "live=25%", "live=50%", "live=99%", "live",
        "modern=1%", "modern=25%", "modern=50%", "modern=99%", "modern",
    ]

    @Test func `every file is the byte-identical one of the origin that the standing names`() throws
    {
        guard let data = Places.shared("fhir") else { return }
        let folders = ["legacy": "stu3", "modern": "r4"]
        var origins: [String: PythonOrigin] = [:]
        for (side, version) in folders {
            for framing in ["length", "chunked", "gzip"] {
                origins["\(side) \(framing)"] = try PythonOrigin.files(
                    in: data.appendingPathComponent(version).path,
                    name: side,
                    framing: framing
                )
            }
        }
        let migrations = ["length", "chunked", "gzip"].map {
            PlainMigration(
                name: $0,
                legacy: origins["legacy \($0)"]?.address ?? "",
                modern: origins["modern \($0)"]?.address ?? ""
            )
        }
        let tenants = Self.standings.map(Self.tenant)
        let edge = try EdgeUnderTest(files: PlainMigration.files(migrations, tenants: tenants))
        for standing in Self.standings { try self.move(edge, to: standing) }

        let plan = try JSONSerialization.data(
            withJSONObject: [
                "port": edge.port,
                "legacy": data.appendingPathComponent("stu3").path,
                "modern": data.appendingPathComponent("r4").path,
                "tenants": Dictionary(uniqueKeysWithValues: zip(tenants, Self.standings)),
            ] as [String: Any]
        )
        let result = try runCommand(
            "python3",
            ["-u", "-c", Self.reader, String(decoding: plan, as: UTF8.self)],
            seconds: 300
        )
        #expect(result.status == 0, "\(result.out)\(result.error)")
        print("fhir: \(result.out.trimmingCharacters(in: .whitespacesAndNewlines))")
        try waitUntil("every answer is in the access log") {
            try edge.accessLog().count >= Self.answers(in: result.out)
        }
        let log = try edge.accessLog()
        #expect(!log.contains { $0["error.type"] != nil })
        #expect(
            log.allSatisfy { ($0["banyan.origin"] as? String) == $0["banyan.decided"] as? String }
        )
    }

    private static func tenant(_ standing: String) -> String {
        "at-\(standing.replacing("=", with: "-").replacing("%", with: ""))"
    }

    private static func answers(in text: String) -> Int {
        Int(text.split(separator: " ").first ?? "") ?? .max
    }

    /// One stage at a time, as an operator would.
    private func move(_ edge: EdgeUnderTest, to standing: String) throws {
        if standing == "legacy" { return }
        let stage = String(standing.split(separator: "=")[0])
        for step in ["shadow", "live", "modern"] {
            let target = step == stage ? standing : step
            let result = try edge.banyan([
                "flip", "\(Self.tenant(standing))/*", target, "--reason", "FHIR files",
            ])
            #expect(result.status == 0, "\(target): \(result.out)\(result.error)")
            if step == stage { return }
        }
    }

    /// Asks for every file of both versions, for every tenant and framing, and compares bytes.
    ///
    /// Whose bytes are due is computed here once more, from the words of design.md: MurmurHash3 of
    /// the CBOR text `FLAG/TENANT/USER`, scaled to 10,000.
    private static let reader = #"""
        import gzip, hashlib, http.client, json, os, sys
        plan = json.loads(sys.argv[1])
        def murmur3(data):
            mask, state = 0xffffffff, 0
            def scramble(word):
                word = word * 0xcc9e2d51 & mask
                return (word << 15 | word >> 17) * 0x1b873593 & mask
            whole = len(data) // 4 * 4
            for at in range(0, whole, 4):
                state ^= scramble(int.from_bytes(data[at:at + 4], "little"))
                state = ((state << 13 | state >> 19) & mask) * 5 + 0xe6546b64 & mask
            state ^= scramble(int.from_bytes(data[whole:], "little")) ^ len(data)
            state = (state ^ state >> 16) * 0x85ebca6b & mask
            state = (state ^ state >> 13) * 0xc2b2ae35 & mask
            return state ^ state >> 16
        assert murmur3(b"hello") == 0x248bfa47
        def place(flag, tenant, user):
            text = f"{flag}/{tenant}/{user}".encode()
            head = bytes([0x60 + len(text)]) if len(text) < 24 else bytes([0x78, len(text)])
            return murmur3(head + text) * 10000 >> 32
        before = {"shadow": "legacy", "live": "shadow", "modern": "live"}
        def side(standing, flag, tenant, user):
            stage, _, share = standing.partition("=")
            if share and place(flag, tenant, user) >= int(share[:-1]) * 100:
                stage = before[stage]
            return "modern" if stage in ("live", "modern") else "legacy"
        def files(root):
            return {os.path.relpath(os.path.join(folder, name), root)
                    for folder, _, names in os.walk(root) for name in names}
        names = sorted(files(plan["legacy"]) | files(plan["modern"]))
        faults, count, seen = [], 0, {}
        for tenant, standing in plan["tenants"].items():
            client = http.client.HTTPConnection("127.0.0.1", plan["port"], timeout=30)
            for framing in ("length", "chunked", "gzip"):
                for number, name in enumerate(names):
                    user = f"user-{number}-{name}"
                    due = side(standing, framing, tenant, user)
                    client.request("GET", f"/{framing}/{name}", headers={
                        "X-Tenant-Id": tenant, "Cookie": f"theme=dark; site_user={user}"})
                    answer = client.getresponse()
                    body = answer.read()
                    count += 1
                    seen.setdefault((standing, due), 0)
                    seen[standing, due] += 1
                    what = f"{tenant} {framing} {name} {user}: "
                    if answer.headers["Origin-Name"] != due:
                        faults.append(f"{what}{answer.headers['Origin-Name']} instead of {due}")
                        continue
                    path = os.path.join(plan[due], name)
                    if not os.path.isfile(path):
                        if answer.status != 404: faults.append(f"{what}status {answer.status}")
                        continue
                    if answer.status != 200: faults.append(f"{what}status {answer.status}")
                    if answer.headers["Body-Digest"] != hashlib.sha256(body).hexdigest():
                        faults.append(f"{what}not the bytes that the origin sent")
                    coding = answer.headers["Content-Encoding"]
                    if coding != ("gzip" if framing == "gzip" else None):
                        faults.append(f"{what}Content-Encoding {coding}")
                    if framing == "chunked":
                        if answer.headers["Transfer-Encoding"] != "chunked":
                            faults.append(f"{what}not chunked")
                    elif answer.headers["Content-Length"] != str(len(body)):
                        faults.append(f"{what}length {answer.headers['Content-Length']}")
                    with open(path, "rb") as file: expected = file.read()
                    if (gzip.decompress(body) if coding == "gzip" else body) != expected:
                        faults.append(f"{what}other bytes than the file's")
            client.close()
        for standing in plan["tenants"].values():
            # At 1 % of so few users one side may well be empty.
            if standing in ("live=25%", "live=50%", "live=99%"):
                if len([key for key in seen if key[0] == standing]) < 2:
                    faults.append(f"{standing}: the share did not part the users")
        print(f"{count} answers at {len(plan['tenants'])} standings, {len(faults)} faults")
        for fault in faults[:20]: print(fault)
        sys.exit(1 if faults else 0)
        """#
}
