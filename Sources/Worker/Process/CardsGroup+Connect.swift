import Collective
import Engines
import Flags
import Recipe
import Torch

extension CardLibrary {
  /// That of the maker of these cards.
  init(of cards: Device.Kind) { self = cards == .cuda ? .nccl : .hccl }
}

extension CardsGroup {
  /// Ranks that have met, and whose cards have too, unless the workers are to sum or some rank has no library for that. One
  /// rank asks no library unless it is told to.
  ///
  /// - Returns: The group, and who sums, as a sentence; nil where that is no question.
  static func connect(
    _ ranks: any ProcessGroup, on device: Device, summingBy choice: SumBy?
  ) throws -> (group: any ProcessGroup, line: String?) {
    guard device.kind != .cpu, ranks.size > 1 || choice == .engine else { return (ranks, nil) }
    if choice == .workers { return (ranks, "Gradients are summed in the host's memory: --sum-by workers") }
    let library = CardLibrary(of: device.kind)
    if let obstacle = try obstacle(to: library, among: ranks) {
      guard choice == nil else {
        throw Failure(
          "--sum-by engine: \(obstacle). Without the flag, or with --sum-by workers, gradients are summed in the host's memory",
          exitStatus: .noDevice)
      }
      return (ranks, "Gradients are summed in the host's memory: \(obstacle)")
    }
    let engine = try joined(library, among: ranks, on: device)
    return (CardsGroup(ranks, summingBy: engine), "Gradients are summed on the cards, by \(engine.name)")
  }

  /// Why not all ranks have the same release of a library; the same words on all of them.
  private static func obstacle(
    to library: CardLibrary, among ranks: any ProcessGroup
  ) throws(CollectiveError) -> String? {
    var (name, fault) = ("", "")
    do throws(EngineFailure) { name = try library.name() } catch { fault = "\(error)" }
    func all(_ own: String) throws(CollectiveError) -> [String] {
      try ranks.allGather(Array(own.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }
    let (names, faults) = (try all(name), try all(fault))
    if let rank = faults.firstIndex(where: { !$0.isEmpty }) { return "rank \(rank): \(faults[rank])" }
    guard let rank = names.firstIndex(where: { $0 != names[0] }) else { return nil }
    return "rank 0 has \(names[0]), and rank \(rank) \(names[rank])"
  }

  /// Joins the cards of ranks that all have the library.
  private static func joined(
    _ library: CardLibrary, among ranks: any ProcessGroup, on device: Device
  ) throws(CollectiveError) -> CardSums {
    func failure(of rank: Int, _ words: String) -> CollectiveError {
      .setup(rank: rank, detail: "the cards did not come together: \(words)")
    }
    var (own, fault): ([UInt8], String) = ([], "")
    if ranks.rank == 0 {
      do throws(EngineFailure) { own = try library.makeKey() } catch { fault = "\(error)" }
    }
    let key = try ranks.allGather(own)[0]
    guard !key.isEmpty else { throw failure(of: 0, fault) }
    do throws(EngineFailure) {
      return try CardSums(
        by: library, onCardOf: device.kind.rawValue, index: device.index, meetingBy: key, rank: ranks.rank,
        size: ranks.size)
    } catch {
      throw failure(of: ranks.rank, "\(error)")
    }
  }
}
