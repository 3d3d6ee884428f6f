package import Recipe

extension RunRequest {
  /// What to tell the user of given flags that have no effect in this run, one sentence for each reason.
  ///
  /// Pure; the lone worker or rank 0 says each once, at the start.
  /// - Parameter sumsTravel: Whether gradients are sent between the workers rather than summed in shared memory.
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

/// What makes flags idle.
struct Situation {
  let recipe: Recipe
  let run: RunSettings
  /// Whether the run goes on from a checkpoint.
  let goesOn: Bool
  let onCard: Bool
  let hosts: Int
  /// Whether gradients are sent between the workers.
  let sumsTravel: Bool

  /// How often the run is evaluated: of these the first is the best so far whatever it finds, and after the last one nothing is
  /// left to be done otherwise.
  var evaluations: Int { (0..<recipe.schedule.epochs).count { recipe.evaluates(after: $0) } }
}
