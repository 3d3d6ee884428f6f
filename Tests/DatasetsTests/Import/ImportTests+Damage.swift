import SystemPackage
import Testing

@testable import Datasets

extension ImportTests {
  /// Images that are each longer than what zlib reads at once, so that the first are there before the end is read.
  private func large(_ number: Int) -> [UInt8] {
    image(number) + [UInt8](repeating: UInt8(number), count: 400_000)
  }

  /// Where a byte of the archive is in the gzipped one.
  private func place(_ offset: Int) -> Int { 10 + 5 * (1 + offset / 65_535) + offset }

  @Test(arguments: [(1000, 0), (1000, 1 << 20), (401_408, 0), (401_408, 1 << 20)])
  func `of a gzipped archive with a changed byte nothing is written, and the good one gives all`(
    offset: Int, padding: Int
  ) throws {
    let samples = (0..<3).flatMap { [("\($0).jpg", large($0)), ("\($0).cls", [0x30 + UInt8($0)])] }
    // What follows the mark of the end is a part of the checksum too.
    let archive = tar(samples) + [UInt8](repeating: 0, count: padding)
    if offset != 1000 { #expect(archive[offset] == 0x30) }
    var damaged = gzipped(archive)
    damaged[place(offset)] ^= 1
    try temporary.write(damaged, to: "w.tar.gz")
    let error = #expect(throws: DataError.self) { try imported("w.tar.gz") }
    #expect(try #require(error).description.contains("incorrect data check"))
    #expect(try files("train").isEmpty)
    try temporary.write(gzipped(archive), to: "w.tar.gz")
    #expect(try imported("w.tar.gz").training.written == 3)
    let names = (0..<3).map { ("0000\($0)/w_\($0).jpg", large($0)) }
    #expect(try files("train") == Dictionary(uniqueKeysWithValues: names))
  }

  @Test func `a small archive that is damaged is called that`() throws {
    let whole = gzipped(tar([("1.jpg", image(1)), ("1.cls", [0x30])]))
    func words(_ bytes: [UInt8], _ name: String = "w.tar.gz") throws -> String {
      try temporary.write(bytes, to: name)
      let error = #expect(throws: DataError.self) { try imported(name) }
      return try #require(error).description
    }
    for place in [3, 12, 600, whole.count - 6] {
      var damaged = whole
      damaged[place] ^= 0x41
      #expect(try words(damaged).contains("cannot be used from byte"), "\(place)")
    }
    #expect(try words(Array(whole.dropLast(20))).contains("cannot be used from byte"))
    #expect(try words([0x1e] + whole.dropFirst()).contains("it is damaged, or another file"))
    #expect(try words(gzipped(Array("text".utf8))).contains("gzip made it, and not of a tar archive"))
    #expect(try words(Array("text".utf8), "w.tar").contains("neither a tar archive"))
    #expect(try files("train").isEmpty)
  }
}
