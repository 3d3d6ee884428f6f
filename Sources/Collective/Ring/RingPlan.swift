/// Which bytes a rank sends and receives, in which order, to do its part of one operation.
///
/// A buffer is divided into chunks, a chunk into pieces that each lie together in memory, and a few pieces travel
/// as one segment. At each step a rank sends one chunk to the next rank and receives one from the previous; the
/// chunk received at a step is the one sent at the following step, so a segment goes on as soon as it has arrived.
struct RingPlan: Equatable, Sendable {
  /// One segment on its way between two neighbours; both name it the same.
  struct Transfer: Equatable, Sendable {
    let step: Int
    let chunk: Int
    let segment: Int
  }

  /// What is sent to the next rank, in order.
  private(set) var sends: [Transfer] = []
  /// What arrives from the previous rank, in order.
  private(set) var receives: [Transfer] = []
  /// For each send, how many receives must have been taken in first; the last of them brings its content.
  private(set) var receivesBeforeSend: [Int] = []
  /// Receives of lower steps are added to the buffer; those of this step and later replace what is there.
  private(set) var summingSteps = 0

  private let chunks: [[Range<Int>]]
  private let piecesPerSegment: Int

  init(chunks: [[Range<Int>]], piecesPerSegment: Int) {
    self.chunks = chunks
    self.piecesPerSegment = piecesPerSegment
  }

  /// The places of a transfer's bytes in the buffer, in the order in which they travel.
  func pieces(of transfer: Transfer) -> ArraySlice<Range<Int>> {
    let pieces = chunks[transfer.chunk]
    let first = transfer.segment * piecesPerSegment
    return pieces[first..<min(first + piecesPerSegment, pieces.count)]
  }

  /// Whether what arrives in `transfer` is added rather than kept.
  func isSum(_ transfer: Transfer) -> Bool { transfer.step < summingSteps }

  /// Whether what arrives in `transfer` is a sum that lacks only this rank's part.
  func isLastSum(_ transfer: Transfer) -> Bool { transfer.step == summingSteps - 1 }

  /// An empty chunk travels as one empty segment, so that every step shows where its sender stands.
  private func segments(of chunk: Int) -> Range<Int> {
    0..<max(1, (chunks[chunk].count + piecesPerSegment - 1) / piecesPerSegment)
  }
}

extension RingPlan {
  /// Adds steps at which every rank sends: first chunk `first`, then at each step the chunk that came before.
  mutating func rotate(from first: Int, of size: Int, steps: Int, summing: Int) {
    summingSteps = summing
    var receivesBefore = 0
    for step in 0..<steps {
      let outgoing = (first - step).modulo(size)
      let receivesSoFar = receives.count
      for segment in segments(of: outgoing) {
        sends.append(Transfer(step: step, chunk: outgoing, segment: segment))
        receivesBeforeSend.append(step == 0 ? 0 : receivesBefore + segment + 1)
      }
      let incoming = (outgoing - 1).modulo(size)
      for segment in segments(of: incoming) {
        receives.append(Transfer(step: step, chunk: incoming, segment: segment))
      }
      receivesBefore = receivesSoFar
    }
  }

  /// Adds one step at which chunk 0 goes from rank to rank, `isFirst` giving it and `isLast` keeping it.
  mutating func relay(isFirst: Bool, isLast: Bool) {
    for segment in segments(of: 0) {
      let transfer = Transfer(step: 0, chunk: 0, segment: segment)
      if !isFirst { receives.append(transfer) }
      if !isLast {
        sends.append(transfer)
        receivesBeforeSend.append(isFirst ? 0 : segment + 1)
      }
    }
  }
}
