/// Changes bytes by chance; the same seed gives the same changes.
struct Mutator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64 (Steele et al. 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  /// One to eight changes of one of the corpus.
  mutating func changed(_ corpus: [[UInt8]]) -> [UInt8] {
    var bytes = corpus.randomElement(using: &self) ?? []
    for _ in 0..<Int.random(in: 1...8, using: &self) { change(&bytes, corpus) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8], _ corpus: [[UInt8]]) {
    let place = Int.random(in: 0...bytes.count, using: &self)
    let end = min(bytes.count, place + Int.random(in: 1...16, using: &self))
    switch Int.random(in: 0..<8, using: &self) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
    case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &self)
    case 2: bytes.replaceSubrange(place..<end, with: edge(Int.random(in: 0...3, using: &self)))
    case 3: bytes.removeSubrange(place..<end)
    case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 5: bytes.removeLast(bytes.count - place)
    case 6: replaceNumber(in: &bytes, from: place)
    default: splice(&bytes, at: place, corpus)
    }
  }

  /// A number at an edge, in 1, 2, 4 or 8 bytes.
  private mutating func edge(_ width: Int) -> [UInt8] {
    let numbers: [UInt64] = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, UInt64(Int.max), .max]
    let number = numbers.randomElement(using: &self) ?? 0
    return withUnsafeBytes(of: number.littleEndian) { Array($0.prefix(1 << width)) }
  }

  /// The next decimal number of a text becomes one at an edge.
  private mutating func replaceNumber(in bytes: inout [UInt8], from place: Int) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
    let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
    let numbers = ["0", "-1", "9223372036854775807", "9223372036854775808", "1e308", "1e-320", "4294967296"]
    bytes.replaceSubrange(start..<end, with: (numbers.randomElement(using: &self) ?? "").utf8)
  }

  private mutating func splice(_ bytes: inout [UInt8], at place: Int, _ corpus: [[UInt8]]) {
    guard let other = corpus.randomElement(using: &self), !other.isEmpty else { return }
    let start = Int.random(in: 0..<other.count, using: &self)
    let part = other[start..<min(other.count, start + Int.random(in: 1...64, using: &self))]
    bytes.replaceSubrange(place..<min(bytes.count, place + part.count), with: part)
  }
}
