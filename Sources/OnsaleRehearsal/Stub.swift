public import Foundation
public struct Rehearsal { 
 public struct Settings { public init(url: String, event: String?, fans: Int, seconds: Double, adminToken: String, connections: Int, seed: UInt64, plan: URL?) {} }
 public struct Outcome { public let table = ""; public let html = ""; public let isClean = true }
 public init(settings: Settings) {}
 public func run() async throws -> Outcome { Outcome() } }
public enum RehearsalError: Error { case x }
