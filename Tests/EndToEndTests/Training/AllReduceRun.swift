import Collective
import Foundation
import Testing

@testable import Launcher

/// A run of `twins-launch bench all-reduce` over an odd number of megabytes, with a launcher for each host.
struct AllReduceRun {
  /// By host.
  private let runs: [ProgramRun]

  /// What it prints.
  struct Report: Decodable {
    let transport: String
    let ranks: Int
    let hosts: Int
    let repeats: Int
    let medianMilliseconds: Double
    let copyMilliseconds: Double
    let checksum: String
  }

  init(_ size: Int, _ transport: TransportName, hosts: Int = 1, in workplace: Workplace) throws {
    let arguments = [
      "bench", "all-reduce", "--megabytes", "3", "--repeats", "2", "--json", "--nproc", "\(size)",
      "--transport",
      transport.rawValue, "--nnodes", "\(hosts)",
    ]
    let port = try FreePort.find()
    runs = try (0..<hosts).map { host in
      let place = hosts == 1 ? [] : ["--node-rank", "\(host)", "--rdzv-endpoint", "127.0.0.1:\(port)"]
      return try ProgramRun(.launcher, arguments + place, in: workplace)
    }
  }

  /// What the first host prints; the others print nothing.
  func report() throws -> Report {
    let ends = try runs.map { try $0.finish() }
    for end in ends { #expect(end.status == Status.done, "\(end.errors)") }
    try #require(ends[0].output.count == 1, "\(ends[0].output)")
    #expect(ends.dropFirst().allSatisfy { $0.output.isEmpty })
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Report.self, from: Data(ends[0].output[0].utf8))
  }
}
