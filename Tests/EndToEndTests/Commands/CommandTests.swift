import Foundation
import Testing

extension EndToEnd {
  @Suite struct CommandTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private struct Answer: Decodable {
      struct Guess: Decodable {
        let `class`: String
        let score: Double
      }
      let image: String
      let top: [Guess]
    }

    @Test func `predict names the class of an image that was trained on`() throws {
      _ = try answer(["train"] + place.training("out", "--epochs", "2", "--no-aug"))
      let weights = place.output("out") + "/last.safetensors"
      let images = [0, 1].map { place.images.image("train", $0) }
      let options = ["predict", "--weights", weights, "--top", "3", "--json"]
      for logits in [false, true] {
        let lines = try answer(options + (logits ? ["--logits"] : []) + images)
        let answers = try lines.map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
        #expect(answers.map(\.image) == images)
        #expect(answers.map { $0.top[0].class } == [0, 1].map(ImageFolder.className))
        for scores in answers.map({ $0.top.map(\.score) }) {
          #expect(scores.count == 3 && scores == scores.sorted(by: >))
          #expect((0...1).contains(scores.reduce(0, +)) != logits)
        }
      }
      let missing = ["predict", "--weights", weights, "/nowhere.png"]
      #expect(try answer(missing, status: Status.missingInput).isEmpty)
    }

    @Test func `a worker on its own has its threads wait asleep, unless told otherwise`() throws {
      for (wish, found) in [([:], "GOMP_SPINCOUNT=1000"), (["OMP_WAIT_POLICY": "active"], nil)] {
        let run = try ProgramRun(
          .worker, place.training("out", "--epochs", "100000", "--overwrite"), in: place, variables: wish)
        try run.read(to: "Start training")
        let environment = try String(contentsOfFile: "/proc/\(run.identifier)/environ", encoding: .utf8)
        let names = environment.split(separator: "\0").map(String.init)
        #expect(names.first { $0.hasPrefix("GOMP_SPINCOUNT") } == found)
      }
    }

    /// The device takes nothing, as a full disk does; a descriptor that was closed neither.
    @Test func `what was to be printed and has not arrived is status 74`() throws {
      let flags = place.training("out", "--nproc", "1").joined(separator: " ")
      let commands = [
        "twins-launch --version", "twins-launch help train", "twins-launch", "twins-worker --version",
        "twins-launch \(flags) --dry-run", "twins-launch \(flags) --print-config",
      ]
      for command in commands {
        let end = try ProgramRun(command: "\(command) >/dev/full", in: place).finish()
        #expect(end.status == Status.inputOutput, "\(command): \(end.errors)")
        #expect(end.errors.contains("cannot write to standard output: "), "\(command): \(end.errors)")
        #expect(!end.errors.contains("logs alone"), "\(command): \(end.errors)")
      }
      let end = try ProgramRun(command: "twins-launch \(flags) --dry-run >&-", in: place).finish()
      #expect(end.status == Status.inputOutput, "\(end.errors)")
      #expect(place.leftovers.isEmpty)
    }

    @Test func `a working folder that is gone is said at the start`() throws {
      let flags = place.training("out").joined(separator: " ")
      let gone = "mkdir \(place.folder)/gone && cd \(place.folder)/gone && rmdir \(place.folder)/gone"
      let end = try ProgramRun(command: "\(gone) && twins-launch --nproc 1 \(flags)", in: place).finish()
      #expect(end.status == Status.missingInput, "\(end.errors)")
      #expect(end.errors.contains("the working folder cannot be found"), "\(end.errors)")
    }

    @Test func `dataset scan counts the images and finds the bad ones`() throws {
      let good = try answer(["dataset", "scan", place.images.path])
      #expect(good.contains("train: 60 images in 6 classes, 10 a class"))
      #expect(good.last == "no problems found")

      let bad = place.images.image("val", 7)
      try "Remember the milk".write(toFile: bad, atomically: false, encoding: .utf8)
      let report = try answer(["dataset", "scan", place.images.path, "--json"], status: Status.badData)
      #expect(report.count == 1 && report[0].contains("\(bad) is not an image"))
    }

