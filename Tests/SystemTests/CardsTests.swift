import Foundation
import Testing

@testable import System

@Suite struct CardsTests {
  private static let files = [
    "null", "nvidia0", "nvidia1", "nvidia2", "nvidia3", "nvidiactl", "nvidia-uvm", "nvidia-caps", "nvidia",
    "davinci0", "davinci7", "davinci_manager", "tty1",
  ]

  private func nvidia(_ value: String? = nil, files: [String] = files) -> Cards {
    Cards(of: .nvidia, files: files, environment: value.map { ["CUDA_VISIBLE_DEVICES": $0] } ?? [:])
  }

  @Test func `a driver's numbered files are its cards`() {
    #expect(nvidia().names == ["0", "1", "2", "3"])
    #expect(Cards(of: .ascend, files: Self.files, environment: [:]).count == 2)
    #expect(nvidia(files: ["null"]).count == 0)
    // What a container is given need not begin at 0; its program counts from there.
    #expect(nvidia(files: ["nvidia5", "nvidia6"]).names == ["0", "1"])
  }

  /// Where a row is PyTorch's own, of its test of `_parse_visible_devices`, it has more cards than four.
  @Test(arguments: [
    ("0", ["0"]), ("0,1", ["0", "1"]), ("3,0", ["3", "0"]), ("0,1,2,3", ["0", "1", "2", "3"]),
    ("", []), ("-1", []), ("NoDevFiles", []), ("none", []),
    ("0, 1, 2, -1, 3", ["0", "1", "2"]), ("0, 1, 2, 1", []), ("1gpu2,2ampere", ["1", "2"]),
    ("2, +3, -0, 1", ["2", "3", "0", "1"]), ("one,two,3,4", []), ("3,2,two,one", ["3", "2"]),
    ("0,9,1", ["0"]), ("4", []), ("0,,1", ["0"]), ("99999999999999999999", []),
    ("GPU-9e8d35e3", ["GPU-9e8d35e3"]), ("GPU-1,GPU-2", ["GPU-1", "GPU-2"]), ("GPU-2,GPU-2", []),
    ("GPU-1,MIG-2", ["GPU-1"]), ("GPU-1,0", ["GPU-1"]), ("0,GPU-1", ["0"]),
    ("MIG-GPU-1/1/0", ["MIG-GPU-1/1/0"]), ("MIG-1,MIG-2", ["MIG-1"]), ("MIG-1,MIG-1", []),
  ])
  func `what a user makes visible is what the driver leaves`(value: String, names: [String]) {
    #expect(nvidia(value).names == names)
    #expect(nvidia(value).present == 4)
  }

  @Test(arguments: [
    ("garbage", "'garbage' is neither a card's number nor its UUID, and nothing counts from there on"),
    ("0, two ,3", "'two' is neither a card's number nor its UUID, and nothing counts from there on"),
    ("0,,1", "'' is neither a card's number nor its UUID, and nothing counts from there on"),
    ("a\u{1b}b", "'a\\x1bb' is neither a card's number nor its UUID, and nothing counts from there on"),
    ("GPU-1,0", "'0' is no GPU-… as the first one is, and nothing counts from there on"),
    ("0,9,1", "there is no card 9, but 0 to 3, and nothing counts from there on"),
    ("0,1,0", "a card is named twice, which leaves none"),
    ("MIG-1,MIG-1", "a card is named twice, which leaves none"),
  ])
  func `what cannot be meant is said`(value: String, fault: String) {
    let said = nvidia(value).fault
    #expect(
      said?.hasPrefix("CUDA_VISIBLE_DEVICES=") == true && said?.hasSuffix(": \(fault)") == true,
      "\(said ?? "")")
    // A machine may have cards that no file tells of.
    if !fault.hasPrefix("there is no") { #expect(nvidia(value, files: []).fault == said) }
  }

  @Test(arguments: [
    "", "-1", "none", "NoDevFiles", "0", "3,0", "0,1,", "0,1,2,-1,3", "1gpu2,2ampere", "GPU-1,GPU-2",
    "MIG-1,MIG-2",
  ])
  func `what counts, or hides cards, is no fault`(value: String) {
    #expect(nvidia(value).fault == nil && nvidia().fault == nil)
  }

  @Test func `nothing is visible where no card is`() {
    for value in ["0", "GPU-1", "MIG-1"] { #expect(nvidia(value, files: []).count == 0) }
  }

  @Test func `each maker has a variable of its own`() {
    let environment = ["CUDA_VISIBLE_DEVICES": "", "ASCEND_RT_VISIBLE_DEVICES": "1"]
    #expect(Cards(of: .nvidia, files: Self.files, environment: environment).count == 0)
    #expect(Cards(of: .ascend, files: Self.files, environment: environment).names == ["1"])
  }

  @Test func `a card has the name that the user has for it`() {
    #expect(nvidia("3,0").userName(of: 0) == "3 of CUDA_VISIBLE_DEVICES")
    #expect(nvidia("3").userName(of: 1) == nil)
    #expect(nvidia().userName(of: 1) == nil)
  }

  @Test func `a machine's folder of devices is read`() throws {
    let folder = NSTemporaryDirectory() + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in ["nvidia0", "davinci0", "davinci1"] {
      _ = FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil)
    }
    let cards = Cards.ofThisMachine(environment: ["ASCEND_RT_VISIBLE_DEVICES": "1"], folder: folder)
    #expect(cards.map(\.present) == [1, 2])
    #expect(cards.map(\.names) == [["0"], ["1"]])
    #expect(Cards.ofThisMachine(environment: [:], folder: "/nowhere").allSatisfy { $0.present == 0 })
  }
}
