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
  /// The library that registers a device type, where a flag or variable of the user names one.
  private let library: String?

  /// - Parameter choice: Nil where the user has named no device.
  init(for choice: DeviceChoice?, library: String? = nil, environment: [String: String]) {
    self.choice = choice
    self.environment = environment
    let named = environment["TWINS_DEVICE_LIBRARY"].flatMap { $0.isEmpty ? nil : $0 }
    self.library = choice == .cpu ? nil : library ?? named
  }

  /// The cards of the requested kind, or else of the vendor with the most cards here.
  var ofDrivers: Cards? { eligible.max { $0.count < $1.count } }

  /// What is wrong with the variables that select cards, a sentence each.
  var faults: [String] { eligible.compactMap(\.fault) }

  /// The cards of the requested kind, or else of all kinds.
  private var eligible: [Cards] {
    let all = Cards.ofThisMachine(environment: environment)
    switch choice {
    case .cpu: return []
    case .cuda, .gpu, .gp: return all.filter { $0.maker == .nvidia }
    case .npu: return all.filter { $0.maker == .ascend }
    case nil: return all
    }
  }

  /// The number of cards by the drivers' files and the user's variables.
  var count: Int { ofDrivers?.count ?? 0 }

  /// The number of cards; where a library registers the device, a worker asks it, since it may know cards
  /// without files.
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
