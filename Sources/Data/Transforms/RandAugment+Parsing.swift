extension RandAugment {
  /// Reads timm's notation: `rand`, then sections in any order, each a name and a number, joined by dashes.
  ///
  /// - `m9`: the magnitude, 10 where it is left out; more than 10 has the effect of 10, up to noise.
  /// - `n2`: how many operations are drawn, 2 where it is left out.
  /// - `mstd0.5`: the deviation of the magnitude.
  /// - `inc1`: operations that grow with the magnitude. So does `inc0`, as in timm 0.3.2, where "0" counts as true.
  /// - `w0`: the weighted choice; there is one set of weights.
  ///
  /// Unlike timm, which passes over a section without a number, anything else throws.
  public init(parsing configuration: String) throws(RandAugmentError) {
    self.init()
    let sections = configuration.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard sections[0] == "rand" else { throw .unknownPolicy(sections[0], configuration: configuration) }
    for section in sections.dropFirst() {
      let name = String(section.prefix { !("0"..."9").contains($0) })
      let value = String(section.dropFirst(name.count))
      guard let setting = Self.settings[name] else {
        throw .unknownSection(section, configuration: configuration)
      }
      guard setting.read(&self, value) else {
        throw .badValue(section, expected: setting.expectation, configuration: configuration)
      }
    }
    try checkWeights(configuration)
  }

  private struct Setting {
    let expectation: String
    let read: @Sendable (inout RandAugment, String) -> Bool
  }

  private static let settings: [String: Setting] = [
    "m": Setting(expectation: "a whole number, such as m9") { assign(&$0.magnitude, Int($1)) },
    "n": Setting(expectation: "a whole number, such as n2") { assign(&$0.count, Int($1)) },
    "mstd": Setting(expectation: "a number, such as mstd0.5") {
      assign(&$0.deviation, Double($1).flatMap { $0.isFinite ? $0 : nil })
    },
    "inc": Setting(expectation: "inc1") { assign(&$0.isIncreasing, Int($1).map { _ in true }) },
    "w": Setting(expectation: "w0, the only set of weights") {
      assign(&$0.isWeighted, $1 == "0" ? true : nil)
    },
  ]

  private static func assign<Value>(_ place: inout Value, _ value: Value?) -> Bool {
    guard let value else { return false }
    place = value
    return true
  }

  private func checkWeights(_ configuration: String) throws(RandAugmentError) {
    let possible = Kind.allCases.count { $0.weight > 0 }
    guard isWeighted, count > possible else { return }
    throw .badValue(
      "n\(count)", expected: "at most n\(possible) with w0, which draws none twice",
      configuration: configuration)
  }
}
