extension PixelBatch {
  /// Some samples of a batch that follow each other; valid until the batch is recycled.
  public struct Part {
    /// The samples' bytes, NHWC.
    public let pixels: UnsafeRawBufferPointer
    /// The data set's index of each sample.
    public let indices: [Int]
    /// The class number of each sample.
    public let labels: [Int]

    /// The number of samples.
    public var count: Int { indices.count }
  }

  /// The batch in `number` parts of equal size, in order.
  public func parts(_ number: Int) -> [Part] {
    precondition(number > 0 && count.isMultiple(of: number), "\(count) samples in \(number) equal parts")
    let length = count / number
    let bytes = size * size * 3
    return (0..<number).map { part in
      let range = (part * length)..<((part + 1) * length)
      return Part(
        pixels: UnsafeRawBufferPointer(
          rebasing: pixels[(range.lowerBound * bytes)..<(range.upperBound * bytes)]),
        indices: Array(indices[range]), labels: Array(labels[range]))
    }
  }
}
