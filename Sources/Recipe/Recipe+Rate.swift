extension Recipe {
  /// The pictures that all ranks together take for one update of the weights; where a file asks for more than can be
  /// counted, the highest number.
  public var picturesPerUpdate: Int {
    [worldSize, accumulation].reduce(data.batchSize) { product, factor in
      let (next, overflows) = product.multipliedReportingOverflow(by: factor)
      return overflows ? .max : next
    }
  }

  /// The learning rate that the cosine starts from: the given one, scaled to the pictures an update unless that is off.
  public var resolvedBase: Double {
    schedule.scalesRate ? schedule.rate * Double(picturesPerUpdate) / 512 : schedule.rate
  }

  /// A line about the given and the resulting learning rate, for the start of a run.
  public var rateLine: String {
    let given = "Learning rate: \(schedule.rate)"
    let path = "from \(schedule.warmup) over \(schedule.warmupEpochs) epochs, down to \(schedule.minimum)"
    guard schedule.scalesRate else {
      return "\(given) as given, not scaled to \(picturesPerUpdate) pictures an update; \(path)"
    }
    return "\(given) for 512 pictures, \(resolvedBase) for \(picturesPerUpdate) pictures an update; \(path)"
  }
}
