import Drawing
import Flags
import FoundationEssentials
import Recipe
import RunControl
import System

/// The cards that the workers of this host may use.
struct WorkerCards {
  private let environment: [String: String]
  private let choice: DeviceChoice?
  /// The library that registers a device, where the user names one by a flag or a variable.
  private let library: String?

  /// - Parameter choice: Nil where the user has named no device.
  init(for choice: DeviceChoice?, library: String? = nil, environment: [String: String]) {
    self.choice = choice
    self.environment = environment
    let named = environment["TWINS_DEVICE_LIBRARY"].flatMap { $0.isEmpty ? nil : $0 }
    self.library = choice == .cpu ? nil : library ?? named
  }

  /// Those of the kind asked for, or else of the maker who has more of them here.
  var ofDrivers: Cards? {
    let all = Cards.ofThisMachine(environment: environment)
    switch choice {
    case .cpu: return nil
    case .cuda, .gpu, .gp: return all.first { $0.maker == .nvidia }
    case .npu: return all.first { $0.maker == .ascend }
    case nil: return all.max { $0.count < $1.count }
    }
  }

  /// How many there are by the files of their drivers and the user's variables.
  var count: Int { ofDrivers?.count ?? 0 }

  /// How many there are, of which a worker asks the library where there is one: it knows cards that no file tells of.
  func counted(by program: String, _ signals: borrowing SignalReader) throws(LaunchError) -> Int {
    guard let library, !WorkerProgram.isNamed(by: environment) else { return count }
    let question = WorkerCommand(
      program: program, task: WorkerTask(arguments: ["devices", "--count", "--device-library", library]),
      environment: environment)
    let answer = try Rehearsal(question, signals)
    if let refusal = answer.refusal { throw refusal }
    return Int(answer.output.filter { $0 != "\n" }) ?? count
  }
}
