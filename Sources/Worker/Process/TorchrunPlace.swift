import Collective
import Foundation
import Glibc
import Recipe
import System
import Wire
import WorkerLink

/// The place that torchrun gives a worker, without this project's launcher.
struct TorchrunPlace: Equatable {
  let rank: Int
  let worldSize: Int
  let localRank: Int
  let localWorldSize: Int
  let host: Int
  let hosts: Int
  let masterAddress: String
  let masterPort: UInt16
  let run: String
  let restarts: Int
  /// Whether torchrun keeps a store at the master's port; otherwise rank 0 must.
  let launcherKeepsStore: Bool
  /// The folder in which this host's workers make their meeting folder.
  let parent: String

  /// Nil for a single worker, and if torchrun has not named the run.
  ///
  /// Throws if a variable is missing or contradicts another.
  init?(_ environment: [String: String]) throws(RecipeError) {
    guard let run = environment[TorchrunVariable.run.rawValue] else { return nil }
    func number(_ name: String, _ range: ClosedRange<Int>) throws(RecipeError) -> Int {
      guard let value = environment[name].flatMap({ Int($0) }), range.contains(value) else {
        throw Self.refusal("\(name)='\(environment[name] ?? "")' is no number that fits")
      }
      return value
    }
    worldSize = try number(RingRendezvous.sizeVariable, 1...65_535)
    guard worldSize > 1 else { return nil }
    rank = try number(RingRendezvous.rankVariable, 0...worldSize - 1)
    localWorldSize = try number(TorchrunVariable.localWorldSize.rawValue, 1...worldSize)
    localRank = try number(TorchrunVariable.localRank.rawValue, 0...localWorldSize - 1)
    hosts = try number(TorchrunVariable.hostCount.rawValue, 1...worldSize)
    host = try number(TorchrunVariable.hostRank.rawValue, 0...hosts - 1)
    restarts = try number(TorchrunVariable.restarts.rawValue, 0...Int(Int32.max))
    masterPort = UInt16(try number(TorchrunVariable.masterPort.rawValue, 1...65_535))
    masterAddress = environment[TorchrunVariable.masterAddress.rawValue] ?? ""
    launcherKeepsStore = environment[TorchrunVariable.launcherStore.rawValue] == "True"
    let wished = environment["TMPDIR"] ?? ""
    parent = wished.hasPrefix("/") && wished.utf8.count <= Self.longestParent ? wished : "/tmp"
    self.run = run
    try check()
  }

  /// The rank that torchrun gave this process, if it started it.
  static func rank(_ environment: [String: String]) -> Int? {
    guard environment[TorchrunVariable.run.rawValue] != nil else { return nil }
    return environment[RingRendezvous.rankVariable].flatMap { Int($0) }
  }

  /// A socket's path may have 107 bytes; this leaves room for the names below.
  private static let longestParent = 40

  private func check() throws(RecipeError) {
    guard !masterAddress.isEmpty else { throw Self.refusal("MASTER_ADDR is missing") }
    guard worldSize == hosts * localWorldSize else {
      throw Self.refusal(
        "WORLD_SIZE=\(worldSize) is not GROUP_WORLD_SIZE=\(hosts) times LOCAL_WORLD_SIZE=\(localWorldSize), and every host "
          + "needs as many workers")
    }
    guard rank == host * localWorldSize + localRank else {
      throw Self.refusal(
        "RANK=\(rank) is not that of LOCAL_RANK=\(localRank) on GROUP_RANK=\(host), which is "
          + "\(host * localWorldSize + localRank)")
    }
  }

  private static func refusal(_ reason: String) -> RecipeError {
    RecipeError(
      "\(reason): torchrun sets this for its workers. Start them with torchrun --no-python, as many on every host, or with "
        + "twins-launch; one alone without \(TorchrunVariable.run.rawValue).", exitStatus: .badConfiguration)
  }
}

extension TorchrunPlace {
  /// How this host's workers meet, in a folder of this attempt.
  var rendezvous: RingRendezvous {
    let name = Array("\(run)\n\(masterAddress)\n\(masterPort)".utf8)
    let digest = String(name.withUnsafeBytes { CRC32C(of: $0) }.value, radix: 16)
    var rendezvous = RingRendezvous(
      rank: localRank, size: localWorldSize, run: run, generation: restarts,
      directory: "\(parent)/twins-torchrun-\(geteuid())-\(digest)-\(host)-\(restarts)")
    rendezvous.firstRank = host * localWorldSize
    rendezvous.isUnattended = true
    return rendezvous
  }

  /// How they reach other hosts' workers, without this host's own address; nil if there are none.
  var link: HostLink? {
    hosts == 1
      ? nil
      : HostLink(
        hosts: hosts, host: host, address: "", storeAddress: masterAddress, storePort: masterPort, run: run,
        generation: restarts)
  }

  /// Adds this host's address, that of its route to the master, and on rank 0 a socket for the store if
  /// torchrun keeps none.
  func located(_ link: HostLink) throws(CollectiveError) -> HostLink {
    guard let own = IPAddress.own(towards: masterAddress, port: masterPort) else {
      throw .noRoute(
        detail: "no way leads from this host to MASTER_ADDR=\(masterAddress), where the workers meet")
    }
    guard !own.isLoopback || IPAddress(masterAddress)?.isLoopback == true else {
      throw .refused(
        detail:
          "MASTER_ADDR=\(masterAddress) leads to loopback on this host, where no other host can come: give torchrun "
          + "an address of host 0 that all reach (--local-addr, or --master-addr)")
    }
    var link = link
    link.address = own.description
    guard rank == 0, !launcherKeepsStore else { return link }
    guard let (socket, _) = own.listen(port: masterPort) else {
      throw .setup(
        rank: rank, detail: "cannot listen at \(own), port \(masterPort): \(errorText(errno))"
      )
    }
    link.storeSocket = socket
    return link
  }
}

extension Failure {
  /// Writes the error where torchrun's report, or that of twins-launch --exec, looks for a worker's message.
  func leave(_ environment: [String: String]) {
    guard let path = environment[TorchrunVariable.errorFile.rawValue] else { return }
    // torchrun's report shows the call stack; twins-launch shows the message.
    let words = ErrorFile(
      message: .init(
        message: description,
        extraInfo: ["py_callstack": description, "timestamp": "\(Int(Date().timeIntervalSince1970))"]))
    try? JSONEncoder().encode(words).write(to: URL(fileURLWithPath: path))
  }

  private struct ErrorFile: Encodable {
    let message: Message

    struct Message: Encodable {
      let message: String
      let extraInfo: [String: String]
    }
  }
}
