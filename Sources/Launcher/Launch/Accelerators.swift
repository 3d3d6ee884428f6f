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

  /// The cards that workers may use, by local rank, in the words of the driver and of the user.
  static func names(deviceFiles: [String], environment: [String: String]) -> [String] {
    let count = count(deviceFiles: deviceFiles, environment: environment)
    let kind = kinds.first { kind in deviceFiles.contains { isCard($0, named: kind.files) } }
    guard let kind else { return [] }
    let visible = environment[kind.variable]?.split(separator: ",").map(String.init)
    return (0..<count).map { rank in
      guard let visible, rank < visible.count else { return "\(kind.files)\(rank)" }
      return "\(rank), which is \(visible[rank]) of \(kind.variable)"
    }
  }

  /// Cards of this machine by local rank.
  static func names(environment: [String: String]) -> [String] {
    names(
      deviceFiles: (try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? [],
      environment: environment)
  }

  /// A card's file is the driver's name and a number; `nvidiactl` and `davinci_manager` are not cards.
  private static func isCard(_ file: String, named driver: String) -> Bool {
    file.hasPrefix(driver) && Int(file.dropFirst(driver.count)) != nil
  }
}
