public import Recipe
import System
import SystemPackage

/// Rewrites arguments for the parser: `--data_path=x` becomes `--data-path=x`, `--lr -1` becomes `--lr=-1`.
///
/// Users of the reference type both spellings of a flag, and Python accepts negative numbers as values.
/// Values, and everything after `--`, are unchanged.
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

/// The flag with dashes; an empty value after `=` becomes a separate argument, which the parser accepts.
private func normalizedFlag(_ argument: String) -> [String] {
  guard argument.hasPrefix("--") else { return [argument] }
  let name = argument.prefix { $0 != "=" }
  let flag = String(name.replacing("_", with: "-"))
  let rest = argument.dropFirst(name.count)
  return rest == "=" ? [flag, ""] : [flag + rest]
}

/// Throws unless every argument of this process is UTF-8: Swift would repair others, and the file that one
/// names would not be found.
public func requireTextArguments() throws(RecipeError) {
  let arguments = (0..<Int(CommandLine.argc)).map { index in
    CommandLine.unsafeArgv[index].map { FilePath(platformString: $0) } ?? ""
  }
  if let broken = arguments.first(where: { !isValidUTF8($0.bytes) }) { throw notText(broken) }
}

private func notText(_ argument: FilePath) -> RecipeError {
  // For --flag=value, the value.
  let value = argument.bytes.split(separator: UInt8(ascii: "="), maxSplits: 1).last ?? []
  let isFlag = argument.bytes.first == UInt8(ascii: "-")
  let name = (isFlag ? FilePath("").appending(bytes: value) : argument).quoted
  return RecipeError(
    "the argument \(name) is no UTF-8. Names like that are read inside a data set, but not on the command line. Make "
      + "a link with a plain name, and use that: ln -sr \(name) plain-name")
}
