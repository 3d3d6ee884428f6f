import Collective
import Foundation
import Testing

/// A run of `twins-launch bench all-reduce` over an odd number of megabytes.
struct AllReduceRun {
  private let run: ProgramRun

  /// What it prints.
  struct Report: Decodable {
    let transport: String
    let ranks: Int
    let repeats: Int
    let medianMilliseconds: Double
    let copyMilliseconds: Double
    let checksum: String
  }

  init(_ size: Int, _ transport: TransportName, in place: Workplace) throws {
    let arguments = ["--nproc", "\(size)", "--transport", transport.rawValue]
    run = try ProgramRun(
      .launcher, ["bench", "all-reduce", "--megabytes", "3", "--repeats", "2", "--json"] + arguments,
      in: place)
  }

  func report() throws -> Report {
    let end = try run.finish()
    #expect(end.status == Status.done, "\(end.errors)")
    try #require(end.output.count == 1, "\(end.output)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Report.self, from: Data(end.output[0].utf8))
  }
}
