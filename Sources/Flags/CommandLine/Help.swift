import ArgumentParser

/// What `--help` says of a flag whose default is the reference's.
///
/// The flag itself is nil unless it was given: flags win over a file of values, also where they repeat a default.
func help(_ text: String, _ standard: some CustomStringConvertible, _ valueName: String? = nil)
  -> ArgumentHelp
{
  ArgumentHelp("\(text) (default: \(standard))", valueName: valueName)
}

func help(_ text: String, _ standard: [Double], _ valueName: String) -> ArgumentHelp {
  help(text, standard.map(\.description).joined(separator: " "), valueName)
}
