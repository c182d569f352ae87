/// What a body or a part of one looks like: a JSON schema (draft 2020-12, as OpenAPI 3.1 has it), put together from few
/// words. A shape with a name stands under that name in the document, and is referred to elsewhere.
struct Shape: Sendable {
    private(set) var name: String?
    /// The schema itself, whatever the name.
    private(set) var schema: JSONValue
    /// The shapes that it refers to, which may refer to more.
    private(set) var parts: [Shape]

    private init(_ schema: JSONValue, parts: [Shape] = []) {
        self.schema = schema
        self.parts = parts
    }

    /// How the document has it where it is used.
    var reference: JSONValue { name.map { ["$ref": .text("#/components/schemas/" + $0)] } ?? schema }

    /// It and all that it refers to that have a name.
    var named: [Shape] { (name == nil ? [] : [self]) + parts.flatMap(\.named) }

    struct Member: Sendable {
        let name: String
        let shape: Shape
        let isRequired: Bool

        static func required(_ name: String, _ shape: Shape, _ description: String? = nil) -> Member {
            Member(name: name, shape: shape.described(description), isRequired: true)
        }

        /// May be left out.
        static func optional(_ name: String, _ shape: Shape, _ description: String? = nil) -> Member {
            Member(name: name, shape: shape.described(description), isRequired: false)
        }
    }

    // MARK: Words

    static let text = Shape(["type": "string"])
    static let flag = Shape(["type": "boolean"])
    static let number = Shape(["type": "number"])
    static let count = count(0...)
    /// An amount in minor units.
    static let money = money(0...)
    /// RFC 3339 in UTC.
    static let time = Shape(["type": "string", "format": "date-time"])
    static let address = Shape(["type": "string", "format": "uri"])
    static let anyObject = Shape(["type": "object"])

    /// - Parameter length: in characters.
    static func text(pattern: String? = nil, length: some Bounds = NoBounds()) -> Shape {
        var text = Shape.text
        if let least = length.least, least > 0 { text = text.with("minLength", .number(least)) }
        if let most = length.most { text = text.with("maxLength", .number(most)) }
        return pattern.map { text.with("pattern", .text($0)) } ?? text
    }

    /// One of these, as they are.
    static func word(_ words: String...) -> Shape { word(words) }

    static func word(_ words: [String]) -> Shape {
        words.count == 1
            ? text.with("const", .text(words[0])) : text.with("enum", .array(words.map { .text($0) }))
    }

    static func count(_ range: some Bounds) -> Shape {
        var count = Shape(["type": "integer"])
        if let least = range.least { count = count.with("minimum", .number(least)) }
        if let most = range.most { count = count.with("maximum", .number(most)) }
        return count
    }

    static func money(_ range: some Bounds) -> Shape { count(range).with("format", "int64") }

    static func list(_ element: Shape, count: some Bounds = NoBounds(), isUnique: Bool = false) -> Shape {
        var list = Shape(["type": "array", "items": element.reference], parts: [element])
        if let least = count.least, least > 0 { list = list.with("minItems", .number(least)) }
        if let most = count.most { list = list.with("maxItems", .number(most)) }
        return isUnique ? list.with("uniqueItems", true) : list
    }

    /// An array of exactly these two.
    static func pair(_ first: Shape, _ second: Shape) -> Shape {
        Shape(
            [
                "type": "array", "prefixItems": [first.reference, second.reference], "minItems": 2, "maxItems": 2,
            ], parts: [first, second])
    }

    static func object(_ members: [Member]) -> Shape {
        var schema: JSONValue = ["type": "object"]
        let required = members.filter(\.isRequired).map { JSONValue.text($0.name) }
        if !required.isEmpty { schema = schema.with("required", .array(required)) }
        let properties = members.map { JSONValue.Member(name: $0.name, value: $0.shape.reference) }
        return Shape(schema.with("properties", .object(properties)), parts: members.map(\.shape))
    }

    /// An object with all members of another and these.
    static func extended(_ base: Shape, by members: [Member]) -> Shape {
        let more = object(members)
        return Shape(["allOf": [base.reference, more.reference]], parts: [base, more])
    }

    static func either(_ shapes: Shape...) -> Shape {
        Shape(["oneOf": .array(shapes.map(\.reference))], parts: shapes)
    }

    // MARK: Changes

    var orNull: Shape {
        guard name == nil, case .object(let members) = schema, case .text(let type)? = schema["type"] else {
            return Shape(["oneOf": [reference, ["type": "null"]]], parts: [self])
        }
        guard schema["enum"] == nil, schema["const"] == nil else {
            return Shape(["oneOf": [schema, ["type": "null"]]], parts: parts)
        }
        let others = members.filter { $0.name != "type" }
        return Shape(.object([.init(name: "type", value: [.text(type), "null"])] + others), parts: parts)
    }

    /// With one more keyword of JSON Schema.
    func with(_ keyword: String, _ value: JSONValue) -> Shape {
        // Beside a reference, where the shape has a name: the named one stays as it is.
        Shape(reference.with(keyword, value), parts: name == nil ? parts : [self])
    }

    /// With words for readers of the document.
    func described(_ description: String?) -> Shape {
        description.map { with("description", .text($0)) } ?? self
    }

    func named(_ name: String, _ description: String? = nil, examples: [JSONValue] = []) -> Shape {
        var shape = described(description)
        if !examples.isEmpty { shape = shape.with("examples", .array(examples)) }
        shape.name = name
        return shape
    }
}

/// From where to where a number may go; no end where there is none.
protocol Bounds {
    var least: Int? { get }
    var most: Int? { get }
}

struct NoBounds: Bounds {
    var least: Int? { nil }
    var most: Int? { nil }
}

extension ClosedRange: Bounds where Bound == Int {
    var least: Int? { lowerBound }
    var most: Int? { upperBound }
}

extension PartialRangeFrom: Bounds where Bound == Int {
    var least: Int? { lowerBound }
    var most: Int? { nil }
}
