// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

extension Reactor {
    /// Gathers what a decision depends on, decides once, and carries the decision out.
    mutating func decideExchange(
        _ exchange: Handle,
        _ view: SnapshotView,
        _ hit: RouteHit,
        _ route: RouteRecord
    ) {
        let e = exchange.index
        var input = DecisionInput()
        switch self.findTenant(e, view) {
        case .conflict:
            self.counters.count(.tenantConflicts)
            input.isTenantConflict = true
        case .unknown:
            input.isTenantMissing = route.isTenantRequired
        case .tenant: break
        }
        self.exchanges[e].migration = route.migration
        self.exchanges[e].isPlain = route.isPlain
        guard self.checkUpgrade(exchange, view, route) else { return }
        let tenant = self.exchanges[e].tenant
        let cell = CellNumber(tenant: tenant, migration: route.migration)
        let method = self.exchanges[e].head.method
        input.isSafe = view.isSafe(
            route: hit.route,
            // Nobody knows what a tunnel will carry: unless its route declares it safe, a write.
            methodIsSafe: method.isSafe && self.exchanges[e].upgrade == .none,
            method: self.methodWindow(e),
            path: self.pathWindow(e)
        )
        self.exchanges[e].isSafe = input.isSafe
        self.findStanding(e, view, cell, &input)
        input.earlierStage = route.earlierStage(input.standing.stage)
        input.data = route.data
        input.hasLegacy = route.legacyUpstream != .max
        input.isDiverged = self.notes.isDiverged(cell)
        input.isRedirectTarget = hit.isRedirectTarget
        input.entitlement = view.entitlement(route: hit.route, tenant: tenant)
        input.entitlementScope = route.entitlementScope
        input.isSampled =
            route.samplePermyriad >= 10_000
            || (route.samplePermyriad > 0
                && self.nextRandom() % 10_000 < UInt64(route.samplePermyriad))
        self.findUser(e, view, route, cell, &input)
        var decision = Decision.decide(input)
        if decision.isObserved || decision.mayBeRescued { self.leaveStreamAlone(e, &decision) }
        self.exchanges[e].decision = decision
        self.exchanges[e].origin = decision.origin
        self.setTimeouts(
            e,
            connect: route.connectTimeoutMilliseconds,
            firstByte: route.firstByteTimeoutMilliseconds,
            idle: route.idleTimeoutMilliseconds,
            total: route.totalTimeoutMilliseconds
        )
        self.carryOut(exchange, view, hit, route, cell)
    }

    /// The request method's bytes.
    func methodWindow(_ e: UInt32) -> ByteWindow {
        let range = self.exchanges[e].head.methodRange
        return self.headWindow(e).slice(Int(range.start), Int(range.length))
    }

    /// The standing in the order of design.md 3: cell, `*/MIGRATION`, flag.
    private mutating func findStanding(
        _ e: UInt32,
        _ view: SnapshotView,
        _ cell: CellNumber,
        _ input: inout DecisionInput
    ) {
        let everyone = CellNumber(tenant: 0, migration: cell.migration)
        let own = self.standings[cell]
        let shared = self.standings[everyone]
        input.isFrozen = own.isFrozen || shared.isFrozen
        if cell.tenant != 0, let standing = own.standing {
            input.standing = standing
            input.source = .cell
            self.exchanges[e].generation = own.generation
        } else if let standing = shared.standing {
            input.standing = standing
            input.source = .migration
            self.exchanges[e].generation = shared.generation
        } else {
            let flag = view.stageDefault(migration: cell.migration, tenant: cell.tenant)
            input.standing = Standing(flag.stage)
            input.source = flag.source
            self.exchanges[e].generation = max(own.generation, shared.generation)
        }
    }

    /// The user's bucket and recent write, when the route says where the user id stands.
    private mutating func findUser(
        _ e: UInt32,
        _ view: SnapshotView,
        _ route: RouteRecord,
        _ cell: CellNumber,
        _ input: inout DecisionInput
    ) {
        guard route.userKind != .none, self.readFields(e),
            let user = self.userID(e, view, route)
        else { return }
        if input.standing.share < .all {
            input.userBucket = userBucket(
                flagKey: view.migrationName(cell.migration),
                tenant: view.tenantID(cell.tenant),
                user: user
            )
        }
        guard route.settleMilliseconds > 0, route.data == .forward else { return }
        let key = self.writers.key(
            cell,
            epoch: self.notes.settleEpoch(cell),
            user: byteHash(user, seed: self.edge.seed)
        )
        self.exchanges[e].writerKey = key
        self.exchanges[e].settleMilliseconds = route.settleMilliseconds
        input.hasUser = true
        if input.isSafe {
            input.settledOn = self.writers.side(key, nowMilliseconds: self.nowMilliseconds)
        }
    }

