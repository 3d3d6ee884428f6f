import Drawing
import Recipe
import RunControl
import System
import WorkerLink

/// What each of the runs that go on side by side has of the machine, as variables of its environment.
struct SweepLanes: Equatable {
  let environments: [[String: String]]

  /// Divides the cards where runs train on some, and else the processors.
  ///
  /// - Parameters:
  ///   - cards: Those that the runs may use; nil where they use none.
  ///   - workers: That a run has, where it has no cards.
  ///   - named: Whether the user has said how many threads a worker has.
  init(
    _ count: Int, cards: Cards?, processors: Int, workers: Int, named: Bool
  ) throws(LaunchError) {
    guard count > 1 else {
      environments = [[:]]
      return
    }
    guard let cards, cards.count > 0 else {
      let threads = "\(max(1, processors / (count * workers)))"
      environments = Array(
        repeating: named ? [:] : [ThreadVariable.openMP.rawValue: threads], count: count)
      return
    }
    let share = cards.count / count
    guard share > 0 else {
      throw LaunchError(
        "--parallel \(count): there are \(counted(cards.count, "card")), and each run takes one at least",
        exitStatus: .badConfiguration)
    }
    environments = (0..<count).map { lane in
      [cards.maker.variable: cards.names[(lane * share)..<((lane + 1) * share)].joined(separator: ",")]
    }
  }
}
