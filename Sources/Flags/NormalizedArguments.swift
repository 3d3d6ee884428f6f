/// The arguments with every long flag spelled with `-`: `--data_path=x` becomes `--data-path=x`.
///
/// Users of the reference type both spellings; values, and everything after `--`, stay as they are.
public func normalizedArguments(_ arguments: [String]) -> [String] {
  let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
  return arguments[..<end].map(normalizedFlag) + arguments[end...]
}

private func normalizedFlag(_ argument: String) -> String {
  guard argument.hasPrefix("--") else { return argument }
  let name = argument.prefix { $0 != "=" }
  return String(name.replacing("_", with: "-") + argument.dropFirst(name.count))
}
