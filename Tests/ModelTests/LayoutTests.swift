import Foundation
import Model
import Recipe
import TestSupport
import Testing
import Torch

/// timm's parameters of every network, as `scripts/goldens/model.py` lists them.
private struct Layout: Decodable {
  let model: String
  let classes: Int
  let n_parameters: Int
  let parameters: [Entry]

  struct Entry: Decodable, Equatable {
    let key: String
    let shape: [Int]
  }

  static let all: [Layout] = {
    guard let url = try? Golden.url("layouts.json", in: .module), let data = try? Data(contentsOf: url) else {
      return []
    }
    return (try? JSONDecoder().decode([Layout].self, from: data)) ?? []
  }()
}

@Suite struct LayoutTests {
  private static let names = Dictionary(
    uniqueKeysWithValues: ModelName.canonical.map { (ModelName.timm($0) ?? $0, $0) })

  @Test func `every network is listed`() {
    #expect(Set(Layout.all.map(\.model)) == Set(Self.names.keys))
  }

  @Test(arguments: LayoutTests.names.keys.sorted())
  func `keys, shapes and order equal timm's`(name: String) throws {
    let layout = try #require(Layout.all.first { $0.model == name })
    let network = try makeNetwork(try #require(Self.names[name]), classes: layout.classes)
    let found = network.parameters.map { Layout.Entry(key: $0.name, shape: $0.tensor.shape) }
    #expect(found == layout.parameters)
    #expect(found.reduce(0) { $0 + $1.shape.reduce(1, *) } == layout.n_parameters)
  }

  @Test func `Twins-SVT-S has the reference's size and groups`() throws {
    let parameters = try makeNetwork("alt_gvt_small", classes: 1000).parameters
    let (decaying, exempt) = (parameters.filter(\.decays), parameters.filter { !$0.decays })
    #expect(parameters.reduce(0) { $0 + $1.tensor.count } == 24_060_776)
    #expect(decaying.count == 93 && exempt.count == 197)
    #expect(exempt.reduce(0) { $0 + $1.tensor.count } == 83_816)
  }
}

/// A network by its canonical name, for images of `side` pixels.
func makeNetwork(_ name: String, classes: Int, side: Int = 224) throws -> any Network {
  guard let shape = VisionTransformer.Shape.named(name) else { return try makeTwins(name, classes: classes) }
  return VisionTransformer(shape, side: side, classes: classes)
}

func makeTwins(_ name: String, classes: Int, dropPath: Double = 0, seed: UInt64 = 0) throws -> Twins {
  Twins(try #require(TwinsConfiguration.named(name)), classes: classes, dropPath: dropPath, seed: seed)
}
