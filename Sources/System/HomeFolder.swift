import Glibc

/// A path with the home folder in the place of `~` or `~USER` at its start, as a shell would have it.
///
/// A shell replaces a word's first `~` only: `--data-path=~/pictures` comes as it was typed, and so does what stands in a
/// file of values. Where there is no such home folder the path stays as it is.
public func withHomeFolder(_ path: String) -> String {
  guard path.hasPrefix("~") else { return path }
  let name = path.prefix { $0 != "/" }
  guard let home = homeFolder(of: String(name.dropFirst())) else { return path }
  return home + path.dropFirst(name.count)
}

/// Of this user where no name is given.
private func homeFolder(of user: String) -> String? {
  if user.isEmpty, let home = getenv("HOME") { return String(cString: home) }
  let entry = user.isEmpty ? getpwuid(getuid()) : getpwnam(user)
  return entry?.pointee.pw_dir.map { String(cString: $0) }
}
