public import ArgumentParser
public import Collective
import Glibc
import RunControl
import Wire

/// The flags about communication between workers.
struct RingFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How gradients get from worker to worker: through memory that all see (shm), Unix-domain sockets (ipc) or TCP "
        + "(tcp). auto is shm where it can be had.",
      valueName: "name"))
  var transport = TransportName.auto

  @Option(
    name: .customLong("shm-size"),
    help: ArgumentHelp(
      "The most memory that shm may take, with K, M or G. (default: as much as the gradients need)",
      valueName: "size"),
    transform: ByteCount.init(parsing:))
  var memoryLimit: ByteCount?

  @Option(
    name: .customLong("ring-address"),
    help: ArgumentHelp("The IP address whose ports tcp uses.", valueName: "addr"))
  var address = "127.0.0.1"

  @Option(
    help: ArgumentHelp(
      "How long a worker may be silent in a part of a step before it counts as stuck. In a training, starting, a "
        + "batch of evaluation and a checkpoint may take twice as long.",
      valueName: "seconds"))
  var hangTimeout = 300.0

  /// The flags' long names; each takes one value.
  static let names: Set = ["--transport", "--shm-size", "--ring-address", "--hang-timeout"]

  func validate() throws {
    guard isAddress(address) else {
      throw ValidationError(
        "--ring-address has to be an IP address of this host, as 127.0.0.1 or ::1, and is '\(address)'.")
    }
    guard !isEveryAddress(address) else {
      throw ValidationError(
        "--ring-address \(address) stands for all addresses of this host, and the workers meet at one: name it, as "
          + "127.0.0.1, or one of those that `hostname -I` shows.")
    }
    // The workers could not meet at a foreign address, and would report that as a defect.
    guard transport != .tcp || IPAddress(address)?.isOwn == true else {
      throw ValidationError(
        "--ring-address \(address) is none of this host's addresses: take 127.0.0.1, or one of those that `hostname -I` "
          + "shows.")
    }
    guard hangTimeout > 0, hangTimeout <= 604_800 else {
      throw ValidationError(
        "--hang-timeout has to lie above 0 seconds and up to a week, and is \(hangTimeout).")
    }
  }

  /// Where the workers of a run meet, as for rank 0.
  func rendezvous(_ run: RunIdentifier, attempt: Int, size: Int) -> RingRendezvous {
    var rendezvous = RingRendezvous(
      // The folder is set later: each attempt has its own.
      rank: 0, size: size, run: run.text, generation: attempt, directory: "")
    rendezvous.transport = transport
    rendezvous.address = address
    rendezvous.timeouts.silence = .seconds(hangTimeout)
    if size > 1, transport == .auto || transport == .shm {
      rendezvous.memory = RingRendezvous.SharedMemory(
        descriptor: WorkerProcess.memoryDescriptor, limit: memoryLimit?.bytes)
    }
    return rendezvous
  }

  /// Flags that were given but have no effect, a sentence each.
  var notes: [String] {
    var notes: [String] = []
    if memoryLimit != nil, transport == .ipc || transport == .tcp {
      notes.append("--shm-size has no effect with --transport \(transport.rawValue)")
    }
    if address != "127.0.0.1", transport != .tcp {
      notes.append("--ring-address has no effect without --transport tcp")
    }
    return notes
  }
}

extension TransportName: ExpressibleByArgument {}

/// Whether it is the wildcard address of either family, on which one can listen but to which nobody can
/// connect.
private func isEveryAddress(_ text: String) -> Bool {
  var four = in_addr()
  if inet_pton(AF_INET, text, &four) == 1 { return four.s_addr == INADDR_ANY }
  var six = in6_addr()
  guard inet_pton(AF_INET6, text, &six) == 1 else { return false }
  let bytes = withUnsafeBytes(of: &six, Array.init)
  return bytes.suffix(4).allSatisfy { $0 == 0 }
    && (bytes.prefix(12).allSatisfy { $0 == 0 }
      || bytes.prefix(12) == Array(repeating: 0, count: 10) + [255, 255])
}

private func isAddress(_ text: String) -> Bool {
  var bytes = in6_addr()
  return inet_pton(AF_INET, text, &bytes) == 1 || inet_pton(AF_INET6, text, &bytes) == 1
}

/// A number of bytes with an optional suffix: `65536`, `512M`, `2G`.
struct ByteCount: Equatable, Sendable {
  let bytes: Int

  private static let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]

  init(parsing text: String) throws {
    let unit = text.last.flatMap { Self.units[Character($0.uppercased())] }
    let digits = unit == nil ? text[...] : text.dropLast()
    guard let count = Int(digits), count > 0, digits.allSatisfy(\.isNumber) else { throw Self.refusal }
    let (bytes, overflows) = count.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflows else { throw Self.refusal }
    self.bytes = bytes
  }

  private static let refusal = ValidationError(
    "It has to be a number of bytes above 0, or one with K, M or G behind it, as in 512M.")
}
