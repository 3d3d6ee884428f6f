import Model
import Recipe
import Testing

/// The rooms that name networks and the one that builds them know the same ones.
@Suite struct ModelTableTests {
  @Test(arguments: ModelName.all) func `every accepted name is a network`(name: String) throws {
    let canonical = try ModelName.canonical(name)
    #expect(
      TwinsConfiguration.named(canonical) != nil || VisionTransformer.Shape.named(canonical) != nil)
  }
}
