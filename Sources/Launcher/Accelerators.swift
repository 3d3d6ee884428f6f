import FoundationEssentials

/// Counts the accelerator cards that workers may use.
enum Accelerators {
  /// The variables by which a user hides cards, with the device files that they speak of.
  private static let kinds = [
    (variable: "CUDA_VISIBLE_DEVICES", files: "nvidia"),
    (variable: "ASCEND_RT_VISIBLE_DEVICES", files: "davinci"),
  ]

  /// Cards among the device files (names as in /dev), less those that the environment hides.
  static func count(deviceFiles: [String], environment: [String: String]) -> Int {
    kinds.map { kind in
      let present = deviceFiles.count { isCard($0, named: kind.files) }
      guard let visible = environment[kind.variable] else { return present }
      return min(present, visible.split(separator: ",").prefix { $0 != "-1" }.count)
    }.max() ?? 0
  }

  /// Cards of this machine.
  static func count(environment: [String: String]) -> Int {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? []
    return count(deviceFiles: files, environment: environment)
  }

  /// A card's file is the driver's name and a number; `nvidiactl` and `davinci_manager` are not cards.
  private static func isCard(_ file: String, named driver: String) -> Bool {
    file.hasPrefix(driver) && Int(file.dropFirst(driver.count)) != nil
  }
}
