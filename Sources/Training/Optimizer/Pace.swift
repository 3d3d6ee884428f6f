public import Model
public import Recipe
import Torch

/// How fast a parameter learns relative to others.
struct Pace: Hashable, Sendable {
  /// The factor on the schedule's rate.
  var factor = 1.0
  /// Updates of the run made while the parameter was frozen, which its own count leaves out.
  var start = 0
}

/// How fast each parameter of a network learns: layer-wise decay (timm's `param_groups_layer_decay`), a
/// separate rate for the head, and parameters frozen for the whole run or its beginning.
struct Pacing {
  private let factors: [Double]
  private let isFrozen: [Bool]

  /// Works out what a recipe asks of a network.
  init(_ recipe: Recipe, _ network: any Network) {
    let (tuning, rate) = (recipe.tuning, recipe.schedule.rate)
    let places = network.places
    let last = places.map(\.layer).max() ?? 0
    factors = places.map { place in
      if place.isOfHead, let head = tuning.headRate { return head / rate }
      return (place.layer..<last).reduce(1) { factor, _ in factor * tuning.layerDecay }
    }
    isFrozen =
      Recipe.Frozen(tuning.frozen).map { frozen in
        zip(network.parameters, places).map { frozen.holds($0.name, $1) }
      } ?? places.map { _ in false }
  }

  /// Whether any parameter starts frozen.
  var freezes: Bool { isFrozen.contains(true) }

  /// How fast each parameter learns; nil for one that is frozen.
  ///
  /// - Parameter updates: The number of updates after which frozen parameters began to learn; nil while they
  ///   have not.
  func paces(thawedAfter updates: Int?) -> [Pace?] {
    zip(factors, isFrozen).map { factor, isFrozen in
      isFrozen ? updates.map { Pace(factor: factor, start: $0) } : Pace(factor: factor)
    }
  }
}

extension Recipe.Frozen {
  /// Whether a parameter is frozen.
  func holds(_ name: String, _ place: NetworkPlace) -> Bool {
    switch self {
    case .backbone: !place.isOfHead
    case .stages(let stages): place.stage.map(stages.contains) ?? false
    case .parts(let parts): parts.contains { Self.name(name, isIn: $0) }
    }
  }

  static func name(_ name: String, isIn part: String) -> Bool { name == part || name.hasPrefix(part + ".") }
}

extension Network {
  /// What is wrong with a recipe's freezing of this network; nil where nothing is.
  public func freezingFault(_ recipe: Recipe) -> String? {
    let tuning = recipe.tuning
    guard let frozen = Recipe.Frozen(tuning.frozen) else { return nil }
    switch frozen {
    case .backbone: break
    case .stages(let stages):
      guard let last = places.compactMap(\.stage).max() else { return "\(recipe.model.name) has no stages" }
      if stages.upperBound > last { return "\(recipe.model.name) has stages 0 to \(last)" }
    case .parts(let parts):
      let names = parameters.map(\.name)
      for part in parts where !names.contains(where: { Recipe.Frozen.name($0, isIn: part) }) {
        let roots = names.map { String($0.prefix { $0 != "." }) }
        let known = roots.indices.filter { roots.firstIndex(of: roots[$0]) == $0 }.map { roots[$0] }
        return
          "\(recipe.model.name) has no part \(part). Its parts are \(known.joined(separator: ", ")), and what lies "
          + "in them, as in blocks.0.1"
      }
    }
    let learns = zip(parameters, places).contains { !frozen.holds($0.name, $1) }
    return learns ? nil : "nothing is left to learn"
  }

  /// The line that names what is frozen, for the start of a run; nil where nothing is.
  public func freezingLine(_ recipe: Recipe) -> String? {
    let tuning = recipe.tuning
    guard let frozen = Recipe.Frozen(tuning.frozen) else { return nil }
    let sizes = zip(parameters, places).map { parameter, place in
      (parameter.tensor.count, frozen.holds(parameter.name, place))
    }
    let still = sizes.reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
    let all = sizes.reduce(0) { $0 + $1.0 }
    return "Frozen: \(tuning.frozen), \(still) of \(all) weights"
      + (tuning.unfreezeEpoch.map { ", until epoch \($0) begins" } ?? "")
  }
}
