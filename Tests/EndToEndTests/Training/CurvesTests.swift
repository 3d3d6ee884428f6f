import Foundation
import Testing

extension Trainings {
  /// What other programs read of a run: TensorBoard and promtool, which `scripts/readers` fetches.
  @Suite struct CurvesTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private struct Curves: Decodable {
      let scalars: [String: [[Double]]]
      let images: [String: [[Value]]]
      let texts: [String: [String]]
      let hyperparameters: [String: Value]

      enum Value: Decodable, Equatable {
        case number(Double)
        case text(String)

        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          if let number = try? container.decode(Double.self) {
            self = .number(number)
          } else if let truth = try? container.decode(Bool.self) {
            self = .number(truth ? 1 : 0)
          } else {
            self = .text(try container.decode(String.self))
          }
        }
      }
    }

    private func run(_ command: String) throws -> ProgramRun.End {
      try ProgramRun(command: command, in: place).finish()
    }

    private func curves(_ output: String) throws -> Curves {
      let folder = "\(place.output(output))/tensorboard"
      let end = try run(
        "PYTHONPATH=.deps/readers/python python3 Tests/Readers/curves.py \(folder) 2>/dev/null")
      try #require(end.status == 0, "scripts/readers fetches what reads them: \(end.output)")
      return try JSONDecoder().decode(Curves.self, from: Data(end.output.joined().utf8))
    }

    @Test func `a run that was stopped and went on is one curve to TensorBoard`() throws {
      let figures = place.output("twins.prom")
      let flags = ["--epochs", "2", "--log-every", "1", "--checkpoint-every", "4", "--prometheus", figures]
      func work(_ more: String...) throws -> ProgramRun {
        try ProgramRun(.worker, place.training("out") + flags + more, in: place)
      }
      let first = try work()
      try first.read(to: "Epoch: [1]  [ 2/")
      first.send(SIGKILL)
      #expect(try first.finish().status == 128 + SIGKILL)
      let second = try work("--resume", "auto").finish()
      #expect(second.status == Status.done, "\(second.errors)")

      let files = RunFiles(folder: place.output("out"))
      let curves = try curves("out")
      let steps = try files.steps()
      let loss = try #require(curves.scalars["train/loss"])
      #expect(loss.map { Int($0[0]) } == steps.map(\.step))
      #expect(zip(loss, steps).allSatisfy { abs($0[1] - $1.loss) < 1e-6 * $1.loss })
      let accuracy = try #require(curves.scalars["eval/acc1"])
      #expect(
        try accuracy.map { $0[1] } == files.epochs().map { Double(Float($0.values["test_acc1"] ?? -1)) })
      #expect(curves.scalars["epoch"]?.map { $0[1] } == [0, 1])
      #expect(curves.images["images/training"]?.map { $0.last } == [.text("89504e47")])
      // The images that a network after two epochs is wrong about, at most a sheet of them, and what they are.
      let wrong = Int((19 * (1 - accuracy[1][1] / 100)).rounded())
      #expect(curves.images["mistakes/sheet"]?.map { $0.last } == [.text("89504e47"), .text("89504e47")])
      let table = try #require(curves.texts["mistakes/table"]?.last)
      #expect(table.split(separator: "\n").count == wrong + 2, "\(table)")
      #expect(curves.hyperparameters["optimizer.weightDecay"] == .number(0.05))
      #expect(curves.hyperparameters["model.name"] == .text("alt_gvt_nano"))

      let rows = String(decoding: try files.bytes("summary.csv"), as: UTF8.self).split(separator: "\n")
      #expect(rows.map { $0.prefix { $0 != "," } } == ["epoch", "0", "1"])
      let checked = try run(".deps/readers/promtool check metrics < \(figures) 2>&1")
      #expect(checked.status == 0 && checked.output == [], "\(checked.output)")
    }

    @Test func `a run that begins anew in a folder sets its curves aside, and overwriting removes them`()
      throws
    {
      func names() throws -> [String] {
        try RunFiles(folder: place.output("out")).names("tensorboard").sorted()
      }
      #expect(try ProgramRun(.worker, place.training("out"), in: place).finish().status == Status.done)
      try FileManager.default.removeItem(atPath: "\(place.output("out"))/checkpoints")
      let again = try ProgramRun(.worker, place.training("out", "--resume", "auto"), in: place).finish()
      #expect(again.status == Status.done, "\(again.errors)")
      #expect(try names().first == "earlier-1" && names().count == 2)
      let last = try ProgramRun(
        .worker, place.training("out") + ["--overwrite", "--no-tensorboard"], in: place
      ).finish()
      #expect(last.status == Status.done, "\(last.errors)")
      #expect(try !RunFiles(folder: place.output("out")).names().contains("tensorboard"))
    }
  }
}
