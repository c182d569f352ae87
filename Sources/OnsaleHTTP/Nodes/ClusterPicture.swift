import NIOCore
package import OnsaleValues

/// Who owns what, as one node sees it.
package struct ClusterPicture: Sendable {
    /// A live node.
    package struct Node: Sendable {
        package let name: String
        package let url: String
        /// When it joined.
        package let since: Timestamp

        package init(name: String, url: String, since: Timestamp) {
            self.name = name
            self.url = url
            self.since = since
        }
    }

    package struct Event: Sendable {
        package let event: String
        /// nil while no node owns it.
        package let owner: String?
        package let epoch: UInt64
        /// When the epoch began.
        package let since: Timestamp
        /// How many facts of the owner's this node has yet to follow; nil if it doesn't know.
        package let behind: UInt64?

        package init(event: String, owner: String?, epoch: UInt64, since: Timestamp, behind: UInt64?) {
            self.event = event
            self.owner = owner
            self.epoch = epoch
            self.since = since
            self.behind = behind
        }
    }

    /// The node that tells it.
    package let node: String
    package let nodes: [Node]
    package let events: [Event]

    package init(node: String, nodes: [Node], events: [Event]) {
        self.node = node
        self.nodes = nodes
        self.events = events
    }
}

/// Whoever knows the picture. It answers from memory.
package protocol ClusterPictures: Sendable {
    func picture() async -> ClusterPicture
}

extension ClusterPicture {
    /// As `GET /cluster` gives it, sorted by name.
    var json: ByteBuffer {
        JSONWriter.object(capacity: 256 + events.count * 128) { writer in
            writer.member("node", node)
            writer.array("nodes") { writer in
                for node in nodes.sorted(by: { $0.name < $1.name }) {
                    writer.object { writer in
                        writer.member("name", node.name)
                        writer.member("url", node.url)
                        writer.member("since", node.since)
                    }
                }
            }
            writer.array("events") { writer in
                for event in events.sorted(by: { $0.event < $1.event }) {
                    writer.object { writer in
                        writer.member("event", event.event)
                        if let owner = event.owner { writer.member("owner", owner) } else { writer.null("owner") }
                        writer.member("epoch", event.epoch)
                        writer.member("since", event.since)
                        if let behind = event.behind { writer.member("behind", behind) }
                    }
                }
            }
        }
    }
}