    @Test func `a folder is split, imported from a table, measured and drawn, by one command each`() throws {
      let whole = place.images.path + "/train"
      let (split, table) = (place.output("split"), place.output("table.csv"))
      let sides = try answer(["dataset", "split", whole, split, "--val", "0.3"])
      #expect(sides.contains { $0.split(separator: " ").starts(with: ["all", "60", "42", "18"]) })
      #expect(try answer(["dataset", "split", whole, split], status: Status.badConfiguration).isEmpty)
      let rows = (0..<6).map {
        "\(place.images.image("train", $0)),\(ImageFolder.className(of: $0)),\($0 < 3 ? "train" : "val")\n"
      }
      try rows.joined().write(toFile: table, atomically: true, encoding: .utf8)
      for there in ["", ", of which 3 were there"] {
        let lines = try answer(["dataset", "import", table, place.output("imported")])
        #expect(
          lines.contains("train: 3 images in 3 classes\(there)")
            && lines.contains("val: 3 images in 3 classes\(there)"))
      }
      let statistics = try answer(["dataset", "stats", split, "--json"])
      let report = try JSONSerialization.jsonObject(with: Data(statistics.joined().utf8)) as? [String: Any]
      let sets = try #require(report?["splits"] as? [[String: Any]])
      #expect(sets.compactMap { $0["images"] as? Int } == [42, 18])
      for name in ["views.png", "views.html"] {
        let flags = ["--output", place.output(name), "--input-size", "32", "--count", "5"]
        #expect(try answer(["dataset", "preview", split] + flags).count == 1)
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.output(name))).count > 1000)
      }
    }

    @Test func `the launcher passes the worker's commands on, with their flags, their help and their status`()
      throws
    {
      for arguments in [
        ["dataset", "scan", place.images.path, "--json"], ["dataset", "scan", "/nowhere"],
        ["predict", "--help"], ["help", "dataset"], ["devices", "--no-such-flag"],
      ] {
        let own = try ProgramRun(.worker, arguments, in: place).finish()
        let passed = try ProgramRun(.launcher, arguments, in: place).finish()
        #expect(passed.status == own.status && passed.output == own.output && passed.errors == own.errors)
      }
      let overview = try ProgramRun(.launcher, ["--help"], in: place).finish().output
      #expect(overview.contains { $0.contains("predict") })
    }

    @Test func `a training that meets damage advises the scans that name it`() throws {
      let bad = place.images.image("train", 7)
      // Cut inside, so that its header and its end are whole.
      let damaged = try Fixture.bytes("rgb.png")
      var bytes = damaged
      bytes[damaged.count / 2] ^= 4
      try bytes.write(to: URL(fileURLWithPath: bad))
      let alone = try ProgramRun(.worker, place.training("alone"), in: place).finish()
      let launched = try ProgramRun(.launcher, ["--nproc", "2"] + place.training("out"), in: place).finish()
      for end in [alone, launched] {
        #expect(end.status == Status.badData, "\(end.errors)")
        let advice = try #require(end.errors.matches(of: /twins-worker dataset scan .* --decode/).last)
        let command = String(advice.output).replacing("DIR", with: place.images.path)
        let scan = try ProgramRun(command: command, in: place).finish()
        #expect(scan.status == Status.badData)
        #expect(scan.output.contains { $0.hasPrefix("problem: \(bad) is damaged") }, "\(scan.output)")
      }
      // The header alone does not show it.
      #expect(try answer(["dataset", "scan", place.images.path]).last == "no problems found")
      let list = try answer(["dataset", "scan", place.images.path, "--list"], status: Status.badData)
      #expect(list == [bad])
    }

    @Test func `both programs name their version, and the worker what it computes with`() throws {
      let worker = try answer(["--version"])
      let names = ["twins-worker ", "libtorch ", "compiler ", "instruction set "]
      #expect(worker.count == names.count && zip(worker, names).allSatisfy { $0.hasPrefix($1) })
      let launcher = try ProgramRun(.launcher, ["--version"], in: place).finish()
      #expect(launcher.status == Status.done)
      #expect(launcher.output.first == worker.first?.replacing("worker", with: "launch"))
      #expect(launcher.output.last == "libtorch, compiler and instruction set: twins-worker --version")
    }

    @Test func `bench times steps, evaluation and decoding`() throws {
      let small = ["--model", "alt_gvt_nano", "--input-size", "32", "--batch-size", "2", "--steps", "2"]
      let sample = place.output("sample")
      let data = [
        "data", place.images.path, "--seconds", "0.1", "--profile", "--floats", "--input-size", "8",
        "--sample",
        sample,
      ]
      for arguments in [["step"] + small, ["evaluation"] + small, data] {
        let lines = try answer(["bench"] + arguments + ["--json"])
        let report = try JSONSerialization.jsonObject(with: Data(lines.joined().utf8))
        let speed = try #require((report as? [String: Any])?["images_per_second"] as? Double)
        #expect(lines.count == 1 && speed > 0)
      }
      let views = try String(contentsOfFile: "\(sample)/views.jsonl", encoding: .utf8).split(separator: "\n")
      let pixels = try Data(contentsOf: URL(fileURLWithPath: "\(sample)/views.rgb"))
      #expect(!views.isEmpty && pixels.count == views.count * 8 * 8 * 3)
    }

    @Test(arguments: [
      (["bench", "step", "--steps", "0"], Status.usage),
      (["bench", "evaluation", "--batch-size", "0"], Status.usage),
      (["bench", "data", "/nowhere"], Status.missingInput),
      (["predict", "--weights", "/nowhere", "x.png"], Status.missingInput),
      (["dataset", "scan", "/nowhere"], Status.missingInput), (["dataset", "demo"], Status.usage),
    ])
    func `a command refuses`(arguments: [String], status: Int32) throws {
      #expect(try answer(arguments, status: status).isEmpty)
    }

    private func answer(_ arguments: [String], status: Int32 = Status.done) throws -> [String] {
      let end = try ProgramRun(.worker, arguments, in: place).finish()
      #expect(end.status == status, "\(end.errors)")
      return end.output
    }
  }
}
