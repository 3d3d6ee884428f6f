import Collective
import Datasets
import Flags
import Foundation
import Recipe
import System
import WorkerLink

/// The source of a run's images: the disk, or with `--cache` memory shared by a host's workers.
struct HostImages {
  let training: any ImageSource
  let validation: any ImageSource
  private let memory: ImageMemory?
  private let free: Int
  private let workers: Int

  /// All of the run's workers call this together.
  init(_ plan: RunPlan, _ rank: Rank) throws {
    let (training, validation) = (plan.data.training, plan.data.validation)
    workers = rank.environment.localWorldSize
    guard let settings = plan.settings.cache, plan.settings.writes else {
      (self.training, self.validation, memory, free) = (training, validation, nil, 0)
      return
    }
    let free = availableMemory() ?? 0
    self.free = free
    let shared = try Self.memory(
      images: training.count + validation.count, limit: min(settings.limit ?? free / 2, free), rank)
    memory = shared
    guard let shared else {
      (self.training, self.validation) = (training, validation)
      return
    }
    self.training = ImagesInMemory(training, in: shared, from: 0)
    self.validation = ImagesInMemory(validation, in: shared, from: training.count)
  }

  /// What a worker tells the others of its host.
  private struct Offer: Codable {
    let host: Int
    let limit: Int
    /// The memory, from the worker that made it.
    let place: MemoryFile.Place?
  }

  /// Makes the memory in the first worker of a host and opens it in the others; nil if the system cannot
  /// provide it.
  private static func memory(images: Int, limit: Int, _ rank: Rank) throws -> ImageMemory? {
    let host = rank.environment.hosts?.host ?? 0
    let own = rank.environment.localRank == 0 ? ImageMemory(images: images, limit: limit) : nil
    let offer = Offer(host: host, limit: own?.limit ?? 0, place: own?.place)
    let offers = try rank.group.allGather(Array(try JSONEncoder().encode(offer)))
      .map { try JSONDecoder().decode(Offer.self, from: Data($0)) }
    let found =
      own
      ?? offers.first { $0.host == host && $0.place != nil }.flatMap { offer in
        offer.place.flatMap { ImageMemory(images: images, limit: offer.limit, at: $0) }
      }
    // The first worker keeps it open until all others have opened it.
    _ = try rank.group.allGather([found == nil ? 0 : 1])
    if found == nil {
      Console.warn(
        "warning: rank \(rank.number) has no memory for --cache, and reads its images from the disk")
    }
    return found
  }

  /// The limit of the cache, for the start of a run; nil without a cache.
  var startLine: String? {
    memory.map {
      "Cache: encoded images stay in memory, up to \(byteSize($0.limit)) of the \(byteSize(free)) that are free"
        + (workers > 1 ? ", for all \(workers) workers of this host" : "")
    }
  }

  /// The content of the cache after an epoch; nil without a cache.
  var line: String? {
    memory.map {
      "Cache: \($0.held.images) of \(training.count + validation.count) images in memory, \(byteSize($0.held.bytes))"
    }
  }
}