    private func userID(
        _ e: UInt32,
        _ view: SnapshotView,
        _ route: RouteRecord
    ) -> ByteWindow? {
        let bytes = self.headWindow(e)
        let name = view.window(route.userName)
        for index in 0..<self.requestFields.count {
            let field = self.requestFields[index]
            let value = bytes.slice(Int(field.valueStart), Int(field.valueLength))
            if route.userKind == .cookie {
                guard field.name == .cookie, let found = cookieValue(value, name) else { continue }
                return found.isEmpty ? nil : found
            }
            // Identity headers count only from a trusted peer; others are the client's own word.
            if field.name == .xUserID, !self.exchanges[e].isTrusted { continue }
            guard Int(field.nameLength) == name.count,
                equalsFolded(bytes.slice(Int(field.nameStart), Int(field.nameLength)), name)
            else { continue }
            return value.isEmpty ? nil : value
        }
        return nil
    }

    /// Does what was decided.
    private mutating func carryOut(
        _ exchange: Handle,
        _ view: SnapshotView,
        _ hit: RouteHit,
        _ route: RouteRecord,
        _ cell: CellNumber
    ) {
        let e = exchange.index
        let decision = self.exchanges[e].decision
        if decision.isEntitlementUnknown { self.counters.count(.entitlementUnknown) }
        switch decision.outcome {
        case .forward: break
        case .redirect:
            self.answerRedirect(exchange, view, hit, route)
            return
        case .gone:
            self.answer(exchange, status: 410, code: "GONE")
            return
        case .tenantConflict:
            self.answer(exchange, status: 403, code: "TENANT_CONFLICT")
            return
        case .tenantRequired:
            self.answer(exchange, status: 403, code: "TENANT_REQUIRED")
            return
        case .frozen:
            self.answer(exchange, status: 503, code: "FROZEN")
            return
        case .notLicensed:
            self.answer(exchange, status: 403, code: "MODULE_NOT_LICENSED")
            return
        case .unknownStanding:
            self.answer(exchange, status: 503, code: "UNKNOWN_STANDING")
            return
        }
        if decision.isBlind { self.counters.count(.copiesBlind) }
        if decision.isObserved, route.observes { self.startObserving(e, view, hit, route) }
        if decision.marksDiverged { self.notes.markDiverged(cell) }
        if decision.remembersWriter, self.exchanges[e].writerKey != 0 {
            // The user is remembered in any case; `false` says that somebody else had to give way.
            self.exchanges[e].hasWriter = true
            let hadRoom = self.writers.beginWrite(
                self.exchanges[e].writerKey,
                decision.origin,
                nowMilliseconds: self.nowMilliseconds
            )
            if !hadRoom { self.counters.count(.writersEvicted) }
        }
        self.countDecision(e, cell)
        self.exchanges[e].upstreamIndex =
            decision.origin == .legacy ? route.legacyUpstream : route.modernUpstream
        if decision.makesCopy || decision.asksBoth { self.exchanges[e].copyState = .due }
        if !self.exchanges[e].isRequestComplete,
            decision.makesCopy || decision.asksBoth || decision.mayBeRescued
                || self.mayHaveToRepeat(e, view)
        {
            self.exchanges[e].tee = .filling
            self.exchanges[e].teeLimit = Int32(
                min(route.shadowMaxBodyBytes, UInt32(Limits.teedBodyBytesMax))
            )
        }
        if decision.asksBoth { self.startSecondRead(exchange) }
        self.reach(exchange)
    }

    /// Keeps the cell's figures: who was asked last, what is in flight, what was written where.
    private mutating func countDecision(_ e: UInt32, _ cell: CellNumber) {
        self.exchanges[e].isCounted = true
        if self.exchanges[e].origin == .legacy {
            self.standings[cell].lastLegacyMilliseconds = self.wallMilliseconds
            self.standings[cell].inFlightLegacy &+= 1
        } else {
            self.standings[cell].inFlightModern &+= 1
            if self.exchanges[e].isWrite { self.standings[cell].modernWrites &+= 1 }
        }
    }

    /// The exchange is over for its cell.
    mutating func uncountDecision(_ e: UInt32) {
        guard self.exchanges[e].isCounted else { return }
        self.exchanges[e].isCounted = false
        let cell = CellNumber(
            tenant: self.exchanges[e].tenant,
            migration: self.exchanges[e].migration
        )
        if self.exchanges[e].decision.origin == .legacy {
            self.standings[cell].inFlightLegacy &-= 1
        } else {
            self.standings[cell].inFlightModern &-= 1
        }
    }
}

/// The value of a cookie by name in one `Cookie` field (RFC 6265 5.4), or `nil`.
func cookieValue(_ field: ByteWindow, _ name: ByteWindow) -> ByteWindow? {
    var start = 0
    while start < field.count {
        let end = field.firstIndex(of: 0x3b, from: start) ?? field.count
        var at = start
        while at < end, field[at] == 0x20 { at += 1 }
        if end - at > name.count, field[at + name.count] == 0x3d,
            field.slice(at, name.count).equals(name)
        {
            return field.slice(at + name.count + 1, end - at - name.count - 1)
        }
        start = end + 1
    }
    return nil
}
