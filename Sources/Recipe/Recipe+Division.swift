extension Recipe {
  /// How an update's images are divided; it changes if fewer ranks replace the requested ones.
  public struct Division: Codable, Equatable, Sendable {
    /// The number of ranks that train together.
    public var worldSize: Int
    /// The images per rank and batch.
    public var batchSize: Int
    /// The batches per rank and update.
    public var accumulation: Int

    /// Makes a division.
    public init(worldSize: Int, batchSize: Int, accumulation: Int) {
      (self.worldSize, self.batchSize, self.accumulation) = (worldSize, batchSize, accumulation)
    }
  }

  /// This recipe's division.
  public var division: Division {
    get { Division(worldSize: worldSize, batchSize: data.batchSize, accumulation: accumulation) }
    set {
      (worldSize, data.batchSize, accumulation) = (
        newValue.worldSize, newValue.batchSize, newValue.accumulation
      )
    }
  }

  /// The division of the same number of images per update among `ranks` ranks, with no larger batches; nil if
  /// they cannot be divided evenly.
  ///
  /// The samplers assign each step its images in the run's order, whichever ranks take them, so the updates
  /// stay the same.
  public func division(among ranks: Int) -> Division? {
    guard ranks > 0, imagesPerUpdate.isMultiple(of: ranks) else { return nil }
    let share = imagesPerUpdate / ranks
    // Mixing pairs images within a batch.
    let unit = mixing.isOn ? 2 : 1
    let least = max(1, (share + data.batchSize - 1) / data.batchSize)
    guard least <= share, share.isMultiple(of: unit) else { return nil }
    let batches = (least...share).first { share.isMultiple(of: $0) && (share / $0).isMultiple(of: unit) }
    return batches.map { Division(worldSize: ranks, batchSize: share / $0, accumulation: $0) }
  }
}
