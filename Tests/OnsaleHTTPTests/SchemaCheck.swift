import Foundation

/// Checks a value against a JSON schema, as far as the contract's shapes need it.
struct SchemaCheck {
    /// Shapes by name.
    let schemas: [String: [String: Any]]

    /// - Returns: what doesn't fit, with its place.
    func faults(_ value: Any, against schema: [String: Any], at path: String = "") -> [String] {
        if let reference = schema["$ref"] as? String {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            guard let named = schemas[name] else { return ["\(path): no shape \(name)"] }
            return faults(value, against: named, at: path)
        }
        var faults: [String] = []
        for part in schema["allOf"] as? [[String: Any]] ?? [] { faults += self.faults(value, against: part, at: path) }
        if let choices = schema["oneOf"] as? [[String: Any]] {
            let fitting = choices.count { self.faults(value, against: $0, at: path).isEmpty }
            if fitting != 1 { faults.append("\(path): fits \(fitting) of \(choices.count) shapes") }
        }
        faults += word(value, schema, path)
        if let members = value as? [String: Any] { faults += object(members, schema, path) }
        if let elements = value as? [Any] {
            for (index, element) in elements.enumerated() {
                let ordered = schema["prefixItems"] as? [[String: Any]] ?? []
                let shape = ordered.indices.contains(index) ? ordered[index] : schema["items"] as? [String: Any] ?? [:]
                faults += self.faults(element, against: shape, at: "\(path)/\(index)")
            }
        }
        return faults
    }

    private func word(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        var faults: [String] = []
        let types = schema["type"] as? [String] ?? (schema["type"] as? String).map { [$0] } ?? []
        if !types.isEmpty, !types.contains(where: { SchemaCheck.isOf($0, value) }) {
            return ["\(path): \(value) is not \(types.joined(separator: " or "))"]
        }
        if let text = value as? String {
            if let words = schema["enum"] as? [String], !words.contains(text) { faults.append("\(path): \(text)") }
            if let word = schema["const"] as? String, word != text { faults.append("\(path): \(text)") }
            if let pattern = schema["pattern"] as? String, text.range(of: pattern, options: .regularExpression) == nil {
                faults.append("\(path): \(text) doesn't match \(pattern)")
            }
            if schema["format"] as? String == "date-time",
                (try? Date(
                    text,
                    strategy: .iso8601.year().month().day()
                        .timeZone(separator: .omitted).time(includingFractionalSeconds: true))) == nil
            {
                faults.append("\(path): \(text) is not a moment")
            }
        } else if let number = value as? NSNumber {
            if let least = schema["minimum"] as? Int, number.intValue < least { faults.append("\(path): \(number)") }
            if let most = schema["maximum"] as? Int, number.intValue > most { faults.append("\(path): \(number)") }
        }
        return faults
    }

    private func object(_ members: [String: Any], _ schema: [String: Any], _ path: String) -> [String] {
        var faults: [String] = []
        for name in schema["required"] as? [String] ?? [] where members[name] == nil {
            faults.append("\(path)/\(name) is missing")
        }
        for (name, shape) in schema["properties"] as? [String: [String: Any]] ?? [:] {
            if let member = members[name] { faults += self.faults(member, against: shape, at: "\(path)/\(name)") }
        }
        return faults
    }

    private static func isOf(_ type: String, _ value: Any) -> Bool {
        switch type {
        case "null": value is NSNull
        case "string": value is String
        case "array": value is [Any]
        case "object": value is [String: Any]
        case "boolean": (value as? NSNumber).map(isFlag) ?? false
        case "integer": (value as? NSNumber).map { !isFlag($0) && $0.doubleValue == $0.doubleValue.rounded() } ?? false
        default: (value as? NSNumber).map { !isFlag($0) } ?? false
        }
    }

    private static func isFlag(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }

    /// The members an object of the shape may have, including those of the shape it extends.
    func members(of schema: [String: Any]) -> (properties: [String: [String: Any]], required: Set<String>) {
        if let reference = schema["$ref"] as? String, let name = reference.split(separator: "/").last,
            let named = schemas[String(name)]
        {
            return members(of: named)
        }
        var properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        var required = Set(schema["required"] as? [String] ?? [])
        for part in schema["allOf"] as? [[String: Any]] ?? [] {
            let more = members(of: part)
            properties.merge(more.properties) { first, _ in first }
            required.formUnion(more.required)
        }
        return (properties, required)
    }
}
