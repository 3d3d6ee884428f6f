import System
import SystemPackage

extension DataError {
  /// What two names that look alike are in truth, and how to make them one.
  var spellingDescription: String {
    switch self {
    case .classSpelledTwice(let a, let b, let folder):
      """
      two classes of \(folder.masked) look alike and are not the same: "\(a.spelling)" and "\(b.spelling)". \
      \(Self.cause). Make them one: mv -n \(Self.path(a, folder))/* \(Self.path(b, folder))/ \
      && rmdir \(Self.path(a, folder))
      """
    case .classSpelledDifferently(let a, let b, let training, let validation):
      """
      class "\(a)" is spelled "\(a.spelling)" in \(training.masked) and "\(b.spelling)" in \(validation.masked): \
      other bytes, which look alike, and every label after it would shift. \(Self.cause). Give them one name: \
      mv -nT \(Self.path(b, validation)) \(Self.path(a, validation))
      """
    default: ""
    }
  }

  private static let cause =
    "Likely one was copied by way of macOS, which keeps letters and their marks apart"

  private static func path(_ name: ClassName, _ folder: FilePath) -> String {
    folder.appending(bytes: name.bytes).quotedInASCII
  }
}
