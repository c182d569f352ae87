/// Endpoints for one kind of user, with the collaborators they need.
protocol RouteGroup: Sendable {
    var endpoints: [Endpoint] { get }
}
