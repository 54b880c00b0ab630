// SPDX-License-Identifier: Apache-2.0
import Foundation

/// HAProxy with one thread, reuse of server connections, map files for the cells.
///
/// Its log can only go to a descriptor, so it writes each line with a call of its own. It cannot
/// send copies without a second process, so it has no shadow workload.
struct HAProxyProgram: SubjectProgram {
    let name = "haproxy"

    func can(_ workload: Workload) -> Bool {
        !workload.isShadowed
    }

    func prepare(_ workload: Workload, _ place: SubjectPlace) throws -> [String] {
        var choice = "default_backend legacy"
        if workload == .tenants {
            var origins: [String] = []
            for tenant in 0..<Workload.tenantCount {
                for migration in 0..<Workload.migrationCount
                where Workload.isModern(tenant: tenant, migration: migration) {
                    let host = Workload.host(tenant: tenant)
                    origins.append("\(host)/\(Workload.prefix(migration: migration)) modern")
                }
            }
            let cells = try place.write("cells.map", origins.joined(separator: "\n") + "\n")
            let hosts = (0..<Workload.tenantCount).map { "\(Workload.host(tenant: $0)) t\($0)" }
            let tenants = try place.write("tenants.map", hosts.joined(separator: "\n") + "\n")
            choice = """
                http-request set-header X-Tenant-Id %[req.hdr(host),map_str(\(tenants))]
                    http-request set-var(txn.prefix) path,field(2,/)
                    http-request set-var(txn.cell) req.hdr(host),concat(/,txn.prefix)
                    use_backend %[var(txn.cell),map_str(\(cells),legacy)]
                """
        }
        if workload == .redirect {
            let target = "https://\(BanyanProgram.redirectHost)%[pathq]"
            choice = "http-request redirect location \(target) code 301"
        }
        let text = """
            global
                nbthread 1
                maxconn 8192
                \(self.tuning(workload))
                log stdout format raw local0
            defaults
                mode http
                log global
                option httplog
                option http-keep-alive
                option forwardfor
                http-reuse always
                timeout connect 2s
                timeout client 75s
                timeout server 30s
                timeout http-request 10s
                timeout http-keep-alive 75s
            frontend edge
                bind 127.0.0.1:\(place.port)\(try self.tls(workload, place))
                http-request set-header X-Forwarded-Proto \(workload.isTLS ? "https" : "http")
                http-request set-header X-Forwarded-Host %[req.hdr(host)]
                http-request set-header Via "1.1 haproxy"
                \(choice)
            backend legacy
                server a 127.0.0.1:\(place.legacyPort)
            backend modern
                server a 127.0.0.1:\(place.modernPort)

            """
        return ["haproxy", "-db", "-f", try place.write("haproxy.cfg", text)]
    }

    /// Larger buffers where large bodies are the work.
    private func tuning(_ workload: Workload) -> String {
        workload.isLarge ? "tune.bufsize 65536" : ""
    }

    private func tls(_ workload: Workload, _ place: SubjectPlace) throws -> String {
        guard workload.isTLS else { return "" }
        let both = try [place.identity.chain, place.identity.key].map {
            try String(contentsOfFile: $0, encoding: .utf8)
        }
        let file = try place.write("edge-both.pem", both.joined())
        let alpn = workload == .h2 ? "h2" : "http/1.1"
        return " ssl crt \(file) alpn \(alpn) ssl-min-ver TLSv1.2"
    }
}
