import ArgumentParser
import Drawing
import Recipe
import RunControl
import System

/// `twins-launch models`.
struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the networks: sizes, work, and published accuracy.",
    discussion: """
      Parameters are with a head for 1,000 classes; GMACs are 10⁹ multiply-adds of a forward pass of one image of 224 pixels \
      (papers call them FLOPs), of which a training step does about three times as many. Acc@1 is that of the \
      published training of 300 epochs on ImageNet, in percent; this program has not repeated these trainings.
      """)

  @Flag(help: "Print a JSON object a line for each.")
  var json = false

  /// A network as a line of JSON.
  private struct Line: Encodable {
    let name: String
    let timm: String?
    let parameters: Int
    let multiplyAdds: Int
    let publishedAcc1: Double?
  }

  func run() throws {
    guard !json else {
      for facts in ModelFacts.all {
        let line = Line(
          name: facts.name, timm: facts.timm, parameters: facts.parameters, multiplyAdds: facts.multiplyAdds,
          publishedAcc1: facts.accuracy)
        Swift.print(try controlLine(line), terminator: "")
      }
      return
    }
    let rows = ModelFacts.all.map { facts in
      [
        facts.name, facts.timm ?? "", grouped(facts.parameters), decimal(Double(facts.multiplyAdds) / 1e9, 2),
        facts.accuracy.map { decimal($0, 2) } ?? "",
      ]
    }
    let table = columns(
      [["--model", "or timm's name", "parameters", "GMACs", "published Acc@1"]] + rows,
      rightAligned: [2, 3, 4])
    for line in table { print(line) }
  }
}
