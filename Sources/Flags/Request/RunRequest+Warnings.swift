package import Recipe

extension RunRequest {
  /// Warnings about given flags that have no effect in this run, one sentence for each reason.
  ///
  /// Pure; a lone worker or rank 0 prints each once, at the start.
  /// - Parameter sumsTravel: Whether gradients are sent between workers rather than summed in shared memory.
  package func warnings(
    worldSize: Int, over saved: SavedValues? = nil, onCard: Bool = false, hosts: Int = 1,
    sumsTravel: Bool = true
  ) throws(RecipeError) -> [String] {
    let settings = try settings(worldSize: worldSize, over: saved)
    let situation = Situation(
      recipe: settings.recipe, run: run, goesOn: saved?.isOfRun == true, onCard: onCard, hosts: hosts,
      sumsTravel: sumsTravel)
    var left = settings.given
    return Idleness.allCases.compactMap { reason in
      guard reason.holds(in: situation) else { return nil }
      let idle = left.filter { FlagRow.idle($0).contains(reason) }
      left.removeAll { idle.contains($0) }
      return idle.isEmpty ? nil : "no effect: \(idle.joined(separator: ", ")) (\(reason.said(of: run)))"
    }
  }
}

/// The facts that make flags ineffective.
struct Situation {
  let recipe: Recipe
  let run: RunSettings
  /// Whether the run is resumed from a checkpoint.
  let goesOn: Bool
  let onCard: Bool
  let hosts: Int
  /// Whether gradients are sent between workers.
  let sumsTravel: Bool

  /// The number of evaluations of the run: the first is always the best so far, and after the last nothing
  /// can change.
  var evaluations: Int { (0..<recipe.schedule.epochs).count { recipe.evaluates(after: $0) } }
}
