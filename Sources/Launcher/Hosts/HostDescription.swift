import Drawing
import FoundationEssentials
import System
import Wire

/// How a launcher describes its host when it connects, for host 0 to compare.
struct HostDescription: Codable, Equatable, Sendable {
  /// The host's number, and the number of hosts that it was told.
  var host: Int
  var hosts: Int
  var workers: Int
  /// The program's version.
  var version: String
  /// The recipe's digest, where there is one.
  var recipe: String?
  /// The same recipe's values, for messages.
  var values: RecipeValues?
  /// The run's name; nil where it was given none.
  var run: String?
  /// The host's own name, for messages.
  var name: String
  /// The run's output folder, from host 0 only; nil where it writes no files.
  var output: String?
  /// A random number that identifies the launcher.
  var launcher: UInt64
  /// The identifier of the machine's boot, equal for two hosts on one machine.
  var boot: String
  /// The local address of the connection to host 0.
  var address: String
  /// The other end of that connection: host 0's address as others reach it.
  var dialled: String

  /// The host's name in messages, such as `host 1 (node2, 10.0.0.2)`.
  var title: String { "host \(host) (\([name, address].filter { !$0.isEmpty }.joined(separator: ", ")))" }
}

extension HostDescription {
  /// Says why this host cannot take part in host 0's run, and what to do; nil where it can.
  ///
  /// - Parameter others: The hosts that take part already.
  func obstacle(to first: HostDescription, besides others: [HostDescription]) -> String? {
    disagreement(with: first) ?? unreachable(from: first, others)
  }

  private func disagreement(with first: HostDescription) -> String? {
    if hosts != first.hosts {
      return
        "\(title) was told of \(counted(hosts, "host")) and host 0 of \(first.hosts): give all the same --nnodes."
    }
    guard (1..<first.hosts).contains(host) else {
      return
        "\(title) came to host 0, which takes in hosts 1 to \(first.hosts - 1): give each another --node-rank."
    }
    if version != first.version {
      return "\(title) runs twins-launch \(version) and host 0 \(first.version): install the same on all."
    }
    if workers != first.workers {
      return
        "\(title) would start \(counted(workers, "worker")) and host 0 \(first.workers), and every host needs as many: "
        + "give all the same --nproc."
    }
    if recipe != first.recipe {
      let differences = first.values.flatMap { values?.differences(from: $0) }
      return
        "\(title) has another recipe than host 0 "
        + "(\(differences ?? "digests \(recipe ?? "none") and \(first.recipe ?? "none")")): give all "
        + "the same training flags; --print-config shows what they come to."
    }
    if let run, run != first.run {
      return
        "\(title) was told of run \(run), and this is \(first.run ?? "another one"): give all the same --run-id, or none."
    }
    return nil
  }

  /// Checks that the workers of all hosts can reach each other at the addresses by which the launchers
  /// connected.
  private func unreachable(from first: HostDescription, _ others: [HostDescription]) -> String? {
    guard let address = IPAddress(address), let dialled = IPAddress(dialled) else {
      return "\(title) has found no address of its own."
    }
    if address.isLoopback, boot != first.boot {
      return
        "\(title) came by loopback, and is another machine than host 0: name host 0 in --rdzv-endpoint by an address "
        + "that the others reach."
    }
    for other in others {
      guard let known = IPAddress(other.dialled) else { continue }
      if address.isLoopback != known.isLoopback {
        return
          "\(title) reaches host 0 at \(self.dialled) and \(other.title) at \(other.dialled): from loopback nothing leads "
          + "to other machines. Name host 0 in --rdzv-endpoint by an address that all reach."
      }
      if dialled.isVersion6 != known.isVersion6 {
        return
          "\(title) reaches host 0 at \(self.dialled) and \(other.title) at \(other.dialled), and the workers need one "
          + "family of addresses: name host 0 in --rdzv-endpoint by its address."
      }
    }
    return nil
  }
}
