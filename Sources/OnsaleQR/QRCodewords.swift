/// A text as the codewords of a code (ISO/IEC 18004, sections 7.4 to 7.6).
struct QRCodewords {
    let version: QRVersion
    let bytes: [UInt8]

    /// The text's form: all of it in one.
    private enum Mode {
        case digits
        case capitals
        case bytes

        init(_ text: [UInt8]) {
            if text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
                self = .digits
            } else if text.allSatisfy({ Mode.alphabet.firstIndex(of: $0) != nil }) {
                self = .capitals
            } else {
                self = .bytes
            }
        }

        /// What the denser form of letters has, by their values.
        static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)

        var indicator: Int {
            switch self {
            case .digits: 1
            case .capitals: 2
            case .bytes: 4
            }
        }

        /// How many bits the count of characters has (table 3).
        func countBits(_ version: Int) -> Int {
            let step = version < 10 ? 0 : version < 27 ? 1 : 2
            return switch self {
            case .digits: 10 + 2 * step
            case .capitals: 9 + 2 * step
            case .bytes: step == 0 ? 8 : 16
            }
        }

        func dataBits(_ count: Int) -> Int {
            switch self {
            case .digits: count / 3 * 10 + [0, 4, 7][count % 3]
            case .capitals: count / 2 * 11 + count % 2 * 6
            case .bytes: count * 8
            }
        }
    }

    /// In the smallest version that has room.
    /// - Returns: nil if none has.
    init?(_ text: [UInt8]) {
        let mode = Mode(text)
        let number = QRVersion.numbers.first { number in
            4 + mode.countBits(number) + mode.dataBits(text.count) <= 8 * QRVersion.dataLength(number)
        }
        guard let number else { return nil }
        version = QRVersion.version(number)
        var writer = BitWriter()
        writer.append(mode.indicator, bits: 4)
        writer.append(text.count, bits: mode.countBits(number))
        switch mode {
        case .digits:
            for start in stride(from: 0, to: text.count, by: 3) {
                let part = text[start..<min(start + 3, text.count)]
                writer.append(part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }, bits: 1 + 3 * part.count)
            }
        case .capitals:
            let values = text.map { Mode.alphabet.firstIndex(of: $0) ?? 0 }
            for start in stride(from: 0, to: values.count, by: 2) {
                let part = values[start..<min(start + 2, values.count)]
                writer.append(part.reduce(0) { $0 * 45 + $1 }, bits: part.count == 2 ? 11 : 6)
            }
        case .bytes: for byte in text { writer.append(Int(byte), bits: 8) }
        }
        bytes = QRCodewords.corrected(writer.bytes(filling: version.dataLength), version)
    }

    private struct BitWriter {
        private var bytes: [UInt8] = []
        private var bitCount = 0

        mutating func append(_ value: Int, bits: Int) {
            for bit in stride(from: bits - 1, through: 0, by: -1) {
                if bitCount % 8 == 0 { bytes.append(0) }
                if value >> bit & 1 == 1 { bytes[bitCount / 8] |= 0x80 >> UInt8(bitCount % 8) }
                bitCount += 1
            }
        }

        /// Ended, and filled up with what the standard wants.
        func bytes(filling length: Int) -> [UInt8] {
            var ended = self
            ended.append(0, bits: min(4, 8 * length - bitCount))
            var turn = 0
            while ended.bytes.count < length {
                ended.bytes.append(turn % 2 == 0 ? 0xec : 0x11)
                turn += 1
            }
            return ended.bytes
        }
    }

    /// With error correction, its blocks interleaved.
    private static func corrected(_ data: [UInt8], _ version: QRVersion) -> [UInt8] {
        let (blockCount, correction) = (version.blockCount, version.correctionLength)
        let shortCount = blockCount - version.codewordCount % blockCount
        let shortLength = version.codewordCount / blockCount - correction
        let generator = ReedSolomon.generator(correction)
        var blocks: [(data: ArraySlice<UInt8>, correction: [UInt8])] = []
        var start = 0
        for index in 0..<blockCount {
            let part = data[start..<start + shortLength + (index < shortCount ? 0 : 1)]
            blocks.append((part, ReedSolomon.remainder(of: part, by: generator)))
            start = part.endIndex
        }
        var all: [UInt8] = []
        all.reserveCapacity(version.codewordCount)
        for index in 0...shortLength {
            for (data, _) in blocks where index < data.count { all.append(data[data.startIndex + index]) }
        }
        for index in 0..<correction {
            for (_, correction) in blocks { all.append(correction[index]) }
        }
        return all
    }
}

/// Error correction over the field of 256 elements, by the polynomial 0x11d (section 7.5.2).
enum ReedSolomon {
    private static let (powers, logarithms): ([UInt8], [Int]) = {
        var powers = [UInt8](repeating: 0, count: 510)
        var logarithms = [Int](repeating: 0, count: 256)
        var value = 1
        for index in 0..<255 {
            powers[index] = UInt8(value)
            powers[index + 255] = UInt8(value)
            logarithms[value] = index
            value <<= 1
            if value > 255 { value ^= 0x11d }
        }
        return (powers, logarithms)
    }()

    private static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
        left == 0 || right == 0 ? 0 : powers[logarithms[Int(left)] + logarithms[Int(right)]]
    }

    /// The polynomial whose roots are the first powers, without its leading one.
    static func generator(_ degree: Int) -> [UInt8] {
        var generator = [UInt8](repeating: 0, count: degree)
        generator[degree - 1] = 1
        for power in 0..<degree {
            for index in 0..<degree {
                generator[index] = product(generator[index], powers[power])
                if index + 1 < degree { generator[index] ^= generator[index + 1] }
            }
        }
        return generator
    }

    static func remainder(of data: ArraySlice<UInt8>, by generator: [UInt8]) -> [UInt8] {
        let (powers, logarithms) = (powers, logarithms)
        let factors = generator.map { logarithms[Int($0)] }
        var rest = [UInt8](repeating: 0, count: generator.count)
        for byte in data {
            let factor = byte ^ rest[0]
            for index in 1..<rest.count { rest[index - 1] = rest[index] }
            rest[rest.count - 1] = 0
            guard factor != 0 else { continue }
            let logarithm = logarithms[Int(factor)]
            // No coefficient of these generators is zero.
            for index in rest.indices { rest[index] ^= powers[factors[index] + logarithm] }
        }
        return rest
    }
}
