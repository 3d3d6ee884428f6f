import Foundation
import Testing

@testable import Recipe
import enum Recipe.ExitStatus

@Suite struct RecipeTests {
  @Test func `a recipe survives being written and read`() throws {
    var recipe = Recipe()
    recipe.model.name = "alt_gvt_nano"
    recipe.data.cropScale = [0.1, 0.7]
    recipe.optimizer.clip = nil
    recipe.schedule.stepLimit = 12
    recipe.precision.level = .O1
    recipe.seed = .max
    for written in [Recipe(), recipe] {
      let data = Data(written.document.utf8)
      #expect(try JSONDecoder().decode(Recipe.self, from: data) == written)
      #expect(
        try RecipeFile(written.document, named: "f").recipe.tree.leaves().count == written.tree.leaves().count
      )
    }
  }

  @Test func `a document says every value, also what is absent`() throws {
    var recipe = Recipe()
    recipe.optimizer.clip = nil
    #expect(recipe.document.contains("\"clip\" : null"))
    #expect(recipe.document.contains("\"digest\" : \"\(recipe.digest)\""))
    #expect(recipe.document.hasSuffix("}\n"))
  }

  @Test func `the digest changes with a value and not with the folder`() {
    // Pinned: a changed way of writing or hashing would make old digests lie.
    #expect(Recipe().digest == "9c52c1718b588c5a")
    var other = Recipe()
    other.data.path = "/elsewhere"
    #expect(other.digest == Recipe().digest)
    other.seed = 1
    #expect(other.digest != Recipe().digest)
    #expect(other.digest.count == 16)
  }

  @Test
  func `a recipe from before there were kernels of our own goes on by libtorch's, and keeps its digest`()
    throws
  {
    let old = Recipe().document.replacing(#/,\s*"kernels" : "fused"/#, with: "")
    let read = try JSONDecoder().decode(Recipe.self, from: Data(old.utf8))
    #expect(old != Recipe().document && read.precision.kernels == .reference)
    // Pinned: what that version wrote.
    #expect(read.digest == "fae321e43ee74537")
    #expect(try RecipeFile(old, named: "f").recipe == Recipe())
  }

  @Test func `a recipe from before there were other schedules is as it was`() throws {
    guard case .object(var members) = Recipe().tree else { return }
    members["tuning"] = nil
    let old = JSONTree.object(members).without("schedule.milestones").without("schedule.onUpdates")
    let read = try old.decoded(as: Recipe.self)
    #expect(read == Recipe() && read.digest == Recipe().digest)
    var other = Recipe()
    other.schedule.milestones = [1]
    #expect(other.digest != read.digest)
  }

  @Test func `what a file of class weights said is part of the recipe, and no other file's to say`() throws {
    var recipe = Recipe()
    recipe.loss.classWeights = "w.txt"
    let earlier = try recipe.tree.without("loss.weightsOfFile").decoded(as: Recipe.self)
    #expect(earlier == recipe && earlier.digest == recipe.digest)
    recipe.loss.weightsOfFile = "owl 2.0"
    #expect(earlier.digest != recipe.digest)
    #expect(earlier.changes(to: recipe) == ["loss.weightsOfFile '' → owl 2.0"])
    #expect(try RecipeFile(recipe.document, named: "f").names.contains("loss.classWeights"))
    #expect(try !RecipeFile(recipe.document, named: "f").names.contains("loss.weightsOfFile"))
  }

  @Test func `what a teacher's weights were is part of the recipe, and no other file's to say`() throws {
    var recipe = Recipe()
    recipe.distillation.teacher = "runs/teacher"
    let earlier = try recipe.tree.without("distillation.weightsOfTeacher").decoded(as: Recipe.self)
    #expect(earlier == recipe && earlier.digest == recipe.digest)
    recipe.distillation.weightsOfTeacher = "0badcafe"
    #expect(earlier.changes(to: recipe) == ["distillation.weightsOfTeacher '' → 0badcafe"])
    #expect(try !RecipeFile(recipe.document, named: "f").names.contains("distillation.weightsOfTeacher"))
  }

  @Test func `the path of the rate is said`() {
    let paths: [(Recipe.Schedule.Kind, String)] = [
      (.cosine, "from 1e-06 over 5 epochs, down to 1e-05, in 2 cycles"),
      (.step, "from 1e-06 over 5 epochs, × 0.1 every 30.0 epochs"),
      (.multistep, "from 1e-06 over 5 epochs, × 0.1 at epochs 90, 180, 270"),
      (.onecycle, "from 1e-06 over 5 epochs, and down to 1e-05 along cosines, at every update"),
    ]
    for (kind, path) in paths {
      var recipe = Recipe()
      (recipe.schedule.kind, recipe.schedule.cycleLimit) = (kind, 2)
      #expect(recipe.rateLine.hasSuffix("; " + path))
    }
  }

  @Test func `the learning rate is said as given and as scaled`() {
    var recipe = Recipe()
    recipe.data.batchSize = 128
    recipe.worldSize = 8
    #expect(
      recipe.rateLine == "Learning rate: 0.0005 for 512 images, 0.001 for 1024 images an update; "
        + "from 1e-06 over 5 epochs, down to 1e-05")
    recipe.schedule.scalesRate = false
    #expect(
      recipe.rateLine == "Learning rate: 0.0005 as given, not scaled to 1024 images an update; "
        + "from 1e-06 over 5 epochs, down to 1e-05")
  }

  @Test func `statuses are the documented ones`() {
    let documented: [ExitStatus: Int32] = [
      .done: 0, .usage: 64, .badData: 65, .missingInput: 66, .noDevice: 69, .software: 70, .inputOutput: 74,
      .stoppedEarly: 75, .badConfiguration: 78, .diverged: 79,
    ]
    #expect(Set(ExitStatus.allCases) == Set(documented.keys))
    for (code, number) in documented { #expect(code.rawValue == number) }
    #expect(Set(ExitStatus.allCases.map(\.meaning)).count == documented.count)
  }
}

