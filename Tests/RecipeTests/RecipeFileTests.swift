import ArgumentParser
import Recipe
import Testing

@testable import Flags

@Suite struct RecipeFileTests {
  @Test func `a written recipe is read back, flags over it`() throws {
    let flags = [
      "--epochs", "7", "--clip-grad", "0", "--opt-betas", "0.8", "0.9", "--cutmix-minmax", "0.2", "0.8",
      "--no-aug",
      "--seed", "18446744073709551615", "--model", "alt_gvt_nano",
    ]
    let recipe = try parse(flags).recipe(worldSize: 2)
    try withFile(recipe.document) { path in
      let again = try TrainingFlags.parse(["--config", path])
      #expect(try again.recipe(worldSize: 2) == recipe)
      #expect(try again.outputFolder() == "./alt_gvt_nano")
      // A flag wins also where it repeats the default.
      let over = try parse("--config", path, "--epochs", "300", "--aug")
      #expect(try over.recipe(worldSize: 2).schedule.epochs == 300)
      #expect(try over.recipe(worldSize: 2).data.augments)
      let origins = try over.settings(worldSize: 2).origins
      #expect(origins["schedule.epochs"] == .flag("--epochs"))
      #expect(origins["seed"] == .file(path))
    }
  }

  @Test func `a file may hold a few values`() throws {
    try withFile(#"{"schedule": {"epochs": 12, "rate": 1e-3}, "mixing": {"mixup": 0}}"#) { path in
      let settings = try parse("--config", path).settings(worldSize: 8)
      #expect((settings.recipe.schedule.epochs, settings.recipe.mixing.mixup) == (12, 0))
      #expect(settings.recipe.schedule.base == 1e-3)
      #expect(settings.recipe.smoothing == 0.1)
      #expect(settings.origins["schedule.epochs"] == .file(path))
      #expect(settings.origins["smoothing"] == nil)
    }
  }

  @Test func `the number of workers is the launcher's, not the file's`() throws {
    let recipe = try parse().recipe(worldSize: 8)
    try withFile(recipe.document) { path in
      let narrow = try parse("--config", path).recipe(worldSize: 2)
      #expect((narrow.worldSize, narrow.schedule.base) == (2, 5e-4 * 128 / 512))
    }
  }

  @Test(arguments: [
    ("{\"schedule\": {\n  \"rate\": x}}", "f:2:11: from here on it is not JSON"),
    ("{\"schedule\": {\n  \"epochs\": 3.5}}", "f:2:3: schedule.epochs cannot be 3.5"),
    (
      "{\"schedule\":\n {\"epchs\": 3}}", "f:2:3: there is no value schedule.epchs; is schedule.epochs meant?"
    ),
    ("{\n\"data\": 3}", "f:2:1: data is a group of values"),
    ("{\"schedule\": {\"epochs\": \"x\"}}", "f:1:15: schedule.epochs must be of type Int"),
  ])
  func `what is wrong in a file is named with its place`(text: String, message: String) {
    let error = #expect(throws: RecipeError.self) { try RecipeFile(text, named: "f") }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test func `neither a key nor a text of a file speaks to the terminal`() throws {
    for text in [
      #"{"\u001b[2J": 3}"#, #"{"schedule": {"\u001b[2J": 3}}"#, #"{"model": {"name": "\u001b[2J"}}"#,
    ] {
      let error = #expect(throws: RecipeError.self) {
        try withFile(text) { try parse("--config", $0).settings(worldSize: 1) }
      }
      #expect(error?.description.contains(#"\x1b[2J"#) == true, "\(String(describing: error))")
      #expect(error?.description.unicodeScalars.contains("\u{1b}") == false)
    }
  }

  @Test(arguments: [
    (#"{"schedule": {"epoch": 3}}"#, "there is no value schedule.epoch; is schedule.epochs meant?"),
    (#"{"sched": {}}"#, "there is no value sched; is schedule meant?"),
    (#"{"lr": 1e-3}"#, "there is no value lr; is schedule.rate meant?"),
    (#"{"batch_size": 8}"#, "there is no value batch_size; is data.batchSize meant?"),
    (#"{"schedule": {"lr": 1e-3}}"#, "there is no value schedule.lr; is schedule.rate meant?"),
    (#"{"zzzzzz": 1}"#, "there is no value zzzzzz. --print-config lists all"),
    (#"{"schedule": 3}"#, "schedule is a group of values, not one"),
    (#"{"schedule": {"epochs": "many"}}"#, "schedule.epochs must be of type Int"),
    (#"{"schedule": {"epochs": null}}"#, "schedule.epochs must be of type Int"),
    (#"{"schedule": {"epochs": 0}}"#, "schedule.epochs 0: must be from 1 to 1000000"),
    (
      #"{"schedule": {"base": 0.001}}"#,
      "schedule.base follows from schedule.rate and schedule.scalesRate; set those"
    ),
    (#"{"data": {"cropScale": [0.5]}}"#, "data.cropScale 0.5: must be two rising numbers above 0, at most 1"),
    (#"{"model": {"name": "resnet50"}}"#, "model.name resnet50: must be one of"),
    ("[]", "not a JSON object like a run's recipe.json"), ("", "from here on it is not JSON"),
  ])
  func `a fault is named with the file`(text: String, fault: String) throws {
    try withFile(text) { path in
      let error = #expect(throws: RecipeError.self) { try parse("--config", path).recipe(worldSize: 1) }
      let text = error?.description ?? ""
      #expect(text.hasPrefix("\(path):") && text.contains(": \(fault)"), "\(text)")
      #expect(error?.exitStatus == .badConfiguration)
    }
  }

  @Test func `a word that is none of a value's is named`() throws {
    try withFile(#"{"optimizer": {"kind": "adagrad"}}"#) { path in
      let error = #expect(throws: RecipeError.self) { try parse("--config", path).recipe(worldSize: 1) }
      #expect(error?.description.hasPrefix("\(path):1:16: optimizer.kind: ") == true)
      #expect(error?.description.contains("adagrad") == true)
    }
  }

  @Test func `a file that is not there is a missing input`() throws {
    let error = #expect(throws: RecipeError.self) {
      try parse("--config", "/nowhere/recipe.json").recipe(worldSize: 1)
    }
    #expect(error?.exitStatus == .missingInput)
    #expect(error?.description.contains("/nowhere/recipe.json") == true)
  }
}
