// SPDX-License-Identifier: Apache-2.0

/// nginx as its people would set it: kept upstream connections, buffered log, one hash for the
/// cells.
struct NginxProgram: SubjectProgram {
    let name = "nginx"

    func can(_ workload: Workload) -> Bool { workload != .compared }

    func prepare(_ workload: Workload, _ place: SubjectPlace) throws -> [String] {
        let text = """
            daemon off;
            master_process off;
            worker_processes 1;
            pid \(place.path("nginx.pid"));
            error_log \(place.path("error.log")) error;
            events { worker_connections 16384; }
            http {
                access_log \(place.path("access.log")) combined buffer=64k flush=1s;
                keepalive_requests 1000000000;
                client_body_temp_path \(place.path("body"));
                proxy_temp_path \(place.path("proxy"));
                fastcgi_temp_path \(place.path("fastcgi"));
                uwsgi_temp_path \(place.path("uwsgi"));
                scgi_temp_path \(place.path("scgi"));
                proxy_http_version 1.1;
                proxy_set_header Connection "";
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header X-Forwarded-Proto $scheme;
                proxy_set_header X-Forwarded-Host $host;
                proxy_set_header Via "1.1 nginx";
                \(self.upstream("legacy", place.legacyPort))
                \(self.upstream("modern", place.modernPort))
                \(self.maps(workload))
                \(workload.isLarge ? self.largeBuffers : "")
                server {
                    listen 127.0.0.1:\(place.port)\(self.protocols(workload)) backlog=4096;
                    \(self.tls(workload, place))
                    \(self.locations(workload))
                }
            }
            """
        return ["nginx", "-c", try place.write("nginx.conf", text)]
    }

    /// 1 MiB goes through memory, never through a file.
    private var largeBuffers: String {
        "proxy_buffer_size 16k; proxy_buffers 16 64k; proxy_busy_buffers_size 256k; "
            + "proxy_max_temp_file_size 0;"
    }

    private func protocols(_ workload: Workload) -> String {
        guard workload.isTLS else { return "" }
        return workload == .h2 ? " ssl http2" : " ssl"
    }

    private func tls(_ workload: Workload, _ place: SubjectPlace) -> String {
        guard workload.isTLS else { return "" }
        return """
            ssl_certificate \(place.identity.chain);
            ssl_certificate_key \(place.identity.key);
            ssl_protocols TLSv1.2 TLSv1.3;
            ssl_prefer_server_ciphers off;
            """
    }

    private func upstream(_ name: String, _ port: Int) -> String {
        """
        upstream \(name) {
            server 127.0.0.1:\(port);
            keepalive 256;
            keepalive_requests 1000000000;
        }
        """
    }

    private func maps(_ workload: Workload) -> String {
        guard workload == .tenants else { return "" }
        var origins: [String] = []
        for tenant in 0..<Workload.tenantCount {
            for migration in 0..<Workload.migrationCount
            where Workload.isModern(tenant: tenant, migration: migration) {
                let host = Workload.host(tenant: tenant)
                origins.append("\(host)/\(Workload.prefix(migration: migration)) modern;")
            }
        }
        let tenants = (0..<Workload.tenantCount).map { "\(Workload.host(tenant: $0)) t\($0);" }
        return """
            map_hash_max_size 65536;
            map_hash_bucket_size 128;
            map $cell $origin { default legacy; \(origins.joined(separator: "\n")) }
            map $host $tenant { default ""; \(tenants.joined(separator: "\n")) }
            """
    }

    private func locations(_ workload: Workload) -> String {
        switch workload {
        case .redirect:
            return "location / { return 301 https://\(BanyanProgram.redirectHost)$request_uri; }"
        case .shadow, .compared:
            return """
                location / { mirror /copy; mirror_request_body off; proxy_pass http://legacy; }
                location = /copy { internal; proxy_pass http://modern$request_uri; }
                """
        case .tenants:
            let head = """
                proxy_set_header X-Tenant-Id $tenant;
                """
            // Setting one header in a location drops the inherited ones, so they stay on the
            // server.
            let shared = """
                proxy_set_header Connection "";
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header X-Forwarded-Proto $scheme;
                proxy_set_header X-Forwarded-Host $host;
                proxy_set_header Via "1.1 nginx";
                """
            let each = (0..<Workload.migrationCount).map { migration in
                let prefix = Workload.prefix(migration: migration)
                return """
                    location /\(prefix)/ {
                        set $cell "$host/\(prefix)";
                        proxy_pass http://$origin;
                    }
                    """
            }
            return ([shared, head] + each).joined(separator: "\n")
        default: return "location / { proxy_pass http://legacy; }"
        }
    }
}
