import Foundation
import Testing

@testable import OnsaleHTTP

/// The OpenAPI document, and what must agree with it.
@Suite struct OpenAPITests {
    @Test("Every operation has a unique name, an answer, and a parameter for each variable in its path")
    func operationsAreWhole() async throws {
        try await ServiceTester.run { tester in
            #expect(Set(tester.operations.map(\.id)).count == tester.operations.count)
            for operation in tester.operations {
                #expect(!operation.answers.isEmpty && !operation.summary.isEmpty, "\(operation.id)")
                for part in operation.path.split(separator: "/") where part.hasPrefix(":") {
                    #expect(Parameter.ofPath[String(part.dropFirst())] != nil, "\(operation.id): \(part)")
                }
            }
        }
    }

    @Test("Every reference in the document resolves")
    func references() async throws {
        try await ServiceTester.run { tester in
            let components = try #require(tester.document["components"] as? [String: [String: Any]])
            func walk(_ value: Any) {
                if let members = value as? [String: Any] {
                    if let reference = members["$ref"] as? String {
                        let parts = reference.split(separator: "/").map(String.init)
                        #expect(parts.count == 4 && components[parts[2]]?[parts[3]] != nil, "\(reference)")
                    }
                    members.values.forEach(walk)
                } else if let elements = value as? [Any] {
                    elements.forEach(walk)
                }
            }
            walk(tester.document)
        }
    }

    @Test("Every example fits its shape")
    func examples() async throws {
        try await ServiceTester.run { tester in
            let check = tester.schemas
            for (name, schema) in check.schemas {
                for example in schema["examples"] as? [Any] ?? [] {
                    #expect(
                        check.faults(example, against: schema).isEmpty,
                        "\(name): \(check.faults(example, against: schema))")
                }
            }
        }
    }

    @Test("Every problem type is named")
    func namesProblems() async throws {
        try await ServiceTester.run { tester in
            let names = tester.schemas.schemas["ProblemType"]?["enum"] as? [String] ?? []
            #expect(Set(names) == Set(Problem.Slug.allCases.map { "/problems/\($0.rawValue)" }))
        }
    }

    // MARK: The client

    /// A member of an interface in the client's `types.d.ts`.
    private struct Member {
        let isOptional: Bool
        let isNullable: Bool
    }

    /// The client's interfaces, by name, without inherited members.
    private static func interfaces(_ text: String) -> [String: (base: String?, members: [String: Member])] {
        var found: [String: (base: String?, members: [String: Member])] = [:]
        var current: (name: String, base: String?, members: [String: Member])?
        var depth = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let match = line.firstMatch(of: /^export interface (\w+)(?: extends (\w+))? \{/) {
                current = (String(match.1), match.2.map(String.init), [:])
                depth = 1
                continue
            }
            guard let interface = current else { continue }
            if depth == 1, let match = line.firstMatch(of: /^  (\w+)(\??): (.*)$/) {
                let type = match.3
                current?.members[String(match.1)] = Member(
                    isOptional: !match.2.isEmpty, isNullable: type.contains(/\| null(;|$)/))
            }
            depth += line.count { $0 == "{" } - line.count { $0 == "}" }
            if depth == 0 {
                found[interface.name] = (interface.base, current?.members ?? [:])
                current = nil
            }
        }
        return found
    }

    @Test("The client's types match the contract's shapes, member for member, optional and nullable alike")
    func client() async throws {
        let url = URL(filePath: #filePath).appending(path: "../../../web/client/src/types.d.ts").standardized
        let interfaces = Self.interfaces(try String(contentsOf: url, encoding: .utf8))
        @Sendable func members(_ name: String) -> [String: Member] {
            guard let interface = interfaces[name] else { return [:] }
            return interface.members.merging(interface.base.map(members) ?? [:]) { own, _ in own }
        }
        try await ServiceTester.run { tester in
            let check = tester.schemas
            var compared = 0
            for name in interfaces.keys.sorted() where name != "SeatingPlan" {
                guard let schema = check.schemas[name] else { continue }
                let shape = check.members(of: schema)
                let own = members(name)
                compared += 1
                #expect(Set(own.keys) == Set(shape.properties.keys), "\(name)")
                for (member, property) in shape.properties {
                    guard let declared = own[member] else { continue }
                    let isNullable =
                        (property["type"] as? [String])?.contains("null") ?? false
                        || (property["oneOf"] as? [[String: Any]])?.contains { $0["type"] as? String == "null" }
                            ?? false
                    #expect(declared.isOptional == !shape.required.contains(member), "\(name).\(member) optional")
                    #expect(declared.isNullable == isNullable, "\(name).\(member) nullable")
                }
            }
            #expect(compared >= 15, "\(compared) shapes compared")
        }
    }
}
