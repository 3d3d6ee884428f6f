import ArgumentParser
import Collective
import Engines
import Flags
import Foundation
import System
import Torch

/// `devices`: lists the devices to compute on.
struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say which libtorch this is, which cards it sees, and which cards the machine has.")

  @Option(
    help: ArgumentHelp("As that of train.", valueName: "file"), transform: withHomeFolder)
  var deviceLibrary: String?

  @Flag(help: "Print only how many workers would have a card each.")
  var count = false

  @Flag(help: "Print one JSON object, as `twins-launch doctor` reads it.")
  var json = false

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    try DeviceLibrary.open(deviceLibrary, for: nil, environment)
    let survey = DeviceSurvey.now(environment)
    if json { return Swift.print(try jsonLine(DeviceReport(survey))) }
    print(count ? "\(survey.counts.values.max() ?? 0)" : survey.text)
  }
}

extension DeviceSurvey {
  /// The survey as text for people.
  var text: String {
    let seen = [Device.Kind.cuda, .npu].map { kind in
      "\(kind): \(count(of: kind))" + (faults[kind].map { " (\($0))" } ?? "")
    }
    let there = cards.filter { $0.present > 0 }.map { cards in
      "\(cards.maker.rawValue) cards of this machine: \(cards.present)"
        + (cards.count < cards.present ? ", of which \(cards.maker.variable) leaves \(cards.count)" : "")
    }
    let first = "\(libtorch), built for \(isForCUDA ? "CUDA" : "the CPU alone")"
    let kernels = "kernels: " + (Runtime.kernels ?? "none that run on this processor; libtorch does all")
    let sums = sums.map { "sums over cards: \($0)" }
    return ([first, kernels] + seen + [sums].compactMap(\.self) + there + cards.compactMap(\.fault)).joined(
      separator: "\n")
  }

  /// Which library sums over the cards, or why none does; nil without cards.
  fileprivate var sums: String? {
    guard let kind = [Device.Kind.cuda, .npu].first(where: { count(of: $0) > 0 }) else { return nil }
    do throws(EngineFailure) {
      return try CardLibrary(of: kind).name()
    } catch {
      return "in the host's memory, since \(error)"
    }
  }
}

/// The survey as JSON for programs.
private struct DeviceReport: Encodable {
  let libtorch = Runtime.version
  let libtorchPath = Runtime.path
  let builtForCuda: Bool
  let instructionSet = Runtime.instructionSet
  let kernels = Runtime.kernels
  let bfloat16Products = Runtime.bfloat16Products
  let compiler = Runtime.compiler
  let cuda: Int
  let npu: Int
  /// Which library sums over the cards; nil without cards.
  let sums: String?
  /// Why the CPU is used although the machine has cards; nil if it has none, or they are usable.
  let note: String?

  init(_ survey: DeviceSurvey) {
    (builtForCuda, cuda, npu) = (survey.isForCUDA, survey.count(of: .cuda), survey.count(of: .npu))
    sums = survey.sums
    note = survey.note(workers: 1)
  }
}
