import ArgumentParser
import Flags
import FoundationEssentials
import Glibc
import NIOCore
import Recipe
import RunControl
import System
import SystemPackage

/// Serves a live page on a run, in a process beside it that does not touch the run.
@main
struct TwinsPage: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "twins-page",
    abstract: "Serve a page that shows how a run goes, and follows it.",
    usage: "twins-launch watch RUN --http ADDRESS [--token FILE]",
    discussion: """
      It reads the run's files and asks its launcher: it can start, end and come back without touching the run. Only programs \
      of this machine reach it, unless there is a token, which is the first line of a file or the variable \
      \(variable); who has it opens the page once with ?token=… behind its address.
      /metrics has the figures as Prometheus reads them.
      """,
    version: "twins-page \(programVersion)")

  private static let variable = "TWINS_PAGE_TOKEN"

  @Argument(help: ArgumentHelp("The run's folder, its output folder, or its name.", valueName: "run"))
  var target: String

  @Option(
    help: ArgumentHelp("Where to serve it; port 0 has the system choose one.", valueName: "address:port"))
  var http: String

  @Option(
    help: ArgumentHelp("A file whose first line is to be known to whoever sees the page.", valueName: "file"))
  var token: String?

  func run() async throws {
    do {
      try await serve(ProcessInfo.processInfo.environment)
    } catch let error as LaunchError {
      let line = Array("twins-page: \(error)\n".utf8)
      _ = line.withUnsafeBytes { writeAll($0, to: STDERR_FILENO) }
      throw ExitCode(error.exitStatus.rawValue)
    }
  }

  private func serve(_ environment: [String: String]) async throws {
    // A low priority: training comes first.
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    guard let address = PageAddress(http) else {
      throw LaunchError(
        "--http \(masked(http)) is no address: name one as in 127.0.0.1:8265, [::1]:8265 or 8265.",
        exitStatus: .usage)
    }
    let token = try token(environment)
    guard token != nil || address.isLoopback else {
      throw LaunchError(
        "--http \(address.host) can be reached from other machines: name a file with --token, or serve 127.0.0.1 and come "
          + "through ssh -L \(address.port):127.0.0.1:\(address.port)", exitStatus: .usage)
    }
    let folder = try RunFolder.named(target, environment: environment)
    let feed: RunFeed
    do {
      let reader = Monitor(RunReader(folder))
      feed = try RunFeed { reader.withLock { $0.look() } }
    } catch {
      throw LaunchError(error)
    }
    let responder = PageResponder(
      feed: feed, admission: Admission(token: token, names: [address.host, ownHostName]))
    do {
      try await PageServer.run(responder, at: address) { port in
        print(address.url(port: port))
        fflush(nil)
      }
    } catch let error as IOError {
      throw LaunchError(
        "cannot serve \(masked(http)): \(errorText(error.errnoCode)). Likely another program has that port: name another one, or 0 "
          + "for a free one.", exitStatus: .inputOutput)
    }
  }

  private func token(_ environment: [String: String]) throws(LaunchError) -> String? {
    guard let token else {
      return try environment[Self.variable].map { text throws(LaunchError) in
        try Admission.token(in: text, from: Self.variable)
      }
    }
    do {
      let text = String(decoding: try RegularFile.contents(of: FilePath(token)), as: UTF8.self)
      return try Admission.token(in: text, from: masked(token))
    } catch let error as LaunchError {
      throw error
    } catch {
      throw LaunchError("cannot read the token: \(error)", exitStatus: .missingInput)
    }
  }
}
