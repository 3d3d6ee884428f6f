/// Many file names in one block of memory: ImageNet's 1.28 million take about 40 MB instead of 130.
struct PathList: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  var count: Int { ends.count }

  subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  mutating func append(_ path: [UInt8]) {
    bytes.append(contentsOf: path)
    ends.append(bytes.count)
  }
}
