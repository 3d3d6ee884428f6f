import Collective
import Foundation
import System

/// What `bench all-reduce` prints.
struct AllReduceReport: Encodable {
  let transport: String
  /// The ranks of all hosts.
  let ranks: Int
  let hosts: Int
  let megabytes: Int
  let repeats: Int
  /// The time from the first rank's start to the last one's end, the median over the repeats.
  let medianMilliseconds: Double
  let fastestMilliseconds: Double
  let slowestMilliseconds: Double
  /// Bytes of the buffer per second, in units of 10⁹.
  let algorithmBandwidth: Double
  /// The same times 2 (n - 1) / n: the traffic of a link between ranks, comparable between numbers of ranks.
  let busBandwidth: Double
  /// Processor time of all ranks together for one sum.
  let processorMilliseconds: Double
  /// The time in which every rank copies the buffer once, all at the same time.
  let copyMilliseconds: Double
  /// The copy's time divided by the sum's.
  let shareOfCopyLimit: Double
  let checksum: String

  init(
    _ samples: [AllReduceMeasurement.Sample], transport: String?, ranks: Int, hosts: Int,
    megabytes: Int, checksum: UInt32
  ) {
    let times = samples.map(\.seconds)
    let time = median(times)
    let copy = median(samples.map(\.copySeconds))
    self.transport = transport ?? "none"
    self.ranks = ranks
    self.hosts = hosts
    self.megabytes = megabytes
    repeats = samples.count
    medianMilliseconds = time * 1000
    fastestMilliseconds = (times.min() ?? 0) * 1000
    slowestMilliseconds = (times.max() ?? 0) * 1000
    algorithmBandwidth = Double(megabytes << 20) / time / 1e9
    busBandwidth = algorithmBandwidth * 2 * Double(ranks - 1) / Double(ranks)
    processorMilliseconds = median(samples.map(\.processorSeconds)) * 1000
    copyMilliseconds = copy * 1000
    shareOfCopyLimit = copy / time
    let digits = String(checksum, radix: 16)
    self.checksum = String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// The report as a table.
  var text: String {
    let range = "\(fixed(fastestMilliseconds, 2)) to \(fixed(slowestMilliseconds, 2)) ms"
    let rows: [(String, String)] = [
      ("time", "\(fixed(medianMilliseconds, 2)) ms (\(range))"),
      ("algorithm bandwidth", "\(fixed(algorithmBandwidth, 2)) GB/s"),
      ("bus bandwidth", "\(fixed(busBandwidth, 2)) GB/s"),
      ("processor time", "\(fixed(processorMilliseconds, 2)) ms, of all workers together"),
      ("copy once", "\(fixed(copyMilliseconds, 2)) ms, every worker at the same time"),
      ("share of that limit", "\(fixed(shareOfCopyLimit * 100, 0)) %"),
      ("checksum", "\(checksum), on all workers"),
    ]
    let heading =
      "all-reduce of \(megabytes) MB over \(counted(ranks, "worker"))"
      + (hosts == 1 ? "" : " of \(hosts) hosts") + ", transport \(transport), median of \(repeats)"
    return
      ([heading]
      + rows.map { name, value in
        "  " + name + String(repeating: " ", count: 21 - name.count) + value
      }).joined(separator: "\n")
  }
}

/// The median; 0 for no values.
private func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  guard let last = sorted.indices.last else { return 0 }
  return (sorted[last / 2] + sorted[(last + 1) / 2]) / 2
}
