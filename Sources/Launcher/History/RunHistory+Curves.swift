/// A point of a curve: how many epochs in, and what the figure was there.
struct CurvePoint: Equatable, Sendable {
  let x: Double
  let y: Double
}

extension RunHistory {
  /// From so many epochs on, their means say more than single steps.
  private static let manyEpochs = 20

  /// The training loss: of each epoch, or of logged steps where there are few epochs.
  var lossCurve: [CurvePoint] {
    let means = curve(\.trainLoss)
    guard means.count < Self.manyEpochs, let length = steps.stepsOfEpoch, length > 0 else { return means }
    let points = steps.lines.compactMap { line -> CurvePoint? in
      guard let loss = line.loss, let step = line.stepOfEpoch else { return nil }
      return CurvePoint(x: Double(line.epoch) + Double(step) / Double(length), y: loss)
    }
    return points.isEmpty ? means : points
  }

  /// Acc@1 in percent, after each epoch that was evaluated.
  var accuracyCurve: [CurvePoint] { curve(\.accuracy1) }

  private func curve(_ figure: (EpochLog.Line) -> Double?) -> [CurvePoint] {
    log.lines.compactMap { line in figure(line).map { CurvePoint(x: Double(line.epoch + 1), y: $0) } }
  }
}
