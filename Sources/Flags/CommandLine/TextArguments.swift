public import Recipe
import System
import SystemPackage

/// Throws unless every argument of this process is UTF-8: Swift mends others, and the file that one names is not found.
public func requireTextArguments() throws(RecipeError) {
  let arguments = (0..<Int(CommandLine.argc)).map { index in
    CommandLine.unsafeArgv[index].map { FilePath(platformString: $0) } ?? ""
  }
  if let broken = arguments.first(where: { !isValidUTF8($0.bytes) }) { throw notText(broken) }
}

private func notText(_ argument: FilePath) -> RecipeError {
  // Of --flag=value, the value.
  let value = argument.bytes.split(separator: UInt8(ascii: "="), maxSplits: 1).last ?? []
  let isFlag = argument.bytes.first == UInt8(ascii: "-")
  let name = (isFlag ? FilePath("").appending(bytes: value) : argument).quoted
  return RecipeError(
    "the argument \(name) is no UTF-8. Names like that are read inside a data set, but not on the command line. Make "
      + "a link with a plain name, and use that: ln -sr \(name) plain-name")
}
