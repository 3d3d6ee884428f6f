/// The arguments as the parser wants them: `--data_path=x` becomes `--data-path=x`, `--lr -1` becomes `--lr=-1`.
///
/// Users of the reference type both spellings of a flag, and Python takes a negative number for a value. Values, and
/// everything after `--`, stay as they are.
public func normalizedArguments(_ arguments: [String]) -> [String] {
  let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
  var result: [String] = []
  for argument in arguments[..<end] {
    if isNegativeNumber(argument), let flag = result.last, flag.hasPrefix("--"), !flag.contains("=") {
      result[result.count - 1] += "=" + argument
    } else {
      result += normalizedFlag(argument)
    }
  }
  return result + arguments[end...]
}

private func isNegativeNumber(_ argument: String) -> Bool {
  argument.hasPrefix("-") && Double(argument.dropFirst()) != nil
}

/// The flag with dashes; an empty value after `=` becomes an argument of its own, which the parser then takes.
private func normalizedFlag(_ argument: String) -> [String] {
  guard argument.hasPrefix("--") else { return [argument] }
  let name = argument.prefix { $0 != "=" }
  let flag = String(name.replacing("_", with: "-"))
  let rest = argument.dropFirst(name.count)
  return rest == "=" ? [flag, ""] : [flag + rest]
}
