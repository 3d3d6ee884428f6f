import System
import Testing
import Torch

@testable import Worker

@Suite struct DeviceSurveyTests {
  private func cards(_ files: String..., environment: [String: String] = [:]) -> [Cards] {
    Cards.Maker.allCases.map { Cards(of: $0, files: files, environment: environment) }
  }

  private let plain = DeviceSurvey(libtorch: "libtorch 2.13.0 (/l/libtorch_cpu.so)")

  @Test func `a machine without cards has nothing to note`() {
    #expect(plain.note(workers: 8) == nil)
    #expect(plain.kind(forWorkers: 1) == .cpu)
  }

  @Test func `a CPU build beside cards says so, and how to get the other`() throws {
    var survey = plain
    survey.cards = cards("nvidia0", "nvidia1")
    let note = try #require(survey.note(workers: 2))
    #expect(note.contains("computing on the CPU, though this machine has 2 NVIDIA cards (/dev/nvidia"))
    #expect(note.contains("a build for the CPU alone: scripts/setup --cuda fetches the other"))
    let refusal = survey.refusal(of: .cuda, number: 0)
    #expect(
      refusal.hasPrefix("device cuda number 0 is not there: libtorch 2.13.0 (/l/libtorch_cpu.so) sees 0."))
    #expect(refusal.contains("scripts/setup --cuda") && refusal.hasSuffix("On the CPU: --device cpu."))
  }

  @Test func `a driver that libtorch cannot use is named in its words`() throws {
    var survey = plain
    (survey.isForCUDA, survey.cards) = (true, cards("nvidia0"))
    survey.faults[.cuda] = "The NVIDIA driver on your system is too old"
    #expect(
      try #require(survey.note(workers: 1)).contains(
        "Its words: The NVIDIA driver on your system is too old."))
    #expect(survey.refusal(of: .cuda, number: 0).contains("too old"))
  }

  @Test func `Ascend cards without their library say how to name it`() throws {
    var survey = plain
    survey.cards = cards("davinci0", "davinci_manager")
    let note = try #require(survey.note(workers: 1))
    #expect(note.contains("1 Ascend card (/dev/davinci"))
    #expect(note.contains("--device-library FILE, or in TWINS_DEVICE_LIBRARY"))
    #expect(survey.refusal(of: .npu, number: 0).contains("--device-library FILE"))
  }

  @Test func `more workers than cards are told of, and of the number that fits`() throws {
    var survey = plain
    (survey.counts, survey.isForCUDA) = ([.cuda: 8, .npu: 0], true)
    #expect(survey.kind(forWorkers: 8) == .cuda)
    #expect(survey.note(workers: 8) == nil)
    #expect(survey.kind(forWorkers: 12) == .cpu)
    let note = try #require(survey.note(workers: 12))
    #expect(
      note
        == "12 workers compute on the CPU, since there are 8 devices of kind cuda: with --nproc 8 each has one"
    )
    #expect(survey.refusal(of: .cuda, number: 8).contains("sees 8. Take --nproc 8"))
  }

  @Test func `cards that the user has hidden are no cards, and asked for they say so`() {
    var survey = plain
    survey.cards = cards("nvidia0", "nvidia1", environment: ["CUDA_VISIBLE_DEVICES": "-1"])
    #expect(survey.note(workers: 1) == nil)
    #expect(
      survey.refusal(of: .cuda, number: 0).contains("CUDA_VISIBLE_DEVICES leaves none of the machine's 2"))
  }

  @Test func `a variable that names no card is what a refusal says`() {
    var survey = plain
    survey.cards = cards("nvidia0", environment: ["CUDA_VISIBLE_DEVICES": "garbage"])
    let refusal = survey.refusal(of: .cuda, number: 0)
    #expect(
      refusal.contains("CUDA_VISIBLE_DEVICES=garbage: 'garbage' is neither a card's number"), "\(refusal)")
  }

  @Test func `an NPU library that finds no card points at the driver`() {
    var survey = plain
    survey.hasLibrary = true
    #expect(survey.refusal(of: .npu, number: 0).contains("finds no card: npu-smi info"))
    survey.faults[.npu] = "aclInit failed"
    #expect(survey.refusal(of: .npu, number: 0).contains("Its words: aclInit failed."))
  }
}
