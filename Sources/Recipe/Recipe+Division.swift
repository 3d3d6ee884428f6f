extension Recipe {
  /// How the images of an update are divided: what changes where fewer ranks stand in for those that were asked for.
  public struct Division: Codable, Equatable, Sendable {
    /// How many ranks train together.
    public var worldSize: Int
    /// Images that each takes at once.
    public var batchSize: Int
    /// Batches of each for one update.
    public var accumulation: Int

    /// Names all of it.
    public init(worldSize: Int, batchSize: Int, accumulation: Int) {
      (self.worldSize, self.batchSize, self.accumulation) = (worldSize, batchSize, accumulation)
    }
  }

  /// How this recipe divides an update.
  public var division: Division {
    get { Division(worldSize: worldSize, batchSize: data.batchSize, accumulation: accumulation) }
    set {
      (worldSize, data.batchSize, accumulation) = (
        newValue.worldSize, newValue.batchSize, newValue.accumulation
      )
    }
  }

  /// The same images an update for another number of ranks, none of which takes more at once; nil where they cannot be
  /// divided evenly.
  ///
  /// The samplers give each step the images of the run's order whichever ranks take them, so the updates are those of the run.
  public func division(among ranks: Int) -> Division? {
    guard ranks > 0, imagesPerUpdate.isMultiple(of: ranks) else { return nil }
    let share = imagesPerUpdate / ranks
    // Mixing takes an image's partner from its batch.
    let unit = mixing.isOn ? 2 : 1
    let least = max(1, (share + data.batchSize - 1) / data.batchSize)
    guard least <= share, share.isMultiple(of: unit) else { return nil }
    let batches = (least...share).first { share.isMultiple(of: $0) && (share / $0).isMultiple(of: unit) }
    return batches.map { Division(worldSize: ranks, batchSize: share / $0, accumulation: $0) }
  }
}
