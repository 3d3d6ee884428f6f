@testable import Launcher

extension LauncherRun {
  /// The launcher of one of `hosts` hosts with two workers each.
  static func host(
    _ number: Int, of hosts: Int = 2, at port: UInt16, _ script: String, _ flags: [String] = [],
    environment: [String: String] = [:]
  ) throws -> LauncherRun {
    try LauncherRun(
      script,
      [
        "--nproc", "2", "--nnodes", "\(hosts)", "--node-rank", "\(number)", "--rdzv-endpoint",
        "127.0.0.1:\(port)",
      ] + flags, environment: environment)
  }
}
