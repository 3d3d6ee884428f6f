import Foundation
import Glibc
import Testing

extension EndToEnd {
  /// Workers that die or stop, and launchers that die, at random moments.
  @Suite struct FaultSweepTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// `make soak` asks for more of them.
    private static let count = ProcessInfo.processInfo.environment["TWINS_SOAK"].flatMap { Int($0) } ?? 6

    @Test(arguments: (0..<count).map(Fault.init))
    func `a fault ends a run in time, is named and leaves nothing`(_ fault: Fault) throws {
      let run = try ProgramRun(.launcher, fault.arguments, in: place)
      let worker = try run.waitForWorker(fault.rank)
      usleep(fault.delay)
      let start = ContinuousClock.now
      switch fault.kind {
      case .killedWorker: kill(worker, SIGKILL)
      case .stoppedWorker: kill(worker, SIGSTOP)
      case .killedLauncher: run.send(SIGKILL)
      }
      let end = try run.finish(within: fault.limit)
      try run.waitUntilWorkersAreGone(until: start + fault.limit)
      #expect(place.leftovers.isEmpty)
      expect(end, after: fault)
    }

    private func expect(_ end: ProgramRun.End, after fault: Fault) {
      #expect(end.output.isEmpty)
      switch fault.kind {
      case .killedLauncher:
        #expect(end.status == 128 + SIGKILL)
      case .killedWorker:
        #expect(end.status == 128 + SIGKILL, "\(end.errors)")
        #expect(end.errors.contains("── rank \(fault.rank) failed, and the run was stopped"))
      case .stoppedWorker:
        // The stopped one cannot fail by itself: another gives up, and the report says on whom.
        #expect(end.status == Status.software, "\(end.errors)")
        #expect(end.errors.contains("   likely   rank \(fault.rank) was stopped, "), "\(end.errors)")
      }
    }
  }
}
