import Drawing
import Recipe
import RunControl
import System
import WorkerLink

/// The share of the machine for each of the runs that train side by side, as variables of its environment.
struct SweepLanes: Equatable {
  let environments: [[String: String]]

  /// Divides the cards where runs train on cards, and otherwise the processors.
  ///
  /// - Parameters:
  ///    - cards: The cards that the runs may use; nil where they use none.
  ///    - workers: The number of a run's workers, where it uses no cards.
  ///    - named: Whether the user has given the number of threads of a worker.
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
