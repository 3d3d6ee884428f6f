/// A command line split into flags with their values, so that one can be overlaid on another.
package struct FlagGroups: Equatable {
  /// Each group begins with a flag.
  package private(set) var groups: [[String]] = []

  /// Splits a valid command line, without subcommand or names of runs, with dashes in flags' names.
  package init(_ arguments: [String]) {
    for argument in arguments where argument != "--" {
      if argument.hasPrefix("-") || groups.isEmpty {
        groups.append([argument])
      } else {
        groups[groups.count - 1].append(argument)
      }
    }
  }

  package var arguments: [String] { groups.flatMap(\.self) }

  /// The settings that its flags concern: `aug` for `--no-aug` too.
  package var names: Set<String> { Set(groups.map(Self.name)) }

  /// Whether a switch is on, and not turned off after that.
  package func isOn(_ name: String) -> Bool {
    groups.last { Self.name($0) == name }.map { !$0[0].hasPrefix("--no-") } ?? false
  }

  /// Removes the flags that concern these settings.
  package mutating func remove(_ names: Set<String>) {
    groups.removeAll { names.contains(Self.name($0)) }
  }

  /// Replaces each value of these flags by the result of `change`.
  package mutating func changeValues(of names: Set<String>, _ change: (String) -> String) {
    for index in groups.indices where names.contains(Self.name(groups[index])) {
      let flag = groups[index][0]
      if let end = flag.firstIndex(of: "=") {
        groups[index][0] = flag[...end] + change(String(flag[flag.index(after: end)...]))
      }
      for value in groups[index].indices.dropFirst() { groups[index][value] = change(groups[index][value]) }
    }
  }

  /// The value of a flag.
  package func value(of name: String) -> String? {
    guard let group = groups.last(where: { Self.name($0) == name }) else { return nil }
    if let end = group[0].firstIndex(of: "=") { return String(group[0][group[0].index(after: end)...]) }
    return group.dropFirst().first
  }

  private static func name(_ group: [String]) -> String { name(of: group[0]) }

  /// The setting that a flag concerns.
  package static func name(of flag: String) -> String {
    let name = String(flag.drop { $0 == "-" }.prefix { $0 != "=" })
    let plain = name.hasPrefix("no-") ? String(name.dropFirst(3)) : name
    return aliases[plain] ?? plain
  }

  private static let aliases = ["nproc-per-node": "nproc", "throughout": "throughput"]
}
