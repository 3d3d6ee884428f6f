import System

extension Recipe {
  /// The images that all ranks together take for one update of the weights; where a file asks for more than can be
  /// counted, the highest number.
  public var imagesPerUpdate: Int {
    [worldSize, accumulation].reduce(data.batchSize) { product, factor in
      let (next, overflows) = product.multipliedReportingOverflow(by: factor)
      return overflows ? .max : next
    }
  }

  /// The learning rate that the curve starts from: the given one, scaled to the images an update unless that is off.
  public var resolvedBase: Double {
    schedule.scalesRate ? schedule.rate * Double(imagesPerUpdate) / 512 : schedule.rate
  }

  /// A line about the given and the resulting learning rate, for the start of a run.
  public var rateLine: String {
    let given = "Learning rate: \(schedule.rate)"
    guard schedule.scalesRate else {
      return
        "\(given) as given, not scaled to \(counted(imagesPerUpdate, "image")) an update; \(schedule.path)"
    }
    return
      "\(given) for 512 images, \(resolvedBase) for \(counted(imagesPerUpdate, "image")) an update; \(schedule.path)"
  }
}

extension Recipe {
  /// Fewer updates an epoch than this are few.
  private static let fewUpdates = 20

  /// What may keep a run from learning, a sentence each with what to do about it; pure.
  ///
  /// - Parameter updates: Updates that a whole epoch makes, before `schedule.stepLimit`.
  public func doubts(updates: Int) -> [String] {
    [warmupDoubt, rateDoubt, balanceDoubt, updateDoubt(updates)].compactMap(\.self)
  }

  /// The reference's schedule lags an epoch behind, so the last one runs at what follows the one before the last.
  private var warmupDoubt: String? {
    let lag = schedule.movesWithUpdates || schedule.kind == .plateau ? 0 : 1
    guard schedule.warmupEpochs > 0, schedule.warmupEpochs + lag >= schedule.epochs else { return nil }
    return
      "the warm-up never ends: with --warmup-epochs \(schedule.warmupEpochs) of --epochs \(schedule.epochs), "
      + "no epoch runs at the full learning rate. Use --warmup-epochs \(schedule.epochs / 10), or more --epochs"
  }

  private var rateDoubt: String? {
    let peak = resolvedBase
    let floors =
      (schedule.hasFloor ? [("--min-lr", schedule.minimum)] : [])
      + (schedule.warmupEpochs > 0 ? [("--warmup-lr", schedule.warmup)] : [])
    let above = floors.filter { peak < $0.1 }
    guard !above.isEmpty else { return nil }
    let names = above.map { "\($0.0) \($0.1)" }.joined(separator: " and ")
    let isScaledBelow = schedule.scalesRate && above.allSatisfy { schedule.rate >= $0.1 }
    return
      "the peak learning rate, \(peak) for \(counted(imagesPerUpdate, "image")) an update, is below \(names). "
      + (isScaledBelow
        ? "Take --lr \(schedule.rate) as it is with --no-lr-scaling, or give a higher one"
        : "Give a higher --lr, or lower \(above.map(\.0).joined(separator: " and "))")
  }

  private var balanceDoubt: String? {
    guard data.sampling == .balanced, loss.classWeights == Loss.balanced else { return nil }
    return
      "rare classes are made up for twice: --sampler balanced shows them as often as others, and --class-weights balanced has "
      + "each showing count for more. Leave one of the two out"
  }

  private func updateDoubt(_ updates: Int) -> String? {
    guard updates < Self.fewUpdates else { return nil }
    let advice =
      data.batchSize > NamedRecipe.small.recipe.data.batchSize
      ? "A smaller --batch-size makes more of them; --recipe small is for few images"
      : "Give more --epochs, a smaller --batch-size, or fewer workers"
    return
      "only \(counted(updates, "update")) an epoch, of \(counted(imagesPerUpdate, "image")) each: "
      + "little is learnt in one. \(advice)"
  }

  /// Updates that an epoch makes of those that a whole one would.
  public func updates(of whole: Int) -> Int { min(whole, schedule.stepLimit ?? whole) }

  /// Updates that the run makes where a whole epoch would make so many.
  public func allUpdates(of whole: Int) -> Int { updates(of: whole) * schedule.epochs }

  /// How an epoch is divided, for the start of a run.
  ///
  /// - Parameter steps: Steps that an epoch makes, each of which is one update.
  public func stepLine(steps: Int) -> String {
    "Steps: \(steps) an epoch, each one update from \(counted(imagesPerUpdate, "image")) "
      + "(batch \(data.batchSize) × \(counted(worldSize, "worker"))"
      + (accumulation == 1 ? ")" : " × \(accumulation) batches)")
  }

  /// In what a run computes and how it updates, for its start.
  public var arithmeticLine: String {
    let products = precision.level == .O0 ? "float32" : "float32, products in \(precision.dtype.rawValue)"
    let way = [.norm: "", .value: " in value", .agc: " of the weights (AGC)"][optimizer.clipMode] ?? ""
    let clip = optimizer.clip.map { "gradients clipped at \($0)\(way)" } ?? "gradients not clipped"
    return
      "Precision: \(products); optimizer: \(optimizer.kind.rawValue), weight decay \(optimizer.weightDecay), \(clip)"
  }
}
