import Foundation
import TestSupport
import Testing

extension Trainings {
  /// Trains on cards that a library of the tests brings: the device path, without a card.
  @Suite struct CardTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// A training of `device`, of which every value of a card's and the CPU's is comparable.
    private func training(_ output: String, on device: String, _ flags: [String]) -> [String] {
      place.training(output, "--kernels", "reference", "--log-every", "1", "--drop-path", "0.2")
        + ["--device", device] + (device == "npu" ? ["--device-library", ProgramRun.testCard] : []) + flags
    }

    private func train(
      _ output: String, on device: String, workers: Int = 1, _ flags: [String] = [],
      variables: [String: String] = [:]
    ) throws -> ProgramRun.End {
      let training = training(output, on: device, flags)
      return workers == 1
        ? try ProgramRun(.worker, training, in: place, variables: variables).finish()
        : try ProgramRun(.launcher, ["--nproc", "\(workers)"] + training, in: place, variables: variables)
          .finish()
    }

    private func losses(_ output: String) throws -> [Double] {
      try RunFiles(folder: place.output(output)).steps().map(\.loss)
    }

    /// Local attention has five operations on the CPU and one on this card: rounded otherwise, which grows in bfloat16.
    @Test(arguments: [("O0", 1e-6, 1e-6), ("O1", 1e-3, 1e-2)])
    func `a card trains as the CPU does`(precision: String, atFirst: Double, later: Double) throws {
      let flags = ["--amp", precision, "--model-ema", "--reprob", "0.5", "--mixup", "0.8"]
      let card = try train("card", on: "npu", flags)
      let cpu = try train("cpu", on: "cpu", flags)
      #expect(card.status == Status.done, "\(card.errors)")
      #expect(cpu.status == Status.done, "\(cpu.errors)")
      #expect(card.output.contains { $0.hasPrefix("Computing on npu:0") })
      let (own, others) = (try losses("card"), try losses("cpu"))
      try #require(own.count == ImageFolder.trainingCount / 4 && others.count == own.count)
      for (step, (card, cpu)) in zip(own, others).enumerated() {
        #expect(abs(card - cpu) <= (step == 0 ? atFirst : later) * cpu, "\(own) and \(others)")
      }
      let accuracies = try ["card", "cpu"].map {
        try RunFiles(folder: place.output($0)).epochs().map { $0.values["test_acc1"] }
      }
      #expect(accuracies[0] == accuracies[1])
    }

    @Test func `eight workers train on eight cards, each on its own`() throws {
      let end = try train("eight", on: "npu", workers: 8, ["--batch-size", "1", "--max-step", "3"])
      #expect(end.status == Status.done, "\(end.errors)")
      let alone = try train("alone", on: "npu", ["--batch-size", "8", "--max-step", "3"])
      #expect(alone.status == Status.done, "\(alone.errors)")
      for (eight, one) in zip(try losses("eight"), try losses("alone")) {
        #expect(abs(eight - one) <= 1e-5 * one)
      }
    }

