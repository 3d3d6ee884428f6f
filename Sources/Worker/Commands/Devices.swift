import ArgumentParser
import Flags
import Foundation
import System
import Torch

/// `devices`: what there is to compute on.
struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say which libtorch this is, which cards it sees, and which cards the machine has.")

  @Option(
    help: ArgumentHelp("As that of train.", valueName: "file"), transform: withHomeFolder)
  var deviceLibrary: String?

  @Flag(help: "Print only how many workers would have a card each.")
  var count = false

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    try DeviceLibrary.open(deviceLibrary, for: nil, environment)
    let survey = DeviceSurvey.now(environment)
    print(count ? "\(survey.counts.values.max() ?? 0)" : survey.text)
  }
}

extension DeviceSurvey {
  /// The survey as people read it.
  var text: String {
    let seen = [Device.Kind.cuda, .npu].map { kind in
      "\(kind): \(count(of: kind))" + (faults[kind].map { " (\($0))" } ?? "")
    }
    let there = cards.filter { $0.present > 0 }.map { cards in
      "\(cards.maker.rawValue) cards of this machine: \(cards.present)"
        + (cards.count < cards.present ? ", of which \(cards.maker.variable) leaves \(cards.count)" : "")
    }
    let first = "\(libtorch), built for \(isForCUDA ? "CUDA" : "the CPU alone")"
    return ([first] + seen + there).joined(separator: "\n")
  }
}
