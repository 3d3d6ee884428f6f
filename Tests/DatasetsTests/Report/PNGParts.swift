/// A PNG as its chunks, of which a test changes some; checksums are right but where it says otherwise.
struct PNGParts {
  private struct Chunk {
    let kind: [UInt8]
    var content: [UInt8]
    /// Bits of the checksum that are turned over.
    var fault: UInt32 = 0
  }

  private let signature: [UInt8]
  private var chunks: [Chunk] = []

  init(_ file: [UInt8]) {
    signature = Array(file[..<8])
    var at = 8
    while at + 12 <= file.count {
      let count = file[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
      let content = at + 8
      chunks.append(
        Chunk(kind: Array(file[(at + 4)..<content]), content: Array(file[content..<(content + count)])))
      at = content + count + 4
    }
  }

  /// What the image data hold, a Deflate stream.
  var stream: [UInt8] { chunks.filter { $0.kind == Array("IDAT".utf8) }.flatMap(\.content) }

  /// Puts other image data in their place, in one chunk.
  mutating func replaceStream(_ stream: some Sequence<UInt8>) {
    let kind = Array("IDAT".utf8)
    let place = chunks.firstIndex { $0.kind == kind } ?? chunks.endIndex
    chunks.removeAll { $0.kind == kind }
    chunks.insert(Chunk(kind: kind, content: Array(stream)), at: place)
  }

  /// Gives the chunks of a kind another checksum.
  mutating func change(of kind: String, sum fault: UInt32) {
    for index in chunks.indices where chunks[index].kind == Array(kind.utf8) { chunks[index].fault = fault }
  }

  /// Adds a chunk after the header.
  mutating func insert(_ kind: String, _ content: [UInt8], sum fault: UInt32) {
    chunks.insert(Chunk(kind: Array(kind.utf8), content: content, fault: fault), at: 1)
  }

  var bytes: [UInt8] {
    chunks.reduce(into: signature) { file, chunk in
      let checked = chunk.kind + chunk.content
      file += Self.bytes(UInt32(chunk.content.count)) + checked + Self.bytes(Self.crc(checked) ^ chunk.fault)
    }
  }

  private static func bytes(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }

  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
  }
}
