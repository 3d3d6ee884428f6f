@testable import Datasets
import Foundation
import Recipe
import TestSupport
import Training

/// What the changes start from, with the inputs in it that once did harm.
enum Corpus {
  /// Pickles of weights over one storage of four numbers.
  static var pickles: [[UInt8]] {
    let shapes: [([Int], [Int])] = [
      ([4], [1]), ([2, 2], [1, 2]), ([1, 4], [.max, 1]), ([4, 1], [1, .max]), ([0], [1]),
    ]
    var all = shapes.map { shape, strides in
      pickle {
        $0.text("w")
        $0.tensor(storage: "0", count: 4, shape: shape, strides: strides)
        $0.add("s")
      }
    }
    all.append(TorchFile.archive(of: [.init("a.w", [2, 2], [1, 2, 3, 4])]).entries[0].content)
    all.append(tuple(sides: 50_000, tensors: 300))
    all.append(tied(nameLength: 50_000, names: 5_000))
    return all
  }

  private static func pickle(_ body: (inout PickleWriter) -> Void) -> [UInt8] {
    var pickle = PickleWriter()
    pickle.add("}")
    body(&pickle)
    return pickle.bytes
  }

  /// Tensors that share a tuple as their shape.
  private static func tuple(sides: Int, tensors: Int) -> [UInt8] {
    pickle {
      $0.global("torch._utils", "_rebuild_tensor_v2")
      $0.instructions += [0x71, 0]
      $0.add("((")
      $0.text("storage")
      $0.global("torch", "FloatStorage")
      $0.text("0")
      $0.text("cpu")
      $0.integer(4)
      $0.add("tQ")
      $0.integer(0)
      $0.tuple([Int](repeating: 1, count: sides))
      $0.instructions += [0x71, 1, 0x68, 1, 0x89, 0x89, 0x74, 0x71, 2, 0x52]
      for _ in 0..<tensors { $0.instructions += [0x68, 0, 0x68, 2, 0x52] }
    }
  }

  /// Entries of one long name.
  private static func tied(nameLength: Int, names: Int) -> [UInt8] {
    pickle {
      $0.text("module." + String(repeating: "n", count: nameLength))
      $0.instructions += [0x71, 0]
      $0.tensor(storage: "0", count: 1, shape: [0], strides: [1])
      $0.instructions += [0x71, 1, 0x73]
      for _ in 0..<names { $0.instructions += [0x68, 0, 0x68, 1, 0x73] }
    }
  }

  /// Whole files of weights: both formats, and what lies in their place.
  static var weights: [[UInt8]] {
    var long = TorchFile.archive(of: [.init("a.w", [2, 2], [1, 2, 3, 4]), .init("b", [1], [5])])
    let short = long.bytes
    long.isLong = true
    let header = #"{"__metadata__":{"k":"v"},"a.w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let tensors = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8)
    return [
      short, long.bytes, tensors + [UInt8](repeating: 0, count: 8), Array("<!DOCTYPE html>".utf8),
      Array("version https://git-lfs.github.com/spec/v1\n".utf8),
    ]
  }

  /// A state as a run saves it.
  static var state: TrainingState {
    var loss = SmoothedValue()
    loss.add(1)
    return TrainingState(
      epoch: 1, steps: 5, bestAccuracy: 50, classes: ["a", "b"], recipe: Recipe(), lossScale: LossScale(),
      partial: PartialEpoch(steps: 3, loss: loss))
  }

  /// Recipes as files have them.
  static var recipes: [[UInt8]] {
    [
      Recipe().document, #"{"schedule": {"epochs": 12, "rate": 1e-3}, "mixing": {"mixup": 0}}"#,
      #"{"data": {"batchSize": 9223372036854775807, "inputSize": 1000000}}"#, #"{"\u001b[2J": [[[[]]]]}"#,
    ].map { Array($0.utf8) }
  }

  /// Requests as clients send them.
  static var requests: [[UInt8]] {
    [
      #"{"command":"status"}"#, #"{"command":"stop","now":true}"#, #"{"command":"checkpoint"}"#, "[[[[",
      "\0\u{1}",
    ]
    .map { Array(($0 + "\n").utf8) }
  }

  /// The index of a pack, up to its seal.
  static var indexes: [[UInt8]] {
    let place = ShardIndex.Place(shard: 0, block: 1, length: 3, checksum: 0xABC)
    let lines = [
      ShardIndex.line(ClassName(bytes: Array("a".utf8))), ShardIndex.line(ClassName(bytes: [0xE9, 9])),
      ShardIndex.line(place, width: 4, height: 5, label: 0, name: "1.jpg".utf8),
      ShardIndex.line(place, width: 4, height: 5, label: 1, name: "deep/\\.png".utf8),
    ]
    return [Array("#twins-launch shards 1\timages=2\n\(lines.joined(separator: "\n"))\n".utf8)]
  }

  /// Archives of one image with its class, as packs and others have them.
  static var archives: [[UInt8]] {
    func member(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
      TarMember.header(name, count: bytes.count) + bytes + TarMember.padding(after: bytes.count)
    }
    let shard = member("000000000.jpg", [0xFF, 0xD8, 0xFF]) + member("000000000.cls", [48]) + TarMember.end
    return [shard, member("n01440764.tar", shard) + TarMember.end]
  }

  /// TIFFs with tiles of 2^64 bytes, and of 2^63 with their pixels.
  private static let hugeTiles = [
    tiledTIFF(side: 16, tile: (1 << 31, 1 << 31), planes: 4, count: 4096),
    tiledTIFF(side: 13_000, tile: (0xFFFC_D678, 0x8001_94C9), planes: 1, count: 4096),
  ]

  /// The images of the data room's tests that are small, and some that claim more than they have.
  static func images(_ endings: [String]) throws -> [[UInt8]] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../DatasetsTests/Fixtures/decode")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { endings.contains($0.pathExtension) }.sorted {
        $0.path < $1.path
      }
    return try files.map { Array(try Data(contentsOf: $0)) }.filter { $0.count < 1 << 16 }
      + (endings.contains("jpg") ? [thinImage] : []) + (endings.contains("tif") ? hugeTiles : [])
  }
}
