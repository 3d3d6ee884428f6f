import System

extension Recipe {
  /// The images of all ranks per update of the weights; `Int.max` on overflow.
  public var imagesPerUpdate: Int {
    [worldSize, accumulation].reduce(data.batchSize) { product, factor in
      let (next, overflows) = product.multipliedReportingOverflow(by: factor)
      return overflows ? .max : next
    }
  }

  /// The learning rate at the start of the curve: the given one, scaled to the images per update unless that
  /// is off.
  public var resolvedBase: Double {
    schedule.scalesRate ? schedule.rate * Double(imagesPerUpdate) / 512 : schedule.rate
  }

  /// The given and the resulting learning rate in words, for the start of a run.
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
  /// The number of updates per epoch below which there are few.
  private static let fewUpdates = 20

  /// What may keep a run from learning, one sentence each with advice; a pure function.
  ///
  /// - Parameter updates: The updates of a whole epoch, before `schedule.stepLimit`.
  public func doubts(updates: Int) -> [String] {
    [warmupDoubt, rateDoubt, balanceDoubt, updateDoubt(updates)].compactMap(\.self)
  }

  /// The reference's schedule lags one epoch behind, so the last epoch runs at the rate computed after the
  /// one before the last.
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

  /// The updates of an epoch of which a whole one has `whole`.
  public func updates(of whole: Int) -> Int { min(whole, schedule.stepLimit ?? whole) }

  /// The updates of the run if a whole epoch has `whole`.
  public func allUpdates(of whole: Int) -> Int { updates(of: whole) * schedule.epochs }

  /// An epoch's steps in words, for the start of a run.
  ///
  /// - Parameter steps: The steps of an epoch, each of which is one update.
  public func stepLine(steps: Int) -> String {
    "Steps: \(steps) an epoch, each one update from \(counted(imagesPerUpdate, "image")) "
      + "(batch \(data.batchSize) × \(counted(worldSize, "worker"))"
      + (accumulation == 1 ? ")" : " × \(accumulation) batches)")
  }

  /// Precision and optimizer in words, for the start of a run.
  public var arithmeticLine: String {
    let products = precision.level == .O0 ? "float32" : "float32, products in \(precision.dtype.rawValue)"
    let way = [.norm: "", .value: " in value", .agc: " of the weights (AGC)"][optimizer.clipMode] ?? ""
    let clip = optimizer.clip.map { "gradients clipped at \($0)\(way)" } ?? "gradients not clipped"
    return
      "Precision: \(products); optimizer: \(optimizer.kind.rawValue), weight decay \(optimizer.weightDecay), \(clip)"
  }
}
