import System

/// Many file names in one block of memory: ImageNet's 1.28 million take about 40 MB instead of 130.
struct PathList: Sendable {
  private let bytes: Column<UInt8>
  private let ends: Column<Int>

  /// Makes an empty list.
  init() { (bytes, ends) = (Column([]), Column([])) }

  /// Makes a list from its sections; nil unless the ends are in order.
  init?(bytes: Column<UInt8>, ends: Column<Int>) {
    var last = 0
    for end in ends {
      guard end >= last else { return nil }
      last = end
    }
    guard last == bytes.count else { return nil }
    (self.bytes, self.ends) = (bytes, ends)
  }

  fileprivate init(_ bytes: Column<UInt8>, _ ends: Column<Int>) { (self.bytes, self.ends) = (bytes, ends) }

  var count: Int { ends.count }

  subscript(index: Int) -> [UInt8] { withBytes(of: index) { Array($0) } }

  /// Calls `body` with a name's bytes, without a copy.
  func withBytes<Result>(of index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let range = (index == 0 ? 0 : ends[index - 1])..<ends[index]
    return bytes.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  func update(_ checksum: inout CRC32C) {
    for section in sections { section.withBytes { checksum.update(with: $0) } }
  }

  /// The list's sections, for writing.
  var sections: [any IndexSection] { [bytes, ends] }
}

/// Builds a list of names.
struct PathListBuilder {
  private let bytes = ColumnBuilder<UInt8>()
  private let ends = ColumnBuilder<Int>()

  var count: Int { ends.count }

  func append(_ path: some Collection<UInt8>) {
    bytes.append(contentsOf: path)
    ends.append(bytes.count)
  }

  /// Returns the names so far and empties the builder.
  func finish() -> PathList { PathList(bytes.finish(), ends.finish()) }
}
