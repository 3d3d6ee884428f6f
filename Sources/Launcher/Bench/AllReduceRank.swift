import ArgumentParser
import CLinux
import Collective
import FoundationEssentials
import Recipe

/// One worker of `bench all-reduce`: the launcher's own program, so that it starts in milliseconds.
struct AllReduceRank: ParsableCommand {
  static let name = "all-reduce-rank"
  static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

  /// All ranks start within moments: one that is not there by then is stuck.
  private static let patience = Duration.seconds(10)

  @OptionGroup var work: AllReduceFlags

  func run() throws {
    do {
      try measure(ProcessInfo.processInfo.environment)
    } catch let error as CollectiveError {
      throw refusal(
        LaunchError(error.description, exitCode: error.isOfConfiguration ? .badConfiguration : .software))
    } catch let error as RingMeeting.BadVariable {
      throw refusal(LaunchError(error.description, exitCode: .badConfiguration))
    } catch let error as LaunchError {
      throw refusal(error)
    }
  }

  private func measure(_ environment: [String: String]) throws {
    guard var meeting = try RingMeeting(environment: environment) else {
      throw LaunchError("\(Self.name) is started by `twins-launch bench all-reduce`.", exitCode: .usage)
    }
    Lifeline.watch(environment, folder: meeting.directory)
    linux_keep_memory()
    meeting.deadline = Self.patience
    let group = try meeting.join()
    let measurement = try AllReduceMeasurement(
      group, count: work.megabytes << 20 / MemoryLayout<Float>.stride)
    let samples = try measurement.samples(count: work.repeats)
    if group.rank == 0 {
      let report = AllReduceReport(
        samples, transport: meeting.transport, ranks: group.size, megabytes: work.megabytes,
        checksum: measurement.checksum)
      print(work.json ? try report.json : report.text)
    }
    group.close()
  }
}
