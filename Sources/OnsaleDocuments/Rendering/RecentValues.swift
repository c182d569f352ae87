/// Values that were used lately: the older half of them goes when there are too many.
struct RecentValues<Key: Hashable, Value> {
    private let capacity: Int
    private var values: [Key: (value: Value, use: UInt64)] = [:]
    private var uses: UInt64 = 0

    init(capacity: Int) { self.capacity = capacity }

    subscript(key: Key) -> Value? {
        mutating get {
            uses += 1
            guard let index = values.index(forKey: key) else { return nil }
            values.values[index].use = uses
            return values.values[index].value
        }
        set {
            guard let newValue else { return values[key] = nil }
            if values.count >= capacity {
                let middle = values.values.map(\.use).sorted()[values.count / 2]
                values = values.filter { $0.value.use > middle }
            }
            uses += 1
            values[key] = (newValue, uses)
        }
    }
}
