import Flags
import Glibc
import Output
import Recipe
import RunControl
import System
import Wire

/// What the launcher of one of several hosts holds before it has met the others.
final class HostStart {
  let plan: HostPlan
  private let timeouts: HostTimeouts
  private let key: RendezvousKey?
  /// On host 0, the socket for the others. It opens at the start, so that none has to dial twice.
  private let star: HostStar?

  var isFirst: Bool { plan.host == 0 }

  /// Nil where the run has one host.
  init?(_ flags: HostFlags, environment: [String: String]) throws(LaunchError) {
    guard let plan = try HostPlan.found(flags: flags.clues, environment: environment) else { return nil }
    self.plan = plan
    timeouts = flags.timeouts
    key = try RendezvousKey.found(file: flags.keyFile, environment: environment)
    star = plan.host == 0 ? try HostStar(at: plan.meeting, key: key) : nil
  }

  /// A sentence about it for the user.
  var note: String {
    let trust =
      key == nil
      ? "; without a key (--rdzv-key-file) whoever is in this network can take part" : ""
    // A name need not resolve yet.
    let place =
      isFirst && IPAddress(plan.meeting.host) == nil
      ? ", where \(plan.meeting.host) has to lead: it listens at port \(plan.meeting.port) of all its addresses"
      : ""
    return plan.line + place + trust
  }

  /// Returns host 0's side of a run that is about to start.
  ///
  /// - Parameters:
  ///    - recipe: Nil where nothing is trained.
  ///    - asked: The recipe by the flags alone, which must be the same on all hosts.
  func lead(_ run: Launch, _ recipe: Recipe?, asked: Recipe?) -> HostLead? {
    star.map { HostLead(plan, description(of: run, asked, named: run.runIdentifier), recipe, timeouts, $0) }
  }

  /// Takes part as a host other than the first; returns the exit status once the run is over.
  func follow(
    _ run: Launch, asked: Recipe?, named name: RunIdentifier?, signals: consuming SignalReader,
    control: ControlServer?
  ) throws(LaunchError) -> CInt {
    try Deputy(
      run, plan, description(of: run, asked, named: name?.text), timeouts, key: key, signals: signals,
      control: control
    ).run()
  }

  private func description(of run: Launch, _ recipe: Recipe?, named name: String?) -> HostDescription {
    HostDescription(
      host: plan.host, hosts: plan.hosts, workers: run.size, version: programVersion, recipe: recipe?.digest,
      values: recipe.map(RecipeValues.init), run: name, name: ownHostName,
      output: isFirst ? run.keptIn : nil, launcher: .random(in: .min ... .max),
      boot: (ProcFS.text("/proc/sys/kernel/random/boot_id") ?? "").filter { !$0.isWhitespace }, address: "",
      dialled: "")
  }

  /// Describes the owner of a folder, for whoever finds it locked; with the run's name where that was given.
  func owner(named run: RunIdentifier) -> String {
    "pid \(getpid()) on \(ownHostName)" + (isFirst ? ", run \(run.text)" : "")
  }
}

/// A launcher that ends before it has met the others, which would otherwise wait for it.
extension HostStart {
  /// For how long the others are told why there is no run.
  private static let patience = Duration.seconds(5)

  /// Tells the other hosts that connect now, or host 0, why this launcher ends.
  func turnAway(_ error: any Error) {
    let (reason, status): (String, ExitStatus) =
      switch error {
      case let error as LaunchError: (error.description, error.exitStatus)
      case let error as OutputError: (error.description, error.exitStatus)
      case let error as RecipeError: (error.description, error.exitStatus)
      default: ("\(error)", .usage)
      }
    let deadline = ContinuousClock.now + Self.patience
    if let star {
      star.awaitFarewells(
        of: Set(1..<plan.hosts),
        told: .finish(status: status.rawValue, Console.line("host 0 ends: \(reason)")), until: deadline)
      star.close()
    } else {
      tellFirst(
        HostTrouble(host: plan.host, name: ownHostName, reason: reason, status: status.rawValue),
        until: deadline)
    }
  }

  private func tellFirst(_ trouble: HostTrouble, until deadline: ContinuousClock.Instant) {
    guard let dial = try? HostDial(plan.meeting, key: key) else { return }
    defer { dial.close() }
    while .now < deadline {
      waitBriefly(for: dial.descriptors, isBusy: dial.hasInput)
      while let news = try? dial.next() {
        switch news {
        case .connected(_, let far): if dial.mayTalk(to: far) { dial.send(.unable(trouble)) }
        // It has heard.
        case .order: return
        case .disconnected, .refused, .dropped: break
        }
      }
    }
  }
}
