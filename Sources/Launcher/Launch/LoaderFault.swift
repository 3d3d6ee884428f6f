/// The dynamic loader's complaint about a libtorch that is missing, or is not the one that a worker was built
/// for.
struct LoaderFault: CustomStringConvertible {
  let description: String

  /// Nil for text that is not the loader's or is about another library; memory limits above all have their
  /// own message.
  init?(_ text: String) {
    let lines = text.split(separator: "\n").map(String.init)
    guard let line = lines.first(where: { $0.contains("symbol lookup error") || $0.contains(Self.missing) })
    else { return nil }
    let isMissing = line.contains(Self.missing) && line.contains("No such file")
    let concerns = ["libtorch", "libc10", "3c10", "2at", "5torch"].contains(where: line.contains)
    if line.contains("undefined symbol"), concerns {
      description =
        "twins-worker was built with another libtorch than it loads here (\(line)). Build it anew for that one "
        + "(TORCH_DIR=FOLDER make setup build), or take its folder out of LD_LIBRARY_PATH."
    } else if isMissing, concerns {
      description = "twins-worker finds no libtorch (\(line)): make setup finds or fetches one."
    } else {
      return nil
    }
  }

  private static let missing = "error while loading shared libraries"
}
