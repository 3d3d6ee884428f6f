import FoundationEssentials
import Recipe
import RunControl
import System

/// The contents of a sweep's file.
///
/// `{"flags": {FLAG: VALUE, …}, "grid": {FLAG: [VALUE, …], …}, "figure": "acc1", "output": "DIR"}`, or
/// instead of `grid` a `random`: `{"runs": N, "seed": S, "flags": {FLAG: [VALUE, …] or {"min": A, "max": B,
/// "log": true}, …}}`.
struct SweepFile: Equatable {
  /// The flags of all runs, in alphabetical order, with names without dashes.
  let flags: [(name: String, value: JSONTree)]
  let space: SweepSpace
  let figure: SweepFigure
  /// The folder that holds all runs' folders.
  let output: String

  /// More runs than this are taken for a mistake.
  static let mostRuns = 10_000
  /// Up to this a `Double` represents every integer.
  static let largestNumber = 0x1p53

  static func == (one: SweepFile, other: SweepFile) -> Bool {
    one.flags.map(\.name) == other.flags.map(\.name) && one.flags.map(\.value) == other.flags.map(\.value)
      && one.space == other.space && one.figure == other.figure && one.output == other.output
  }

  /// Reads a file; throws a `RecipeError` with the file's name and what is wrong in it.
  init(path: String) throws(RecipeError) {
    let text: String
    do {
      text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    } catch {
      throw RecipeError(
        "\(path): the file cannot be read. twins-launch help sweep shows what stands in one.",
        exitStatus: .missingInput)
    }
    try self.init(text, named: path)
  }

  private static let monitor = "monitor"

  /// Parses a text; `file` is the name for errors.
  init(_ text: String, named file: String) throws(RecipeError) {
    let whole = SweepReader(file: file, place: "")
    let members: [String: JSONTree]
    do {
      members = try whole.members(
        try JSONTree(parsing: text), known: ["flags", "grid", "random", "figure", "output"])
    } catch let error as RecipeError {
      throw error
    } catch {
      let place = JSONPlaces(text).fault.map { ":\($0)" } ?? ""
      throw SweepReader(file: file + place, place: "").error(
        "here it is not JSON. twins-launch help sweep shows what stands in such a file")
    }
    var flags = try whole.inner("flags").flags(members["flags"] ?? .object([:]))
    figure = try whole.figure(members["figure"])
    space = try whole.space(members)
    // A run must keep the weights of the epoch by which the sweep judges it.
    if let monitor = figure.monitor, flags[Self.monitor] == nil,
      !space.axes.contains(where: { $0.flag == Self.monitor })
    {
      flags[Self.monitor] = .text(monitor.rawValue)
    }
    self.flags = flags.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    if let twice = space.axes.first(where: { flags.keys.contains($0.flag) }) {
      throw whole.error("\(twice.flag) is among flags, and varied too: leave it out of one of them")
    }
    output = try whole.output(members["output"])
    guard let count = space.count, count <= Self.mostRuns else {
      throw whole.error(
        "that is \(space.count.map { "\($0)" } ?? "too many") runs; \(Self.mostRuns) are the most. Draw some of them: random"
      )
    }
  }
}

/// Reads parts of a sweep's file; errors name the place in it.
private struct SweepReader {
  let file: String
  /// The dotted name of the part in the file.
  let place: String

  func inner(_ name: String) -> SweepReader {
    SweepReader(file: file, place: place.isEmpty ? name : "\(place).\(name)")
  }

  func error(_ text: String) -> RecipeError {
    RecipeError("\(file): \(place.isEmpty ? "" : "\(place): ")\(text)", exitStatus: .badConfiguration)
  }

  /// Returns an object's members; where `known` is given, all keys must be among these.
  func members(_ tree: JSONTree, known: [String]? = nil) throws(RecipeError) -> [String: JSONTree] {
    guard case .object(let members) = tree else { throw error("must be an object, as in {\"lr\": …}") }
    if let known, let strange = members.keys.sorted().first(where: { !known.contains($0) }) {
      let near = nearest(to: strange, among: known, atMost: 1).first { editDistance($0, strange) <= 2 }
      throw error(
        "there is no \(strange) here\(near.map { "; is \($0) meant?" } ?? ", but \(known.joined(separator: ", "))")"
      )
    }
    return members
  }

  /// Returns the flags in an object, by their names on a command line without the leading dashes.
  func flags(_ tree: JSONTree) throws(RecipeError) -> [String: JSONTree] {
    var flags: [String: JSONTree] = [:]
    for (key, value) in try members(tree).sorted(by: { $0.key < $1.key }) {
      let name = String(key.drop { $0 == "-" }).replacing("_", with: "-")
      if let reason = Self.reserved[name] { throw error("\(key): \(reason)") }
      if case .object = value, place == "flags" { throw error("\(key) must be a value") }
      guard flags.updateValue(value, forKey: name) == nil else { throw error("\(name) stands here twice") }
    }
    return flags
  }

