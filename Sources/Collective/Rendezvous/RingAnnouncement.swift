internal import Glibc
internal import Wire

/// Where a rank listens, as it says in a file of the meeting's folder.
struct RingAnnouncement: Equatable {
  let run: String
  let generation: Int
  let process: Int32
  let address: IPAddress
  let port: UInt16
  /// A random name of this one listener.
  let token: String

  var endpoint: Endpoint { .tcp(address, port: port) }

  /// What a file holds: one value a line.
  var text: String {
    [
      Self.title, String(FrameHeader.digest(ofRun: run)), "\(generation)", "\(process)", "\(address)",
      "\(port)",
      token,
    ].joined(separator: "\n")
  }

  private static let title = "twins-launch ring 1"

  /// Reads a file of this run and start whose writer is alive; nil for any other, which a dead run has left.
  init?(_ text: String, run: String, generation: Int) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.count == 7, lines[0] == Self.title, UInt64(lines[1]) == FrameHeader.digest(ofRun: run),
      Int(lines[2]) == generation, let process = Int32(lines[3]), process > 0,
      let address = IPAddress(lines[4]), let port = UInt16(lines[5])
    else { return nil }
    // A process of another host cannot be asked for.
    guard !address.isLoopback || kill(process, 0) == 0 || errno == EPERM else { return nil }
    self.init(
      run: run, generation: generation, process: process, address: address, port: port, token: lines[6])
  }

  init(
    run: String, generation: Int, process: Int32 = getpid(), address: IPAddress, port: UInt16, token: String
  ) {
    self.run = run
    self.generation = generation
    self.process = process
    self.address = address
    self.port = port
    self.token = token
  }
}