    @Test func `what a card trained goes on to the same bytes`() throws {
      _ = try train("whole", on: "npu", ["--epochs", "2"])
      let first = try train("parts", on: "npu", ["--epochs", "2", "--checkpoint-every", "4"])
      #expect(first.status == Status.done, "\(first.errors)")
      let names = try RunFiles(folder: place.output("parts")).names("checkpoints")
      let early = try #require(names.first { $0.contains("-step-") })
      let resumed = try train(
        "rest", on: "npu", ["--epochs", "2", "--resume", "\(place.output("parts"))/checkpoints/\(early)"])
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      #expect(
        try RunFiles(folder: place.output("rest")).bytes("last.safetensors")
          == RunFiles(folder: place.output("whole")).bytes("last.safetensors"))
    }

    /// All that is drawn for a step, and a rate that changes: what a step repeats must not be of the step that was recorded.
    @Test(arguments: [
      ["--amp", "O1", "--accumulate", "2", "--model-ema", "--drop", "0.1"],
      ["--opt", "sgd", "--reprob", "0.02"],
      ["--opt", "lamb", "--clip-grad", "0.02", "--clip-mode", "agc", "--loss", "bce"],
      ["--amp", "O1", "--freeze", "stages:0-1", "--unfreeze-at", "1", "--layer-decay", "0.7"],
    ])
    func `a recorded step trains to the bytes of one that is not`(flags: [String]) throws {
      let flags = flags + ["--epochs", "3", "--mixup", "0.8", "--cutmix", "1", "--no-eval"]
      let ends = try ["graph", "plain"].map {
        try train($0, on: "npu", flags + ($0 == "plain" ? ["--no-graph"] : []))
      }
      for end in ends { #expect(end.status == Status.done, "\(end.errors)") }
      let words = "Update 3 was recorded on npu:0: each one like it is a single launch from here on"
      let recorded = ends.map { $0.output.contains(words) }
      #expect(recorded == [true, false], "\(ends[0].output)")
      let files = ["graph", "plain"].map { RunFiles(folder: place.output($0)) }
      #expect(try losses("graph") == losses("plain"))
      for name in ["last.safetensors"] + (flags.contains("--model-ema") ? ["last_ema.safetensors"] : []) {
        #expect(try files[0].bytes(name) == files[1].bytes(name))
      }
      // Once an epoch or so, more is erased of four images than there was room for: such steps are made as before.
      let others = ends[0].output.filter { $0.contains("has inputs of other shapes than the recorded one") }
      #expect(others.count == (flags.contains("--reprob") ? 1 : 0), "\(ends[0].output)")
    }

    @Test(arguments: ["aten::native_layer_norm", "aten::native_layer_norm_backward", "aten::_fused_adamw_"])
    func `what a card does not record changes nothing and is said once`(operation: String) throws {
      let flags = ["--model-ema", "--max-step", "5", "--no-eval"]
      let refused = try train("refused", on: "npu", flags, variables: ["TEST_CARD_UNRECORDED": operation])
      let plain = try train("plain", on: "npu", flags + ["--no-graph"])
      #expect(refused.status == Status.done && plain.status == Status.done, "\(refused.errors)")
      let sentence = "Updates are made operation by operation, since npu:0 does not record them: "
      #expect(refused.output.filter { $0.hasPrefix(sentence) && $0.contains(operation) }.count == 1)
      for name in ["last.safetensors", "last_ema.safetensors"] {
        #expect(
          try RunFiles(folder: place.output("refused")).bytes(name)
            == RunFiles(folder: place.output("plain")).bytes(name))
      }
    }

    @Test func `steps that wait for the host are not recorded, and why is said`() throws {
      let two = try train(
        "two", on: "npu", workers: 2,
        ["--batch-size", "2", "--max-step", "4", "--no-eval", "--sum-by", "workers"])
      #expect(two.status == Status.done, "\(two.errors)")
      #expect(
        two.output.contains {
          $0.hasPrefix("Updates are made operation by operation: the workers exchange gradients through")
        }, "\(two.output)")
      let half = try train(
        "half", on: "npu", ["--amp", "O1", "--amp-dtype", "float16", "--max-step", "4", "--no-eval"])
      #expect(half.status == Status.done, "\(half.errors)")
      #expect(half.output.contains { $0.contains("moves the loss scale of float16") }, "\(half.output)")
    }

    /// What a step came to is heard of after the next one was launched, which must not be lost.
    @Test func `a card's run that was stopped and resumed is the run that was not`() throws {
      _ = try train("whole", on: "npu", ["--epochs", "2"])
      let run = try ProgramRun(.worker, training("parts", on: "npu", ["--epochs", "2"]), in: place)
      try run.read(to: "Epoch: [0]  [ 5/15]")
      run.send(SIGTERM)
      let end = try run.finish()
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      let resumed = try train("parts", on: "npu", ["--epochs", "2", "--resume", "auto"])
      #expect(resumed.status == Status.done, "\(resumed.errors)")
      let (parts, whole) = (RunFiles(folder: place.output("parts")), RunFiles(folder: place.output("whole")))
      #expect(try parts.bytes("last.safetensors") == whole.bytes("last.safetensors"))
      #expect(try parts.steps().map(\.step) == whole.steps().map(\.step))
      #expect(try losses("parts") == losses("whole"))
    }

    @Test func `a card's training that diverges ends as the CPU's does`() throws {
      let ends = try ["npu", "cpu"].map {
        try train($0, on: $0, ["--lr", "1e30", "--clip-grad", "0", "--checkpoint-every", "1"])
      }
      for end in ends {
        #expect(end.status == Status.diverged)
        #expect(end.errors.contains("the training has diverged: loss nan"), "\(end.errors)")
      }
      // As many steps before it, and the last checkpoint is of the last of them.
      let files = ["npu", "cpu"].map { RunFiles(folder: place.output($0)) }
      #expect(try files[0].steps().map(\.step) == files[1].steps().map(\.step))
      #expect(try files[0].names("checkpoints").max() == files[1].names("checkpoints").max())
    }

    @Test func `a card without room says so, with what to change`() throws {
      let end = try train("small", on: "npu", variables: ["TEST_CARD_BYTES": "20000000"])
      #expect(end.status == Status.badConfiguration)
      #expect(end.errors.contains("the card has too little memory: card out of memory. Tried to allocate"))
      #expect(end.errors.contains("--batch-size"))
    }

    @Test func `a card that breaks is named, and the run goes on from its checkpoint`() throws {
      let end = try ProgramRun(
        .launcher,
        ["--nproc", "1", "--max-restarts", "1"]
          + training("broken", on: "npu", ["--checkpoint-every", "2", "--no-graph"]),
        in: place, variables: ["TEST_CARD_FAULT": "5000"]
      ).finish()
      #expect(end.status == Status.done)
      #expect(end.errors.contains("the card's memory failed: an uncorrectable error of its memory"))
      #expect(end.errors.contains("── rank 0 failed"))
      #expect(end.errors.contains(", card npu:0\n"))
    }

    @Test func `a card that is lost says so, and where to look`() throws {
      let words = "CUDA error: GPU has fallen off the bus"
      let end = try train(
        "lost", on: "npu", ["--no-graph"],
        variables: ["TEST_CARD_FAULT": "3000", "TEST_CARD_FAULT_WORDS": words])
      #expect(end.status == Status.software)
      #expect(end.errors.contains("the card is lost: \(words)"), "\(end.errors)")
      #expect(end.errors.contains("dmesg"))
    }

    @Test func `a deterministic run tells the card, and ends where an operation is not`() throws {
      let report = "\(place.folder)/report"
      try FileManager.default.createDirectory(atPath: report, withIntermediateDirectories: false)
      let flags = ["--deterministic", "--max-step", "2", "--no-eval"]
      let end = try train("same", on: "npu", flags, variables: ["TEST_CARD_REPORT": report])
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.output.contains { $0.hasPrefix("Computing on npu:0, deterministically") }, "\(end.output)")
      let file = try #require(try FileManager.default.contentsOfDirectory(atPath: report).first)
      struct Report: Decodable { let deterministic: [String: String] }
      let told = try JSONDecoder().decode(
        Report.self, from: Data(contentsOf: URL(filePath: "\(report)/\(file)")))
      #expect(
        told.deterministic == [
          "algorithms": "1", "cudnn": "1", "benchmark": "0", "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
          "HCCL_DETERMINISTIC": "true", "NCCL_NVLS_ENABLE": "0",
        ])
      let refused = try train("other", on: "npu", flags, variables: ["TEST_CARD_UNORDERED": "aten::addmm"])
      #expect(refused.status == Status.badConfiguration)
      #expect(
        refused.errors.contains("--deterministic: aten::addmm does not have a deterministic implementation"),
        "\(refused.errors)")
    }

    @Test func `a card without bfloat16 multiplies float16, unless that was not to be`() throws {
      let lacking = ["TEST_CARD_NO_BFLOAT16": "1"]
      let flags = ["--amp", "O1", "--max-step", "3", "--no-eval"]
      let end = try train("chosen", on: "npu", flags, variables: lacking)
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(
        end.errors.contains(
          "note: npu:0 multiplies no bfloat16 numbers: products are in float16, and the loss is scaled for them"
        ),
        "\(end.errors)")
      let recipe = try RunFiles(folder: place.output("chosen")).bytes("recipe.json")
      #expect(String(decoding: recipe, as: UTF8.self).contains("\"dtype\" : \"float16\""))
      let refused = try train("named", on: "npu", flags + ["--amp-dtype", "bfloat16"], variables: lacking)
      #expect(refused.status == Status.badConfiguration)
      #expect(refused.errors.contains("--amp-dtype bfloat16: npu:0 multiplies no such numbers"))
    }

    @Test func `memory that lines and status tell of is the card's`() throws {
      let run = try ProgramRun(
        .launcher,
        ["--nproc", "2"]
          + training("memory", on: "npu", ["--batch-size", "2", "--epochs", "1000", "--no-eval"]), in: place)
      try run.read(to: "Epoch: [1]")
      let status = try ProgramRun(.launcher, ["status", place.output("memory")], in: place).finish()
      kill(run.identifier, SIGTERM)
      let end = try run.finish()
      let table = status.output.suffix(3)
      #expect(table.first?.contains("card   max mem") == true, "\(status.output)")
      for (rank, row) in table.dropFirst().enumerated() {
        #expect(row.contains("npu:\(rank)  ") && row.contains(" MB"), "\(status.output)")
      }
      let line = try #require(end.output.first { $0.contains("max mem: ") })
      let megabytes = try #require(Double(line.split(separator: " ").last ?? ""))
      // Weights, gradients and two moments of 1.8 million parameters are 28 MB; libtorch alone makes a process larger.
      #expect((28..<120).contains(megabytes), "\(line)")
    }

    @Test func `a card predicts and is measured, by the flags that it trains by`() throws {
      let card = ["--device", "npu", "--device-library", ProgramRun.testCard]
      #expect(try train("trained", on: "cpu", ["--max-step", "2", "--no-eval"]).status == Status.done)
      let predict = [
        "predict", "--weights", "\(place.output("trained"))/last.safetensors", place.images.image("val", 0),
      ]
      let answers = try [[], card].map { try ProgramRun(.worker, predict + $0, in: place).finish() }
      #expect(answers[0].output.count == 1 && answers[1].output == answers[0].output, "\(answers)")
      let work = ["--model", "alt_gvt_nano", "--input-size", "32", "--batch-size", "2", "--steps", "2"]
      let measurements: [(ProgramRun.Program, [String], String)] = [
        (.worker, ["bench", "step"], "on npu:0: "), (.worker, ["bench", "evaluation"], "on npu:0: "),
        (.launcher, ["bench", "step", "--nproc", "2"], "on 2 workers of npu:0: "),
      ]
      for (program, command, words) in measurements {
        let end = try ProgramRun(program, command + work + card, in: place).finish()
        #expect(end.status == Status.done, "\(end.errors)")
        #expect(end.output.contains { $0.contains(words) }, "\(end.output)")
      }
      for command in [["bench", "step"], ["bench", "evaluation"], predict] {
        let end = try ProgramRun(.worker, command + ["--device", "npu"], in: place).finish()
        #expect(end.status == Status.noDevice && end.errors.contains("device npu number 0 is not there"))
      }
      let profile = try ProgramRun(.worker, ["bench", "step", "--profile"] + work + card, in: place).finish()
      #expect(
        profile.status == Status.usage && profile.errors.contains("--profile: it times the processor's"))
    }

    @Test func `more workers than cards are refused before any starts`() throws {
      let end = try train("many", on: "npu", workers: 3, variables: ["TEST_CARD_COUNT": "2"])
      #expect(end.status == Status.noDevice)
      #expect(end.errors.contains("device npu number 2 is not there"))
      #expect(end.errors.contains("sees 2"))
    }

    @Test func `automatic is one worker for each card of the library`() throws {
      let training = training("auto", on: "npu", ["--batch-size", "1", "--max-step", "1"])
      let end = try ProgramRun(.launcher, training, in: place, variables: ["TEST_CARD_COUNT": "3"]).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.errors.contains(": 3 workers with"))
    }

    @Test func `a variable names the library as the flag does`() throws {
      let variables = ["TWINS_DEVICE_LIBRARY": ProgramRun.testCard, "TEST_CARD_COUNT": "2"]
      let device = try #require(place.training("x").firstIndex(of: "--device"))
      var training = place.training("named", "--batch-size", "1", "--max-step", "1")
      training.removeSubrange(device...device + 1)
      let end = try ProgramRun(.launcher, training, in: place, variables: variables).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.errors.contains(": 2 workers with"))
      #expect(end.output.contains { $0.hasPrefix("Computing on npu:0") })

      let three = try ProgramRun(
        .launcher, ["--nproc", "3", "--overwrite"] + training, in: place, variables: variables
      ).finish()
      #expect(three.status == Status.done, "\(three.errors)")
      #expect(
        three.errors.contains("note: 3 workers compute on the CPU, since there are 2 devices of kind npu"))
    }

    @Test func `what there is to compute on is told`() throws {
      let end = try ProgramRun(
        .worker, ["devices", "--device-library", ProgramRun.testCard], in: place,
        variables: ["TEST_CARD_COUNT": "5"]
      ).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.output.first?.hasPrefix("libtorch ") == true)
      #expect(end.output.contains("npu: 5"))
    }

    @Test func `another release of libtorch is refused before anything is computed`() throws {
      let other = try CompiledLibrary(
        "libother.so",
        """
        #include <string>
        namespace at { std::string show_config() { return "Build settings: TORCH_VERSION=1.2.3, USE_CUDA=0"; } }
        """, in: place.folder)
      let variables = ["LD_PRELOAD": other.path]
      for program in [ProgramRun.Program.worker, .launcher] {
        let end = try ProgramRun(program, place.training("other"), in: place, variables: variables).finish()
        #expect(end.status == Status.noDevice)
        #expect(end.errors.contains("has loaded 1.2.3 from \(other.path)"), "\(end.errors)")
      }
    }

    @Test func `a libtorch without the names of this one is refused`() throws {
      // Takes the place of the library that has them.
      _ = try CompiledLibrary("libc10.so", "extern \"C\" int nothing() { return 0; }", in: place.folder)
      let end = try ProgramRun(
        .launcher, place.training("without"), in: place, variables: ["LD_LIBRARY_PATH": place.folder]
      ).finish()
      #expect(end.status == Status.noDevice)
      #expect(end.errors.contains("was built with another libtorch than it loads here"), "\(end.errors)")
    }

    /// What is wrong with a library, as stubs have it that are compiled here.
    @Test func `a library that cannot be used is told apart, with the next command`() throws {
      let needed = try CompiledLibrary("libhccl.so", "", in: place.folder)
      let stubs = [
        try CompiledLibrary("cann.so", "", needing: [needed.path], in: place.folder),
        try CompiledLibrary(
          "python.so", "extern \"C\" int PyGILState_Ensure(); int x = PyGILState_Ensure();", in: place.folder),
        try CompiledLibrary(
          "other.so", "namespace c10 { int gone(); } int x = c10::gone();", in: place.folder),
        try CompiledLibrary("plain.so", "", in: place.folder),
      ]
      // Linked by its path without a name of its own, it is looked for there.
      try FileManager.default.removeItem(atPath: needed.path)
      for (path, words) in [
        ("\(place.folder)/missing.so", "there is no such file; name the library"),
        (place.images.image("val", 0), "it cannot be opened"),
        (stubs[0].path, "libhccl.so, which is one of CANN's libraries"),
        (stubs[1].path, "it needs Python (PyGILState_Ensure)"),
        (stubs[2].path, "it was built for another libtorch than "),
        (stubs[3].path, "registered no device"),
      ] {
        let end = try ProgramRun(
          .worker, place.training("none") + ["--device", "npu", "--device-library", path], in: place
        ).finish()
        #expect(end.status == Status.noDevice)
        #expect(end.errors.contains(path) && end.errors.contains(words), "\(end.errors)")
      }
    }

    @Test func `a library without a card points at the driver, and none at all at the flag`() throws {
      let none = try train("none", on: "npu", variables: ["TEST_CARD_COUNT": "0"])
      #expect(none.status == Status.noDevice)
      #expect(none.errors.contains("The library is there and finds no card: npu-smi info"), "\(none.errors)")
      let unnamed = try ProgramRun(.worker, place.training("x") + ["--device", "npu"], in: place).finish()
      #expect(unnamed.status == Status.noDevice)
      #expect(
        unnamed.errors.contains("--device-library FILE, or in TWINS_DEVICE_LIBRARY"), "\(unnamed.errors)")
    }

    @Test func `a library that wants it is started with its worker's card, and stopped`() throws {
      let notes = "\(place.folder)/notes"
      let vendor = try CompiledLibrary(
        "vendor.so",
        """
        #include <cstdio>
        static void note(const char *what, int card) {
          if (FILE *file = std::fopen("\(notes)", "a")) { std::fprintf(file, "%s %d\\n", what, card); std::fclose(file); }
        }
        namespace torch_npu {
        void init_npu(signed char card) { note("start", card); }
        void finalize_npu() { note("stop", 0); }
        }
        """, needing: [ProgramRun.testCard], in: place.folder)
      let end = try ProgramRun(
        .launcher,
        ["--nproc", "2"] + training("vendor", on: "npu", ["--max-step", "1", "--batch-size", "2"])
          + ["--device-library", vendor.path],
        in: place,
        variables: [
          "LD_LIBRARY_PATH": URL(fileURLWithPath: ProgramRun.testCard).deletingLastPathComponent().path
        ]
      ).finish()
      #expect(end.status == Status.done, "\(end.errors)")
      let lines = try String(contentsOfFile: notes, encoding: .utf8).split(separator: "\n")
      // The worker that checks the start takes the last one's card.
      #expect(lines.filter { $0.hasPrefix("start") }.sorted() == ["start 0", "start 1", "start 1"])
      #expect(lines.count { $0.hasPrefix("stop") } == 3)
    }
  }
}