  func space(_ members: [String: JSONTree]) throws(RecipeError) -> SweepSpace {
    switch (members["grid"], members["random"]) {
    case (let grid?, nil):
      let axes = try inner("grid").axes(grid, takesRanges: false)
      return .grid(axes)
    case (nil, let random?):
      let reader = inner("random")
      let parts = try reader.members(random, known: ["runs", "seed", "flags"])
      guard let draws = parts["runs"]?.whole, (1...SweepFile.mostRuns).contains(draws) else {
        throw reader.error("runs must say how many to draw, from 1 to \(SweepFile.mostRuns)")
      }
      guard let seed = (parts["seed"] ?? .integer(0)).whole, seed >= 0 else {
        throw reader.error("seed must be a whole number from 0 up")
      }
      let axes = try reader.inner("flags").axes(parts["flags"] ?? .object([:]), takesRanges: true)
      return .random(draws: draws, seed: UInt64(seed), axes)
    default:
      throw error("one of grid and random has to say which flags vary")
    }
  }

  private func axes(_ tree: JSONTree, takesRanges: Bool) throws(RecipeError) -> [SweepAxis] {
    var axes: [SweepAxis] = []
    for (flag, value) in try flags(tree).sorted(by: { $0.key < $1.key }) {
      axes.append(SweepAxis(flag: flag, domain: try inner(flag).domain(value, takesRanges: takesRanges)))
    }
    guard !axes.isEmpty else { throw error("no flag varies here") }
    return axes
  }

  private func domain(_ tree: JSONTree, takesRanges: Bool) throws(RecipeError) -> SweepDomain {
    switch tree {
    case .list(let values) where !values.isEmpty:
      if !takesRanges, let again = values.indices.first(where: { values[..<$0].contains(values[$0]) }) {
        throw error(
          "\(values[again]) stands here twice, which would be the same run again; --seed can vary too")
      }
      return .list(values)
    case .object where takesRanges:
      let parts = try members(tree, known: ["min", "max", "log"])
      guard case .truth(let isLogarithmic) = parts["log"] ?? .truth(false) else {
        throw error("log must be true or false")
      }
      guard let low = parts["min"]?.number, let high = parts["max"]?.number, low < high,
        !isLogarithmic || low > 0
      else { throw error("min must lie below max, and above 0 where log is true") }
      guard (high - low).isFinite else { throw error("min and max lie too far apart") }
      let isWhole = parts["min"]?.whole != nil && parts["max"]?.whole != nil
      guard !isWhole || max(abs(low), abs(high)) <= SweepFile.largestNumber else {
        throw error("whole numbers may go from -2^53 to 2^53 here")
      }
      return .range(low, high, isLogarithmic: isLogarithmic, isWhole: isWhole)
    default:
      throw error(
        "must be a list of values\(takesRanges ? ", or a range such as {\"min\": 1e-5, \"max\": 1e-3, \"log\": true}" : "")"
      )
    }
  }

  func figure(_ tree: JSONTree?) throws(RecipeError) -> SweepFigure {
    guard let tree else { return .acc1 }
    guard let figure = tree.text.flatMap(SweepFigure.init) else {
      throw error("figure must be one of \(SweepFigure.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return figure
  }

  /// Returns the output folder: as given, or the file's name without its extension.
  func output(_ tree: JSONTree?) throws(RecipeError) -> String {
    if let tree {
      guard let path = tree.text, !path.isEmpty else { throw error("output must be the name of a folder") }
      return withHomeFolder(path)
    }
    let name = file.split(separator: "/").last.map(String.init) ?? "sweep"
    let stem = name.split(separator: ".").first.map(String.init) ?? name
    return stem == name ? "\(name)-runs" : stem
  }

  /// Flags that the sweep sets itself, or with which a run would be no training.
  private static let reserved: [String: String] = {
    let own = "each run has a folder of its own; output says where those lie"
    let once = "the sweep goes on with its runs by itself; an earlier sweep's folder is removed by hand"
    let single = "is for one command, and no training"
    let hosts = "the runs of a sweep have one host each"
    var reserved = [
      "output-dir": own, "run-dir": own, "run-id": own, "resume": once, "overwrite": once, "eval": single,
      "throughput": single, "lr-find": single, "throughout": single, "dry-run": single,
      "print-config": single,
    ]
    for name in HostFlags.names { reserved[String(name.dropFirst(2))] = hosts }
    return reserved
  }()
}
