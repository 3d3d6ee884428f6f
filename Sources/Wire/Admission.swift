/// Whom a context's secured sockets let in.
public enum Admission: Sendable {
  /// Whoever shows this name and password.
  case credentials(Credentials)
  /// Whoever proves to own one of these keys.
  case keys([PublicKey])

  /// Whether a peer that shows `proofs` by `mechanism` is let in.
  ///
  /// The proofs are a stranger's bytes: they are compared, and never read as anything.
  func admits(_ mechanism: [UInt8], _ proofs: ArraySlice<[UInt8]>) -> Bool {
    switch self {
    case .credentials(let wanted):
      guard mechanism == Array("PLAIN".utf8), let name = proofs.first, let password = proofs.last,
        proofs.count == 2
      else { return false }
      let nameFits = name.equalsInConstantTime(Array(wanted.name.utf8))
      let passwordFits = password.equalsInConstantTime(Array(wanted.password.utf8))
      return nameFits && passwordFits
    case .keys(let wanted):
      guard mechanism == Array("CURVE".utf8), let key = proofs.first, proofs.count == 1 else { return false }
      return wanted.contains { key.equalsInConstantTime($0.bytes) }
    }
  }
}

extension [UInt8] {
  /// Takes as long for bytes that differ at the start as at the end, so that time does not help to guess.
  func equalsInConstantTime(_ other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    return zip(self, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
