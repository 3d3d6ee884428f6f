import Foundation
import TestSupport
import Testing

@testable import Checkpoint

/// Files made to harm: each is refused with its reason, or read right; none may crash the reader.
@Suite struct HostileWeightsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private let honest = TorchFile.archive(of: [
    .init("a.weight", [2, 3], [1, 2, 3, 4, 5, 6]), .init("a.bias", [2], [7, 8]),
  ])

  private func refusal(_ bytes: [UInt8]) throws -> String {
    let path = try folder.write(Data(bytes), "hostile.pth")
    let error = #expect(throws: CheckpointError.self) { try WeightsFile(path: path) }
    return error?.description ?? "not refused"
  }

  /// What is said of an archive whose pickle is `body`, beside a storage of four numbers, or of that many.
  private func refusal(storage count: Int = 4, pickle body: (inout PickleWriter) -> Void) throws -> String {
    var pickle = PickleWriter()
    body(&pickle)
    return try refusal(
      ZipWriter([
        .init("h/data.pkl", pickle.bytes), .init("h/data/0", [UInt8](repeating: 0, count: 4 * count)),
      ])
      .bytes)
  }

  private func contents(_ file: WeightsFile) -> [String] {
    file.tensors.map { "\($0.name) \($0.type) \($0.shape) \(Array($0.bytes))" }
  }

  @Test func `every truncation is refused`() throws {
    let whole = honest.bytes
    for count in 0..<whole.count { _ = try refusal(Array(whole[..<count])) }
  }

  /// In a header's unused fields a change does no harm; anywhere else it is found.
  @Test(arguments: [false, true]) func `every changed byte is found or harmless`(isLong: Bool) throws {
    var archive = honest
    archive.isLong = isLong
    let whole = archive.bytes
    let expected = contents(try WeightsFile(path: try folder.write(Data(whole), "honest.pth")))
    #expect(expected.count == 2)
    for index in whole.indices {
      for change in [0x01, 0x10, 0x80, 0xff] as [UInt8] {
        var bytes = whole
        bytes[index] ^= change
        let path = try folder.write(Data(bytes), "changed.pth")
        guard let file = try? WeightsFile(path: path) else { continue }
        #expect(contents(file) == expected, "byte \(index) ^ \(change)")
      }
    }
  }

  /// Behind a right checksum, so that the changes reach the pickle machine.
  @Test func `a changed pickle never crashes`() throws {
    let pickle = honest.entries[0].content
    var read = 0
    for index in pickle.indices {
      for change in 1...255 as ClosedRange<UInt8> {
        var bytes = pickle
        bytes[index] ^= change
        let result = try? bytes.withUnsafeBytes { try Unpickler.read($0) }
        read += result == nil ? 0 : 1
      }
    }
    #expect(read > 0)
  }

  @Test func `archives that lie are refused`() throws {
    func changed(_ change: (inout ZipWriter) -> Void) throws -> String {
      var archive = honest
      change(&archive)
      return try refusal(archive.bytes)
    }
    #expect(try changed { $0.entries[1].method = 8 }.contains("nano/data/0 is compressed"))
    #expect(try changed { $0.entries[1].flags = 1 }.contains("nano/data/0 is compressed or encrypted"))
    #expect(try changed { $0.entries[1].size = 0xffff_0000 }.contains("it ends early"))
    #expect(try changed { $0.entries[1].size = 64 }.contains("overlaps"))
    #expect(try changed { $0.entries[2].offset = 0 }.contains("another name in its own header"))
    #expect(try changed { $0.entries[1].offset = 0xffff_fff0 }.contains("it points to byte"))
    #expect(try changed { $0.entries[1].innerName = "x" }.contains("another name"))
    #expect(try changed { $0.entries[1].size = 12 }.contains("checksum"))
    #expect(try changed { $0.entries.append($0.entries[1]) }.contains("nano/data/0 comes twice"))
    #expect(try changed { $0.entries.remove(at: 0) }.contains("0 files data.pkl"))
    #expect(try changed { $0.entries.append(.init("b/data.pkl", [])) }.contains("2 files data.pkl"))
    #expect(
      try changed { $0.entries.remove(at: 1) }.contains("its storage nano/data/0 is not in the archive"))
    #expect(try changed { $0.entries.append(.init("nano/byteorder", Array("big".utf8))) }.contains("endian"))
    #expect(try changed { $0.entries = [] }.contains("neither a .pth"))
    #expect(
      try changed { $0.entries[0] = .init("nano/data.pkl", [0x80, 2, 0x95]) }.contains("0x95 at byte 2"))
  }

  @Test func `two entries over the same bytes are refused`() throws {
    var archive = honest
    var twin = ZipWriter.Entry("nano/data/0", archive.entries[1].content)
    twin.offset = 0
    twin.innerName = "nano/data.pkl"
    archive.entries.append(twin)
    #expect(throws: CheckpointError.self) {
      try WeightsFile(path: try folder.write(Data(archive.bytes), "twin.pth"))
    }
  }

  @Test func `a comment and long records are fine`() throws {
    var archive = honest
    archive.comment = Array("PK\u{5}\u{6} and more".utf8)
    archive.isLong = true
    let file = try WeightsFile(path: try folder.write(Data(archive.bytes), "comment.pth"))
    #expect(try Array(file.tensor(named: "a.bias").bytes.bindMemory(to: Float.self)) == [7, 8])
  }

  @Test(arguments: [
    (module: "os", name: "system"), ("builtins", "eval"), ("torch", "load"), ("torch", "ShortStorage"),
    ("torch.storage", "_load_from_bytes"), ("numpy.core.multiarray", "scalar"), ("gvt", "ALTGVT"),
  ])
  func `other Python objects are refused by name`(module: String, name: String) throws {
    let text = try refusal { pickle in
      pickle.global(module, name)
      pickle.text("true")
      pickle.instructions += [0x85]
      pickle.add("R")
    }
    #expect(text.contains("the Python object \(module).\(name),"))
  }

  @Test func `a name cannot speak to the terminal`() throws {
    let text = try refusal { $0.global("o\u{1b}[2Js", String(repeating: "x", count: 500)) }
    #expect(!text.contains("\u{1b}") && text.contains("xxx…"))
    let tensor = try refusal { pickle in
      pickle.add("}")
      pickle.text("w\u{1b}[2J")
      pickle.tensor(storage: "0", count: 4, shape: [4], strides: [1])
      pickle.add("s")
    }
    #expect(!tensor.contains("\u{1b}") && tensor.contains("the name has control characters"))
  }

  /// Nor what an error says of the header of the other format, which shows names before they are looked at.
  @Test func `a header cannot speak to the terminal`() throws {
    let name = #"\u001b[2J\u202e"#
    let headers = [
      #"{"\#(name)":{"dtype":"F32","shape":[1],"data_offsets":[0,0]}}"#, #"{"\#(name)":{"\#(name)":1}}"#,
      #"{"a":{"dtype":"\#(name)"}}"#, #"{"\#(name)":{}}"#,
      #"{"\#(name)":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\#(name)":{}}"#,
    ]
    for header in headers {
      let text = try refusal(withUnsafeBytes(of: UInt64(header.utf8.count), Array.init) + Array(header.utf8))
      #expect(text.contains(#"\x1b[2J\u{202e}"#), "\(text)")
      #expect(!text.unicodeScalars.contains("\u{1b}") && !text.unicodeScalars.contains("\u{202e}"))
    }
    let many = #"{"a":{"dtype":"F32","shape":[\#(String(repeating: "1,", count: 100_000))1]}}"#
    let text = try refusal(withUnsafeBytes(of: UInt64(many.utf8.count), Array.init) + Array(many.utf8))
    #expect(text.contains("more than 16 numbers"))
  }

  @Test func `calls of allowed objects are limited to what they are for`() throws {
    let makers = [
      ("argparse", "Namespace"), ("torch", "FloatStorage"), ("torch._utils", "_rebuild_tensor_v2"),
    ]
    for (module, name) in makers {
      let text = try refusal { pickle in
        pickle.global(module, name)
        pickle.add(")R")
      }
      #expect(text.contains("a call that weights do not need"), "\(name)")
    }
    #expect(try refusal { $0.add("}))R") }.contains("calls what cannot be called"))
    #expect(try refusal { $0.add("]}b") }.contains("attributes to what has none"))
    #expect(try refusal { $0.add("})b") }.contains("attributes to what has none"))
    #expect(
      try refusal { pickle in
        pickle.global("collections", "OrderedDict")
        pickle.instructions += [0x29, 0x81]
      }.contains("makes an object"))
  }

  @Test func `broken stacks are refused`() throws {
    #expect(try refusal { _ in }.contains("empty stack"))
    #expect(try refusal { $0.add("t") }.contains("ends what it did not begin"))
    #expect(try refusal { $0.add("}(R") }.contains("empty stack"))
    #expect(try refusal { $0.add("}(u(") }.contains("empty stack"))
    #expect(try refusal { $0.add("}(NNNu") }.contains("sets items of what is no dictionary"))
    #expect(try refusal { $0.add("NNs") }.contains("empty stack"))
    #expect(try refusal { $0.add("}Na") }.contains("no list"))
    #expect(try refusal { $0.add("NQ") }.contains("in the place of a tuple"))
    #expect(try refusal { $0.add(")Q") }.contains("no storage"))
    #expect(try refusal { $0.instructions += [0x68, 7] }.contains("remembers"))
    #expect(
      try refusal { $0.instructions += [0x8a, 200] + [UInt8](repeating: 1, count: 200) }.contains("200 bytes")
    )
    #expect(try refusal { $0.instructions += [0x58, 0xff, 0xff, 0xff, 0xff] }.contains("ends early"))
    #expect(try refusal { $0.instructions += [0x58, 1, 0, 0, 0, 0xff] }.contains("UTF-8"))
  }

  @Test(arguments: [
    (count: 4, offset: 0, shape: [5], strides: [1], reason: "too many"),
    (4, 1, [4], [1], "lead out of a storage of 4"),
    (4, 0, [2, 2], [4, 1], "lead out"),
    (4, .max, [2], [1], "lead out"),
    (4, 0, [2, 2], [.max, .max], "lead out"),
    (4, -1, [2], [1], "describe no tensor"),
    (4, 0, [-2], [1], "describe no tensor"),
    (4, 0, [2], [-1], "describe no tensor"),
    (4, 0, [2], [1, 1], "describe no tensor"),
    (4, 0, [.max, 2], [1, 1], "describe no tensor"),
    (4, 0, [1 << 40], [0], "too many"),
    (5, 0, [5], [1], "should have 5 elements and has 16 bytes"),
    (.max, 0, [4], [1], "should have"),
    (-1, 0, [0], [1], "no storage"),
  ])
  func `tensors outside their storage are refused`(
    count: Int, offset: Int, shape: [Int], strides: [Int], reason: String
  ) throws {
    let text = try refusal { pickle in
      pickle.add("}")
      pickle.text("w")
      pickle.tensor(storage: "0", count: count, offset: offset, shape: shape, strides: strides)
      pickle.add("s")
    }
    #expect(text.contains(reason), "\(text)")
  }

  @Test func `a storage of the wrong name or a tensor of nothing is refused`() throws {
    #expect(
      try refusal { pickle in
        pickle.add("}")
        pickle.text("w")
        pickle.tensor(storage: "../data.pkl", count: 1, shape: [1], strides: [1])
        pickle.add("s")
      }.contains("h/data/../data.pkl is not in the archive"))
    #expect(try refusal { $0.add("}") }.contains("no weights were found"))
    #expect(try refusal { $0.add("N") }.contains("no weights were found"))
  }

  @Test func `a name that comes twice is refused`() throws {
    let text = try refusal { pickle in
      pickle.add("}")
      for _ in 0..<2 {
        pickle.text("w")
        pickle.tensor(storage: "0", count: 4, shape: [4], strides: [1])
        pickle.add("s")
      }
    }
    #expect(text.contains("tensor w: the name comes twice"))
  }

  /// Thousands of names for one tensor would fill a disk when written out.
  @Test func `shared storages cannot multiply`() throws {
    let text = try refusal(storage: 10_000) { pickle in
      pickle.add("}")
      for index in 0..<5_000 {
        pickle.text("w\(index)")
        if index == 0 { pickle.tensor(storage: "0", count: 10_000, shape: [10_000], strides: [1]) }
        pickle.instructions += index == 0 ? [0x71, 1] : [0x68, 1]
        pickle.add("s")
      }
    }
    #expect(text.contains("more than twice the bytes of the file"), "\(text)")
  }

  /// Neither two hundred thousand lists in each other, nor a list in itself, nor doublings of doublings cost more than their bytes.
  @Test func `nesting and loops cost nothing`() throws {
    let deep = try refusal { pickle in
      pickle.instructions += [UInt8](repeating: UInt8(ascii: "]"), count: 200_000)
      pickle.instructions += [UInt8](repeating: UInt8(ascii: "a"), count: 199_999)
    }
    #expect(deep.contains("no weights"))
    let tooMany = try refusal { $0.instructions += [UInt8](repeating: UInt8(ascii: "]"), count: 2_000_000) }
    #expect(tooMany.contains("too many objects"))
    let tooHigh = try refusal { $0.instructions += [UInt8](repeating: UInt8(ascii: "N"), count: 2_000_000) }
    #expect(tooHigh.contains("too many values at once"))
    let marks = try refusal { $0.instructions += [UInt8](repeating: UInt8(ascii: "("), count: 2_000_000) }
    #expect(marks.contains("too much at once"))
    let loop = try refusal { pickle in
      pickle.add("]")
      pickle.instructions += [0x71, 0, 0x68, 0]
      pickle.add("a")
    }
    #expect(loop.contains("no weights"))
    let doublings = try refusal { pickle in
      pickle.add(")")
      for _ in 0..<200 { pickle.instructions += [0x71, 0, 0x68, 0, 0x86] }
    }
    #expect(doublings.contains("no weights"))
    let long = try refusal { $0.instructions += [UInt8](repeating: UInt8(ascii: "N"), count: 9_000_000) }
    #expect(long.contains("weights need less than"))
  }

  /// A side of 1 is never walked along, so its stride says nothing, however large.
  @Test func `a stride of a side of one is of no consequence`() throws {
    for (shape, strides) in [([1, 4], [Int.max, 1]), ([4, 1], [1, .max]), ([2, 1, 2], [1, .max, 2])] {
      var pickle = PickleWriter()
      pickle.add("}")
      pickle.text("w")
      pickle.tensor(storage: "0", count: 5, offset: 1, shape: shape, strides: strides)
      pickle.add("s")
      let numbers = [0, 1, 2, 3, 4].map(Float.init)
      let archive = ZipWriter([
        .init("h/data.pkl", pickle.bytes), .init("h/data/0", numbers.withUnsafeBytes(Array.init)),
      ])
      let file = try WeightsFile(path: try folder.write(Data(archive.bytes), "one.pth"))
      let expected: [Float] = shape.count == 3 ? [1, 3, 2, 4] : [1, 2, 3, 4]
      #expect(try Array(file.tensor(named: "w").bytes.bindMemory(to: Float.self)) == expected)
    }
  }

  /// Three hundred tensors over a tuple of a million numbers would take five gigabytes.
  @Test func `a tensor of a million sides is refused before it is copied`() throws {
    let text = try refusal { pickle in
      pickle.global("torch._utils", "_rebuild_tensor_v2")
      pickle.instructions += [0x71, 0]
      pickle.add("((")
      pickle.text("storage")
      pickle.global("torch", "FloatStorage")
      pickle.text("0")
      pickle.text("cpu")
      pickle.integer(4)
      pickle.add("tQ")
      pickle.integer(0)
      pickle.add("(")
      for _ in 0..<1_000_000 { pickle.instructions += [0x4b, 1] }
      pickle.instructions += [0x74, 0x71, 1, 0x68, 1, 0x89, 0x89, 0x74, 0x71, 2, 0x52]
      for _ in 0..<300 { pickle.instructions += [0x68, 0, 0x68, 2, 0x52] }
    }
    #expect(text.contains("1000000 sides"), "\(text)")
  }

  /// Linear in the bytes of the file: quadratic work took a minute.
  @Test func `tied references cost no more than their bytes`() throws {
    let names = 60_000
    func archive(_ type: String, shape: [Int]) -> [UInt8] {
      var pickle = PickleWriter()
      pickle.add("}")
      for index in 0..<names {
        pickle.text(String(index))
        if index == 0 { pickle.tensor(storage: "0", count: 2, shape: shape, strides: [1], type: type) }
        pickle.instructions += index == 0 ? [0x71, 1] : [0x68, 1]
        pickle.add("s")
      }
      return ZipWriter([
        .init("h/data.pkl", pickle.bytes), .init("h/data/0", [UInt8](repeating: 0, count: 16)),
      ]).bytes
    }
    let longName = try refusal { pickle in
      pickle.add("}")
      pickle.text("module.module.module." + String(repeating: "n", count: 390_000))
      pickle.instructions += [0x71, 0]
      pickle.tensor(storage: "0", count: 1, shape: [0], strides: [1])
      pickle.instructions += [0x71, 1, 0x73]
      for _ in 0..<80_000 { pickle.instructions += [0x68, 0, 0x68, 1, 0x73] }
    }
    #expect(longName.contains("the name comes twice"))
    for (type, shape) in [("FloatStorage", [1]), ("HalfStorage", [1]), ("FloatStorage", [0])] {
      let bytes = archive(type, shape: shape)
      let file = try WeightsFile(path: try folder.write(Data(bytes), "tied.pth"))
      #expect(file.tensors.count == names)
    }
  }
}
