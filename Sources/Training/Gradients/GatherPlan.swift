/// In which order updated weights are sent to all ranks, and which of them a parameter has to wait for.
///
/// The next forward pass uses the weights layer by layer, so the pieces go in that order, the same on every
/// rank.
struct GatherPlan: Equatable, Sendable {
  /// The blocks that learn, cut at block edges, in the order in which they are sent.
  let pieces: [Range<Int>]

  /// The most bytes of a piece: the forward pass waits for a whole one before it begins.
  static let pieceBytes = 4 << 20

  /// Orders the pieces of a layout by the first layer that uses them.
  ///
  /// - Parameter layers: Each parameter's layer, counted from the images.
  init(_ layout: FlatLayout, layers: [Int], blockLength: Int, pieceBytes: Int = Self.pieceBytes) {
    let length = max(1, pieceBytes / (blockLength * MemoryLayout<Float>.stride)) * blockLength
    let cut = layout.learning.flatMap { range in
      stride(from: range.lowerBound, to: range.upperBound, by: length).map {
        $0..<min($0 + length, range.upperBound)
      }
    }
    let inOrder = cut.map { piece in
      let users = layout.places.indices.filter { layout.places[$0].range.overlaps(piece) }
      return (piece: piece, layer: users.map { layers[$0] }.min() ?? .max)
    }
    // The last elements belong to the first parameters.
    pieces = inOrder.sorted { ($0.layer, -$0.piece.lowerBound) < ($1.layer, -$1.piece.lowerBound) }.map(
      \.piece)
  }

  /// How many pieces must have arrived before the elements in `range` may be read.
  func needed(for range: Range<Int>) -> Int { (pieces.lastIndex { $0.overlaps(range) } ?? -1) + 1 }
}
