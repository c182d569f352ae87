import Testing

@testable import OnsaleCluster

@Suite struct SealTests {
    let seal = Seal(nodeKey: "a key that all nodes share", for: .rows)

    @Test func whatANodeHasSealedForAPlaceIsOpenedThereAndNowhereElse() {
        let sealed = seal.seal([1, 2, 3], at: "here")
        #expect(seal.open(sealed, at: "here") == [1, 2, 3])
        #expect(seal.open(sealed, at: "there") == nil)
        #expect(seal.open(seal.seal([], at: "here"), at: "here") == [])
    }

    @Test func anyChangeAndAnyOtherKeyOrPurposeIsNoticed() {
        let sealed = seal.seal([1, 2, 3], at: "here")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(seal.open(changed, at: "here") == nil, "byte \(index)")
        }
        for count in 0..<sealed.count { #expect(seal.open(Array(sealed.prefix(count)), at: "here") == nil) }
        #expect(Seal(nodeKey: "another key", for: .rows).open(sealed, at: "here") == nil)
        #expect(Seal(nodeKey: "a key that all nodes share", for: .presence).open(sealed, at: "here") == nil)
    }
}