@Suite struct ModelNameTests {
  @Test(arguments: [
    ("alt_gvt_small", "twins_svt_small"), ("alt_gvt_base", "twins_svt_base"),
    ("alt_gvt_large", "twins_svt_large"), ("pcpvt_small_v0", "twins_pcpvt_small"),
    ("pcpvt_base_v0", "twins_pcpvt_base"), ("pcpvt_large_v0", "twins_pcpvt_large"),
  ])
  func `the reference's and timm's names mean the same`(reference: String, timm: String) throws {
    #expect(try ModelName.canonical(reference) == reference)
    #expect(try ModelName.canonical(timm) == reference)
  }

  @Test func `all names are accepted and distinct`() throws {
    for name in ModelName.all { _ = try ModelName.canonical(name) }
    #expect(Set(ModelName.all).count == ModelName.all.count && ModelName.all.count == 19)
  }

  @Test func `capital letters and timm's tag do not matter`() throws {
    #expect(try ModelName.canonical("ALT_GVT_SMALL") == "alt_gvt_small")
    #expect(try ModelName.canonical("twins_svt_small.in1k") == "alt_gvt_small")
    #expect(try ModelName.canonical("Twins_PCPVT_Base.in1k") == "pcpvt_base_v0")
    #expect(try ModelName.canonical("deit_tiny_patch16_224.fb_in1k") == "deit_tiny_patch16_224")
  }

  @Test func `no other spelling is accepted`() {
    for name in ["", "alt_gvt_small.in22k", ".in1k", "alt_gvt_small ", "pvt_small", "resnet50"] {
      #expect(throws: RecipeError.self) { try ModelName.canonical(name) }
    }
  }

  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2),
    ("ab", "ba", 2),
    ("same", "same", 0), ("naïve", "naive", 1),
  ])
  func `edit distance counts insertions, deletions and substitutions`(a: String, b: String, distance: Int) {
    #expect(editDistance(a, b) == distance)
    #expect(editDistance(b, a) == distance)
  }

  @Test func `the nearest come first, ties in alphabetical order`() {
    let words = ["tame", "time", "lime", "tundra"]
    #expect(nearest(to: "time", among: words, atMost: 3) == ["time", "lime", "tame"])
    #expect(nearest(to: "tim", among: words, atMost: 1) == ["time"])
    #expect(nearest(to: "x", among: [], atMost: 3) == [])
  }
}
