import RunControl
import System

/// Events: from the launchers of other hosts to the fleet.
extension Supervisor {
  /// Takes in what other hosts have said, and which of them are gone.
  func hearHosts() {
    for news in hosts?.takeNews(at: now) ?? [] { take(news) }
  }

  private func take(_ news: HostLead.News) {
    switch news {
    case .said(let text): station.console.print(text)
    case .absent(let fault):
      if fault.kind == .lost { station.console.print(fault.reason) }
      // A number that is no host's is host 0's to refuse.
      let ranks = fault.hosts.flatMap(launch.places.ranks)
      for rank in ranks.isEmpty ? [0] : ranks { takeEnd(of: rank, .withoutHost(fault), at: now) }
    case .complete(let number, let address, let places): order(number, address, places)
    case .ready: take(.begun)
    case .ended(let rank, let ending): takeEnd(of: rank, ending, at: now)
    case .hung(let hangs): end(hangs)
    case .stopRequested(let request, let host): stop(request, on: host)
    case .checkpointRequested: receive(.user1)
    }
  }

  /// Tells the workers of all hosts which rank failed first, before its end is processed.
  func tellHosts(ofFirstEnd ending: Ending, of rank: Int) {
    guard let hosts, !ending.isOrderly else { return }
    attempt.liveness?.note(failureOf: rank)
    hosts.tellAll(.failed(rank: rank))
  }

  /// Gets the attempt ready here, and has the others do so.
  private func order(_ number: Int, _ address: String, _ places: HostPlaces) {
    guard let hosts else { return }
    take(.resized(places.ranks))
    let launch = launch.placed(on: places)
    do throws(LaunchError) {
      let store = try StoreSocket(at: address)
      let order = AttemptOrder(
        run: launch.runIdentifier, number: number, storeAddress: address, storePort: store.port,
        masterPort: try FreePort.find(), places: places,
        goesOn: launch.task.goesOnAnyway || launch.resumption?.hasNewCheckpoint ?? false)
      let next = Attempt(
        number, of: launch, on: AttemptHosts(order, hosts.plan, address: address), store: store.release())
      if let obstacle = prepare(next) { throw obstacle }
      hosts.order(order)
    } catch {
      take(notStarted(0, error))
    }
  }
}
