package import Drawing

extension RunHistory {
  /// The number of epochs from which on curves show epochs instead of single steps.
  private static let manyEpochs = 20

  /// The training loss per epoch, or per logged step if there are few epochs.
  package var lossCurve: [CurvePoint] {
    let means = curve(\.trainLoss)
    guard means.count < Self.manyEpochs, let length = steps.stepsOfEpoch, length > 0 else { return means }
    let points = steps.lines.compactMap { line -> CurvePoint? in
      guard let loss = line.loss, let step = line.stepOfEpoch else { return nil }
      return CurvePoint(x: Double(line.epoch) + Double(step) / Double(length), y: loss)
    }
    return points.isEmpty ? means : points
  }

  /// Top-1 accuracy in percent after each evaluated epoch.
  package var accuracyCurve: [CurvePoint] { curve(\.accuracy1) }

  /// Images per second of logged steps.
  package var speedCurve: [CurvePoint] {
    guard let length = steps.stepsOfEpoch, length > 0 else { return [] }
    return steps.lines.compactMap { line in
      guard let speed = line.imagesPerSecond, let step = line.stepOfEpoch else { return nil }
      return CurvePoint(x: Double(line.epoch) + Double(step) / Double(length), y: speed)
    }
  }

  /// The mean time of a logged step on the first rank, in seconds, and its non-overlapping parts; nil if
  /// unknown.
  package var stepTimes: (step: Double, parts: [(name: String, seconds: Double)])? {
    func mean(_ figure: (StepLine) -> Double?) -> Double? {
      let values = steps.lines.compactMap(figure)
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    guard let step = mean(\.stepSeconds), step > 0 else { return nil }
    let parts = [
      ("waiting for images", mean(\.dataSeconds)), ("waiting for other ranks", mean(\.exposedSeconds)),
    ]
    .compactMap { name, seconds in seconds.map { (name: name, seconds: $0) } }
    let rest = max(0, step - parts.reduce(0) { $0 + $1.seconds })
    return (step, parts + [("computing, and all else", rest)])
  }

  /// A figure of each epoch that has it.
  package func curve(_ figure: (EpochLog.Line) -> Double?) -> [CurvePoint] {
    log.lines.compactMap { line in figure(line).map { CurvePoint(x: Double(line.epoch + 1), y: $0) } }
  }
}
