/// Endpoints for one kind of user, with the collaborators that they need.
protocol RouteGroup: Sendable {
    var endpoints: [Endpoint] { get }
}
