import Glibc
package import Recipe
import System

/// The values of `RunFlags`: where a run computes and writes, what it starts from and what it prints; nil
/// lets the worker decide.
package struct RunSettings: Codable, Equatable, Sendable {
  package var outputDir: String?
  package let device: DeviceChoice?
  package let deviceLibrary: String?
  package let deterministic: Bool
  package let config: String?
  package let recipe: NamedRecipe?
  package let printConfig: Bool
  package var resume: String?
  package var finetune: String?
  package var useEma: Bool
  package var overwrite: Bool
  package var dryRun: Bool
  package let eval: Bool
  /// The folder of an evaluation's report; nil only prints the results.
  package let reportDir: String?
  /// The evaluated folder of the data set; nil for the usual one.
  package let split: String?
  package let throughput: Bool
  /// The number of updates of a learning rate test, which replaces training; nil for none.
  package let lrFind: Int?
  package let noEval: Bool
  package let noTensorboard: Bool
  package var prometheus: String?
  package let skipDamaged: Int?
  package let checkpointEvery: Int?
  package let checkpointCopies: Int?
  package let keep: Int
  package let logEvery: Int
  package let threads: Int?
  package let numWorkers: Int?
  /// The memory that images may take on a host; nil if none are kept.
  package let cache: CacheSettings?
  package let shardOptimizer: Bool?
  package let noOverlap: Bool
  package let sumBy: SumBy?
  package let noGraph: Bool
  package let gradCheckpointing: Bool
  package let bucketMegabytes: Int?
  package let checkWeightsEvery: Int?

  /// Whether weights change; evaluations and measurements change none, and write nothing.
  package var trains: Bool { !eval && !throughput }

  /// Whether the output folder becomes a run's.
  package var writes: Bool { trains && !printConfig && lrFind == nil }

  /// Throws if what `--resume` names does not exist.
  package func requireResume() throws(RecipeError) {
    guard let resume, resume != "auto", access(resume, F_OK) != 0 else { return }
    throw RecipeError(
      "--resume \(masked(resume)): there is no such file or folder. A run's checkpoints are in its output folder, "
        + "under checkpoints/; --resume auto takes the newest.", exitStatus: .missingInput)
  }
}
