/// A command line as its flags, each with its values: what is needed to lay one over another.
package struct FlagGroups: Equatable {
  /// Each begins with a flag.
  package private(set) var groups: [[String]] = []

  /// Of a command line that has parsed, without subcommand or names of runs, the names of flags spelt with dashes.
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

  /// What its flags are about: `aug` for `--no-aug` too.
  package var names: Set<String> { Set(groups.map(Self.name)) }

  /// Whether a switch is given, and not taken back after it.
  package func isOn(_ name: String) -> Bool {
    groups.last { Self.name($0) == name }.map { !$0[0].hasPrefix("--no-") } ?? false
  }

  /// Leaves out the flags about these things.
  package mutating func remove(_ names: Set<String>) {
    groups.removeAll { names.contains(Self.name($0)) }
  }

  /// Calls `change` with each value of these flags.
  package mutating func changeValues(of names: Set<String>, _ change: (String) -> String) {
    for index in groups.indices where names.contains(Self.name(groups[index])) {
      let flag = groups[index][0]
      if let end = flag.firstIndex(of: "=") {
        groups[index][0] = flag[...end] + change(String(flag[flag.index(after: end)...]))
      }
      for value in groups[index].indices.dropFirst() { groups[index][value] = change(groups[index][value]) }
    }
  }

  /// The value of a flag with one.
  package func value(of name: String) -> String? {
    guard let group = groups.last(where: { Self.name($0) == name }) else { return nil }
    if let end = group[0].firstIndex(of: "=") { return String(group[0][group[0].index(after: end)...]) }
    return group.dropFirst().first
  }

  private static func name(_ group: [String]) -> String { name(of: group[0]) }

  /// What a flag is about.
  package static func name(of flag: String) -> String {
    let name = String(flag.drop { $0 == "-" }.prefix { $0 != "=" })
    let plain = name.hasPrefix("no-") ? String(name.dropFirst(3)) : name
    return aliases[plain] ?? plain
  }

  private static let aliases = ["nproc-per-node": "nproc", "throughout": "throughput"]
}
