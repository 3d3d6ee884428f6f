import System
import Torch

/// The devices of this machine: those that libtorch can use, and the cards present.
struct DeviceSurvey {
  /// Devices that this process can use, except the CPU.
  var counts: [Device.Kind: Int] = [:]
  /// Why there is no device of a kind, in its library's words.
  var faults: [Device.Kind: String] = [:]
  /// Whether libtorch was built for CUDA.
  var isForCUDA = false
  /// Whether a library has registered a device with libtorch.
  var hasLibrary = false
  /// The machine's cards, found by their drivers' files.
  var cards: [Cards] = []
  /// libtorch's name in sentences.
  var libtorch = "libtorch"

  /// The first kind with a device for every worker of this host, otherwise the CPU; all workers use the same
  /// kind.
  func kind(forWorkers workers: Int) -> Device.Kind {
    [.npu, .cuda].first { count(of: $0) >= workers } ?? .cpu
  }

  func count(of kind: Device.Kind) -> Int { counts[kind] ?? 0 }

  /// Why a device of this number does not exist, and what to do.
  func refusal(of kind: Device.Kind, number: Int) -> String {
    "device \(kind) number \(number) is not there: \(libtorch) sees \(count(of: kind)). "
      + (reason(kind) ?? "This machine has none that it could see.") + " On the CPU: --device cpu."
  }

  /// A note for users who named no device, if workers use the CPU although there are cards; otherwise nil.
  func note(workers: Int) -> String? {
    guard kind(forWorkers: workers) == .cpu else { return nil }
    if let (kind, count) = counts.filter({ $0.value > 0 }).max(by: { $0.value < $1.value }) {
      return
        "\(counted(workers, "worker computes", "workers compute")) on the CPU, since there \(noun(count, "is", "are")) \(counted(count, "device")) of kind \(kind): "
        + "with --nproc \(count) each has one"
    }
    guard let most = cards.filter({ $0.count > 0 }).max(by: { $0.count < $1.count }) else { return nil }
    let kind: Device.Kind = most.maker == .ascend ? .npu : .cuda
    return "computing on the CPU, though this machine has \(cardText(most)). "
      + (reason(kind) ?? "Libtorch sees none of them.")
  }

  /// Why this process sees too few devices of a kind, and what to do; nil if unknown.
  private func reason(_ kind: Device.Kind) -> String? {
    let count = count(of: kind)
    let cards = cards.first { ($0.maker == .ascend) == (kind == .npu) }
    if let fault = cards?.fault { return "\(fault): unset the variable, or name some." }
    if count > 0 { return "Take --nproc \(count), which gives each worker a card of its own." }
    if let hidden = cards, hidden.present > 0, hidden.count == 0 {
      return
        "\(hidden.maker.variable) leaves none of the machine's \(hidden.present): unset it, or name some."
    }
    switch kind {
    case .cpu: return nil
    case .cuda where !isForCUDA:
      return
        "It is a build for the CPU alone: scripts/setup --cuda fetches the other, make build then builds for it."
    case .npu where !hasLibrary:
      return
        "No library has registered one: name Ascend's by --device-library FILE, or in \(deviceLibraryVariable)."
    case .npu, .cuda:
      if let fault = faults[kind] { return "Its words: \(fault)." }
      return kind == .npu
        ? "The library is there and finds no card: npu-smi info shows what the driver sees." : nil
    }
  }

  private func cardText(_ cards: Cards) -> String {
    "\(counted(cards.count, "\(cards.maker.rawValue) card")) (/dev/\(cards.maker.file)…)"
  }
}

/// The variable that names the device library if `--device-library` does not.
let deviceLibraryVariable = "TWINS_DEVICE_LIBRARY"

extension DeviceSurvey {
  /// Surveys the machine, once the device library is open.
  static func now(_ environment: [String: String]) -> DeviceSurvey {
    var survey = DeviceSurvey()
    for kind in [Device.Kind.npu, .cuda] {
      survey.counts[kind] = Device.count(of: kind)
      survey.faults[kind] = Device.fault(of: kind)
    }
    survey.isForCUDA = Runtime.isForCUDA
    survey.hasLibrary = Runtime.hasRegisteredDevice
    survey.cards = Cards.ofThisMachine(environment: environment)
    survey.libtorch = "libtorch \(Runtime.version) (\(Runtime.path))"
    return survey
  }
}
