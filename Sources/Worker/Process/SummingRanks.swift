import Collective
import Engines
import Flags
import Recipe
import Torch

extension CardLibrary {
  /// The library of these cards' maker.
  init(of cards: Device.Kind) { self = cards == .cuda ? .nccl : .hccl }
}

/// A run's ranks for summing gradients, and who sums those on cards.
struct SummingRanks {
  /// The group, with the cards if they sum.
  private(set) var group: any ProcessGroup
  /// The library that sums on the cards; nil if the workers sum in host memory.
  private(set) var library: String?
  /// Who sums, as a sentence; nil without cards.
  private(set) var line: String?

  /// Connects the cards of ranks that have met, unless the workers are to sum or some rank's card cannot.
  ///
  /// Every rank must call it with the same choice. A single rank uses no library unless told to.
  init(_ ranks: any ProcessGroup, on device: Device, by choice: SumBy?) throws {
    group = ranks
    guard ranks.size > 1 || choice == .engine && device.kind != .cpu else { return }
    let kinds = try ranks.words("\(device.kind)")
    guard kinds.contains(where: { $0 != "\(Device.Kind.cpu)" }) else { return }
    if choice == .workers {
      line = "Gradients are summed in the host's memory: --sum-by workers"
    } else if let other = kinds.firstIndex(where: { $0 != kinds[0] }) {
      try settle(for: "rank 0 computes on \(kinds[0]), and rank \(other) on \(kinds[other])", choice)
    } else {
      switch try Self.engine(CardLibrary(of: device.kind), among: ranks, on: device) {
      case .failure(let obstacle): try settle(for: obstacle.words, choice)
      case .success(let engine):
        group = CardsGroup(ranks, summingBy: engine)
        library = engine.name
        line = "Gradients are summed on the cards, by \(engine.name)"
      }
    }
  }

  /// Why some rank's cards cannot sum; the same words on all ranks.
  private struct Obstacle: Error {
    let words: String
  }

  private mutating func settle(for obstacle: String, _ choice: SumBy?) throws(Failure) {
    guard choice == nil else {
      throw Failure(
        "--sum-by engine: \(obstacle). Without the flag, or with --sum-by workers, gradients are summed in the host's memory",
        exitStatus: .noDevice)
    }
    line = "Gradients are summed in the host's memory: \(obstacle)"
  }

  /// Connects the cards, once all ranks are known to have the same release of the library.
  private static func engine(
    _ library: CardLibrary, among ranks: any ProcessGroup, on device: Device
  ) throws(CollectiveError) -> Result<CardSums, Obstacle> {
    let name = Result { () throws(EngineFailure) in try library.name() }
    if let obstacle = try obstacle(name, among: ranks) { return .failure(obstacle) }
    let names = try ranks.words((try? name.get()) ?? "")
    if let other = names.firstIndex(where: { $0 != names[0] }) {
      return .failure(Obstacle(words: "rank 0 has \(names[0]), and rank \(other) \(names[other])"))
    }
    let own = Result { () throws(EngineFailure) in ranks.rank == 0 ? try library.makeKey() : [] }
    if let obstacle = try obstacle(own, among: ranks) { return .failure(obstacle) }
    let key = try ranks.allGather((try? own.get()) ?? [])[0]
    let sums = Result { () throws(EngineFailure) in
      try CardSums(
        by: library, onCardOf: device.kind.rawValue, index: device.index, meetingBy: key, rank: ranks.rank,
        size: ranks.size)
    }
    let obstacle = try obstacle(sums, among: ranks)
    switch sums {
    case .success(let engine) where obstacle == nil: return .success(engine)
    case .success(let engine): engine.abort()
    case .failure: break
    }
    return .failure(obstacle ?? Obstacle(words: "the cards did not come together"))
  }

  /// Returns the value, or throws the message of the first rank that failed.
  private static func obstacle<Value>(
    _ own: Result<Value, EngineFailure>, among ranks: any ProcessGroup
  ) throws(CollectiveError) -> Obstacle? {
    var fault = ""
    if case .failure(let failure) = own { fault = "\(failure)" }
    let faults = try ranks.words(fault)
    return faults.firstIndex { !$0.isEmpty }.map { Obstacle(words: "rank \($0): \(faults[$0])") }
  }
}

extension ProcessGroup {
  /// Every rank's message, by rank.
  fileprivate func words(_ own: String) throws(CollectiveError) -> [String] {
    try allGather(Array(own.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }
}
