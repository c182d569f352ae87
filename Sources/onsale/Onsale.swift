import ArgumentParser
import AsyncHTTPClient
import Hummingbird
@main struct Onsale: AsyncParsableCommand { func run() async throws { print("onsale") } }
