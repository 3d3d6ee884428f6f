import Foundation
import Testing

@testable import Checkpoint

@Suite struct DamagedFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func `every truncation is refused`() throws {
    for count in 0..<pythonFixture.count {
      let path = try folder.write(pythonFixture.prefix(count), "cut")
      #expect(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
    }
  }

  @Test(arguments: [
    ("one float", #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "do not make up F32 [2]"),
    (
      "a huge shape", #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
      "make up"
    ),
    ("a gap", #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#, "leaves a gap of 4 bytes"),
    (
      "an overlap",
      #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
      "tensor b: overlaps"
    ),
    ("too little", #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, "something follows"),
    ("too much", #"{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#, "cut short"),
    ("backwards", #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}}"#, "two data_offsets in order"),
    ("three offsets", #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8,8]}}"#, "two data_offsets"),
    ("negative", #"{"a":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}"#, "expected a number"),
    ("fractions", #"{"a":{"dtype":"U8","shape":[8.0],"data_offsets":[0,8]}}"#, "expected ']'"),
    ("overflow", #"{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, "too large"),
    ("unknown type", #"{"a":{"dtype":"F7","shape":[8],"data_offsets":[0,8]}}"#, "the type F7"),
    ("no shape", #"{"a":{"dtype":"U8","data_offsets":[0,8]}}"#, "'a' needs a dtype, a shape"),
    ("an unknown key", #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8],"x":1}}"#, "'x' of 'a'"),
    (
      "a name twice",
      #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[0],"data_offsets":[8,8]}}"#,
      "'a' comes twice"
    ),
    ("metadata twice", #"{"__metadata__":{},"__metadata__":{}}"#, "comes twice"),
    ("a key twice", #"{"__metadata__":{"a":"1","a":"2"}}"#, "'a' comes twice"),
    ("numbers as metadata", #"{"__metadata__":{"a":1}}"#, "expected '\"'"),
    ("more behind it", #"{} {}"#, "expected the end"),
    ("a list", #"[]"#, "expected '{'"),
    ("nothing", "", "expected '{'"),
    ("an open string", #"{"a"#, "the string does not end"),
    ("half a character", #"{"\ud83d":1}"#, "half a character"),
    ("a bad escape", #"{"\x":1}"#, "unknown escape"),
  ])
  func `a header that is wrong is refused`(what: String, json: String, reason: String) throws {
    let path = try folder.write(file(json, tensorBytes: 8), "bad")
    let error = #expect(throws: CheckpointError.self, "\(what)") { try SafetensorsFile(path: path) }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    #expect(error?.description.contains(path) == true)
  }

  @Test func `a broken string is refused`() throws {
    let path = try folder.write(file("{\"\u{1}\":1}", tensorBytes: 0), "control")
    #expect(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
    let notUTF8 = Data([3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff])
    #expect(throws: CheckpointError.self) { try SafetensorsFile(path: try folder.write(notUTF8, "utf8")) }
  }

  @Test func `another kind of file is refused`() throws {
    let path = try folder.write(Data("PK\u{3}\u{4} an archive of some kind".utf8), "model.pth")
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
    #expect(error?.description.contains("this is no safetensors file") == true)
  }

  @Test func `space and escapes are fine`() throws {
    let json =
      "{ \"\\u00e9\\ud83d\\ude00\\n\" :\n{\"dtype\":\"U8\", \"shape\":[ 2 , 4 ],\"data_offsets\":[0,8] } }  "
    let file = try SafetensorsFile(path: folder.write(file(json, tensorBytes: 8), "spaces"))
    #expect(file.names == ["é😀\n"])
    #expect(file.tensors[0].shape == [2, 4])
  }

  private func file(_ json: String, tensorBytes: Int) -> Data {
    let length = withUnsafeBytes(of: UInt64(json.utf8.count).littleEndian) { Data($0) }
    return length + Data(json.utf8) + Data(repeating: 0, count: tensorBytes)
  }
}
