// SPDX-License-Identifier: Apache-2.0

import Bytes

/// The segment trie while it grows: one root per hostname.
struct TrieBuilder {
    struct Entry {
        var match: UInt32
        var rank: UInt64
        /// What makes two entries of one place indistinguishable.
        var conditions: String
        var source: ModelSource
        var path: String
    }

    struct Node {
        var literals: [String: UInt32] = [:]
        var variable = UInt32.max
        var complete: [Entry] = []
        var open: [Entry] = []
    }

    var nodes: [Node] = []
    /// Roots by hostname; the empty name stands for every host.
    var roots: [String: UInt32] = [:]
    var regexes: [(root: UInt32, entry: Entry)] = []

    private mutating func root(_ hostname: String) -> UInt32 {
        if let root = self.roots[hostname] { return root }
        let root = UInt32(self.nodes.count)
        self.nodes.append(Node())
        self.roots[hostname] = root
        return root
    }

    mutating func insert(
        _ match: UInt32,
        template: PathTemplate,
        match model: RouteMatchModel,
        hostnames: [String],
        rank: UInt64
    ) throws(SnapshotError) {
        let entry = Entry(
            match: match,
            rank: rank,
            conditions: model.conditions,
            source: model.source,
            path: model.path
        )
        let names = Set(hostnames.map { $0.lowercased() }).sorted()
        for hostname in names.isEmpty ? [""] : names {
            let root = self.root(hostname)
            if model.pathType == .regularExpression {
                try self.check(
                    entry,
                    self.regexes.filter { $0.root == root }.map(\.entry),
                    samePath: true
                )
                self.regexes.append((root, entry))
                continue
            }
            try self.insert(entry, root, template, model.pathType)
        }
    }

    private mutating func insert(
        _ entry: Entry,
        _ root: UInt32,
        _ template: PathTemplate,
        _ type: PathMatchType
    ) throws(SnapshotError) {
        var node = Int(root)
        for segment in template.segments {
            switch segment {
            case .literal(let text):
                if let child = self.nodes[node].literals[text] {
                    node = Int(child)
                } else {
                    let child = self.nodes.count
                    self.nodes.append(Node())
                    self.nodes[node].literals[text] = UInt32(child)
                    node = child
                }
            case .variable:
                if self.nodes[node].variable == .max {
                    let child = self.nodes.count
                    self.nodes.append(Node())
                    self.nodes[node].variable = UInt32(child)
                }
                node = Int(self.nodes[node].variable)
            case .rest:
                try self.check(entry, self.nodes[node].open)
                self.nodes[node].open.append(entry)
                return
            }
        }
        try self.check(entry, self.nodes[node].complete)
        self.nodes[node].complete.append(entry)
    }

    /// Two entries at one place whose ranks differ by file order alone match the same requests.
    private func check(
        _ entry: Entry,
        _ others: [Entry],
        samePath: Bool = false
    ) throws(SnapshotError) {
        for other in others
        where other.rank >> 24 == entry.rank >> 24 && other.conditions == entry.conditions
            && (!samePath || other.path == entry.path)
        {
            throw .equalRank(first: other.source, second: entry.source, path: entry.path)
        }
    }
}

extension SnapshotCompiler {
    /// Writes the trie into flat memory.
    mutating func finishTrie() throws(SnapshotError) {
        var nodes: [NodeRecord] = []
        var edges: [(text: String, parent: UInt32, value: UInt32)] = []
        for (index, node) in self.trie.nodes.enumerated() {
            var record = NodeRecord()
            record.variableChild = node.variable
            record.hasLiteralChildren = !node.literals.isEmpty
            record.complete = self.entries(node.complete)
            record.open = self.entries(node.open)
            nodes.append(record)
            for (text, child) in node.literals.sorted(by: { $0.value < $1.value }) {
                edges.append((text, UInt32(index), child))
            }
        }
        self.header.nodes = self.run(nodes)
        self.header.edges = self.table(edges, foldingCase: false)
        var exact: [(text: String, parent: UInt32, value: UInt32)] = []
        var wildcards: [(text: String, parent: UInt32, value: UInt32)] = []
        for (name, root) in self.trie.roots.sorted(by: { $0.key < $1.key }) {
            if name.isEmpty {
                self.header.anyRoot = root
            } else if name.hasPrefix("*.") {
                wildcards.append((String(name.dropFirst()), 0, root))
            } else {
                exact.append((name, 0, root))
            }
        }
        self.header.hostRoots = self.table(exact, foldingCase: true)
        self.header.wildcardRoots = self.table(wildcards, foldingCase: true)
        let regexes = self.trie.regexes.sorted { $0.entry.rank > $1.entry.rank }.map { item in
            var slot = TableSlot()
            slot.parent = item.root
            slot.value = item.entry.match
            return slot
        }
        self.header.regexes = self.run(regexes)
    }

    private mutating func entries(_ entries: [TrieBuilder.Entry]) -> FlatRun {
        guard !entries.isEmpty else { return FlatRun() }
        return self.run(entries.sorted { $0.rank > $1.rank }.map(\.match))
    }
}
