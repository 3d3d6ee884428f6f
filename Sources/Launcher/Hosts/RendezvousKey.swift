import Glibc
import Recipe
import RunControl
import System
import SystemPackage
import Wire

/// The secret that the launchers of a run share, and by which they authenticate each other.
///
/// It is never a command-line argument, which every user of a machine could read.
struct RendezvousKey: Sendable {
  let keys: KeyPair

  /// The variable that holds it where no file is given.
  static let variable = "TWINS_RDZV_KEY"
  /// The command that makes a key.
  static let recipe = "(umask 077; od -An -vtx1 -N32 /dev/urandom | tr -d ' \\n' > KEYFILE)"

  /// Returns the key in a file, or else in the environment; nil where there is neither.
  static func found(file: String?, environment: [String: String]) throws(LaunchError) -> RendezvousKey? {
    guard let file else {
      guard let text = environment[variable], !text.isEmpty else { return nil }
      return try RendezvousKey(text, from: variable)
    }
    do {
      return try RendezvousKey(
        String(decoding: try RegularFile.contents(of: FilePath(file)), as: UTF8.self), from: file)
    } catch let error as LaunchError {
      throw error
    } catch {
      throw LaunchError(
        "cannot read --rdzv-key-file \(masked(file)): \(error). Make one and copy it to every host: \(recipe)",
        exitStatus: .missingInput)
    }
  }

  private init(_ text: String, from source: String) throws(LaunchError) {
    guard let keys = KeyPair(hexadecimal: text.filter { !$0.isWhitespace }) else {
      throw LaunchError(
        "\(masked(source)) holds no key: it is 64 hexadecimal digits. Make one and copy it to every host: \(Self.recipe)",
        exitStatus: .badConfiguration)
    }
    self.keys = keys
  }
}
