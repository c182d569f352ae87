import CQREncode
import Seeded
import Testing

@testable import OnsaleQR

/// What another library makes of a text.
private struct TheirCode {
    let width: Int
    let isDark: [Bool]

    init?(_ code: UnsafeMutablePointer<QRcode>?) {
        guard let code else { return nil }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        isDark = UnsafeBufferPointer(start: code.pointee.data, count: width * width).map { $0 & 1 == 1 }
    }

    subscript(column: Int, row: Int) -> Bool { isDark[row * width + column] }

    /// The mask that its format names.
    var mask: Int? {
        var bits = 0
        for (bit, places) in QRFormat.places(width: width).enumerated() {
            if self[places[0].column, places[0].row] { bits |= 1 << bit }
        }
        return (0..<8).first { QRFormat.bits(mask: $0) == bits }
    }
}

@Suite struct QRSymbolTests {
    /// Whether a text's code is, module for module, what another library makes of it.
    private func agrees(_ text: [UInt8], _ theirs: TheirCode?) throws -> Bool {
        let theirs = try #require(theirs)
        let codewords = try #require(QRCodewords(text))
        guard codewords.version.width == theirs.width else { return false }
        let ours = QRMask.masked(QRGrid(codewords), try #require(theirs.mask), codewords.version)
        return (0..<theirs.width).allSatisfy { row in
            (0..<theirs.width).allSatisfy { column in
                ours.rows[row][column] == theirs[column, row] && ours.columns[column][row] == theirs[column, row]
            }
        }
    }

    @Test("A code of every size, full and with room, is the one that another library makes")
    func sizes() throws {
        var random = SeededRandom(seed: 18_004)
        var versions: Set<Int> = []
        for number in QRVersion.numbers {
            for spare in [0, 1, 7] {
                let count = QRVersion.dataLength(number) - (number < 10 ? 2 : 3) - spare
                // From 128 up no other form would do.
                let text = (0..<count).map { _ in UInt8.random(in: 128...255, using: &random) }
                #expect(
                    try agrees(text, TheirCode(QRcode_encodeData(Int32(count), text, 0, QR_ECLEVEL_M))), "\(number)")
                versions.insert(try #require(QRCodewords(text)).version.number)
            }
        }
        #expect(versions.count == 40)
    }

    @Test("Digits and capitals take their denser forms")
    func forms() throws {
        var random = SeededRandom(seed: 7)
        for alphabet in [Array("0123456789".utf8), Array("ABCXYZ0189 $%*+-./:".utf8)] {
            for count in [1, 2, 3, 5, 20, 100, 500, 1500] {
                let text =
                    [alphabet[10 % alphabet.count]]
                    + (1..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
                let string = String(decoding: text, as: UTF8.self)
                // The other library splits a text into forms; asked for one form, it keeps to it.
                let isDigits = text.allSatisfy { $0 < UInt8(ascii: ":") && $0 >= UInt8(ascii: "0") }
                let input = QRinput_new2(0, QR_ECLEVEL_M)
                defer { QRinput_free(input) }
                QRinput_append(input, isDigits ? QR_MODE_NUM : QR_MODE_AN, Int32(count), text)
                #expect(try agrees(text, TheirCode(QRcode_encodeInput(input))), "\(string)")
            }
        }
    }

    @Test("The penalty counted by rows of bits is that of the standard's words, and the mask with the least is taken")
    func penalties() throws {
        var random = SeededRandom(seed: 3)
        for _ in 0..<40 {
            let text = (0..<Int.random(in: 1...300, using: &random)).map { _ in
                UInt8.random(in: 33...126, using: &random)
            }
            let codewords = try #require(QRCodewords(text))
            let masked = (0..<8).map { QRMask.masked(QRGrid(codewords), $0, codewords.version) }
            for grid in masked { #expect(grid.penalty == naive(grid)) }
            let least = try #require(masked.map(naive).min())
            #expect(naive(QRMask.best(QRGrid(codewords), codewords.version)) == least)
        }
    }

    private func naive(_ grid: QRGrid) -> Int {
        let width = grid.width
        func isDark(_ column: Int, _ row: Int) -> Bool {
            0..<width ~= column && 0..<width ~= row && grid.rows[row][column]
        }
        var penalty = 0
        let finder = [true, false, true, true, true, false, true]
        for line in 0..<width {
            for place in [{ (line, $0) }, { ($0, line) }] as [(Int) -> (Int, Int)] {
                func dark(_ index: Int) -> Bool { isDark(place(index).0, place(index).1) }
                var run = 1
                for index in 1...width {
                    if index < width, dark(index) == dark(index - 1) {
                        run += 1
                    } else {
                        if run >= 5 { penalty += run - 2 }
                        run = 1
                    }
                }
                for start in 0...(width - 7) where (0..<7).allSatisfy({ dark(start + $0) == finder[$0] }) {
                    if (1...4).allSatisfy({ !dark(start - $0) }) { penalty += 40 }
                    if (7...10).allSatisfy({ !dark(start + $0) }) { penalty += 40 }
                }
            }
        }
        var count = 0
        for row in 0..<width {
            for column in 0..<width {
                if isDark(column, row) { count += 1 }
                guard row > 0, column > 0 else { continue }
                let square = [isDark(column, row), isDark(column - 1, row), isDark(column, row - 1)]
                if square.allSatisfy({ $0 == isDark(column - 1, row - 1) }) { penalty += 3 }
            }
        }
        return penalty + 10 * (abs(20 * count - 10 * width * width) / (width * width))
    }
}
