// SPDX-License-Identifier: Apache-2.0

import Migration
import Store
import Synchronization
import TLS

extension ControlPlane: EdgeOperations {}

extension ControlPlane {
    /// What `/readyz`, `/metrics` ask for.
    public var observed: ObservedEdge {
        ObservedEdge(checks: { self.checks() }, figures: { self.figures() })
    }

    /// The checks of `/readyz`: only starting and draining make an edge not ready.
    public func checks() -> [HealthCheck] {
        let state = self.state.withLock { $0 }
        let health = self.standings.health
        var checks = [
            HealthCheck("started", state.edge == nil ? .failed : .ok),
            HealthCheck("draining", state.isDraining ? .failed : .ok),
            HealthCheck(
                "config",
                state.reloadProblem == nil ? .ok : .degraded,
                state.reloadProblem.map { "the last reload was refused: \($0)" } ?? ""
            ),
            HealthCheck(
                "store",
                health.storeError == nil ? .ok : .degraded,
                health.storeError?.text ?? ""
            ),
            HealthCheck(
                "journal",
                health.journalError == nil ? .ok : .degraded,
                health.journalError?.text ?? ""
            ),
        ]
        let parity = self.parityProblem
        checks.append(HealthCheck("parity", parity.isEmpty ? .ok : .degraded, parity))
        checks.append(self.upstreams.check)
        if state.edge?.files.isSavedCopy == true {
            checks.append(
                HealthCheck("files", .degraded, "serving the saved copy of an earlier set")
            )
        }
        if SecretHeap.isLocked == false {
            let advice = "raise `ulimit -l` (systemd: LimitMEMLOCK)"
            checks.append(
                HealthCheck("keys", .degraded, "private keys are not locked in memory: \(advice)")
            )
        }
        return checks
    }

    /// Every family of `/metrics`; the number of series does not depend on traffic or tenants.
    public func figures() -> [MetricFamily] {
        let state = self.state.withLock { $0 }
        var families = state.port?.figures() ?? []
        families += self.fileFigures(state)
        families += self.certificateFigures(state)
        families += self.standingFigures(state)
        families += self.upstreams.figures
        families += self.parityFigures() + state.parityFigures
        families += processFigures()
        return families
    }

    /// Seconds until certificates expire: they have the names that the files give them.
    private func certificateFigures(_ state: State) -> [MetricFamily] {
        let now = Double(self.now()) / 1_000
        let expiries = state.edge?.transports.expiries ?? []
        func samples(
            _ side: CertificateExpiry.Side,
            _ seconds: (CertificateExpiry) -> Int64?
        ) -> [MetricSample] {
            expiries.compactMap { expiry in
                guard expiry.side == side, let end = seconds(expiry) else { return nil }
                return MetricSample(
                    labels: [
                        MetricLabel(side.rawValue, expiry.place),
                        MetricLabel("certificate", expiry.certificate),
                    ],
                    value: (Double(end) - now).rounded()
                )
            }
        }
        return [
            MetricFamily(
                "banyan_certificate_expiry_seconds",
                .gauge,
                "Until a listener's certificate expires; negative: it has.",
                samples: samples(.listener) { $0.notAfter }
            ),
            MetricFamily(
                "banyan_certificate_staple_expiry_seconds",
                .gauge,
                "Until the OCSP answer of a listener's certificate expires; negative: it has.",
                samples: samples(.listener) { $0.stapleNextUpdate }
            ),
            MetricFamily(
                "banyan_upstream_certificate_expiry_seconds",
                .gauge,
                "Until the certificate shown to an upstream expires; negative: it has.",
                samples: samples(.upstream) { $0.notAfter }
            ),
        ]
    }

    private func fileFigures(_ state: State) -> [MetricFamily] {
        [
            MetricFamily(
                "banyan_build_info",
                .gauge,
                "The version of this build; always 1.",
                samples: [
                    MetricSample(labels: [MetricLabel("version", productVersion)], value: 1)
                ]
            ),
            MetricFamily(
                "banyan_snapshot",
                .gauge,
                "Serial of the snapshot in force.",
                value: Double(state.edge?.snapshot.serial ?? 0)
            ),
            MetricFamily(
                "banyan_snapshot_bytes",
                .gauge,
                "Memory of the snapshot in force.",
                value: Double(state.edge?.snapshot.byteCount ?? 0)
            ),
            MetricFamily(
                "banyan_flag_staleness_seconds",
                .gauge,
                "Since the flag documents in force were read.",
                value: Double(self.now() - min(state.loadedMilliseconds, self.now())) / 1_000
            ),
            MetricFamily(
                "banyan_config_last_reload_successful",
                .gauge,
                "Whether the last load of the files was taken.",
                value: state.reloadProblem == nil ? 1 : 0
            ),
            MetricFamily(
                "banyan_config_last_reload_timestamp_seconds",
                .gauge,
                "When the files were last loaded, or refused, in seconds since 1970.",
                value: Double(state.reloadMilliseconds) / 1_000
            ),
            MetricFamily(
                "banyan_tenants",
                .gauge,
                "Tenants known.",
                value: Double(state.edge?.files.set.tenants.count ?? 0)
            ),
            MetricFamily(
                "banyan_routes",
                .gauge,
                "Routes in force.",
                value: Double(state.edge?.files.set.routes.count ?? 0)
            ),
            MetricFamily(
                "banyan_draining",
                .gauge,
                "Whether this edge is going away.",
                value: state.isDraining ? 1 : 0
            ),
        ]
    }

    private func standingFigures(_ state: State) -> [MetricFamily] {
        let health = self.standings.health
        var counts: [CellKind: Int] = [:]
        for record in self.standings.book.records() {
            guard let stage = record.standing?.stage else { continue }
            counts[CellKind(migration: record.cell.migration, stage: stage), default: 0] += 1
        }
        let cells = counts.sorted { $0.key < $1.key }.map { kind, count in
            MetricSample(
                labels: [
                    MetricLabel("migration", kind.migration), MetricLabel("stage", kind.stage.name),
                ],
                value: Double(count)
            )
        }
        return [
            MetricFamily(
                "banyan_generation",
                .gauge,
                "Highest generation of standings.",
                value: Double(self.standings.book.generation)
            ),
            MetricFamily(
                "banyan_standing_cells",
                .gauge,
                "Cells with a stored standing, by migration and stage.",
                samples: cells
            ),
            MetricFamily(
                "banyan_diverged_cells",
                .gauge,
                "Cells of which legacy misses writes: comparison is blind.",
                value: Double(self.standings.book.divergences.count { $0.isDiverged })
            ),
            MetricFamily(
                "banyan_flips_total",
                .counter,
                "Flips since the start of this edge.",
                value: Double(state.flips)
            ),
            MetricFamily(
                "banyan_rollbacks_total",
                .counter,
                "Rollbacks since the start of this edge.",
                samples: [
                    MetricSample(
                        labels: [MetricLabel("trigger", "operator")],
                        value: Double(state.rollbacks)
                    )
                ]
            ),
            MetricFamily(
                "banyan_flag_store_connected",
                .gauge,
                "Whether the store of standings takes acts.",
                value: health.storeError == nil ? 1 : 0
            ),
            MetricFamily(
                "banyan_store_waiting_acts",
                .gauge,
                "Acts in force whose audit entry waits in the journal.",
                value: Double(health.waitingActs)
            ),
        ]
    }

    private struct CellKind: Hashable, Comparable {
        var migration: String
        var stage: Stage

        static func < (a: CellKind, b: CellKind) -> Bool {
            (a.migration, a.stage) < (b.migration, b.stage)
        }
    }
}
