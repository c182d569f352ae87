"""A whole cluster on one machine: PostgreSQL, Redis, one payments sandbox, nodes, nginx; Kafka and services on demand.

    with Servers() as servers:
        cluster = Cluster(servers, nodes=3)
        … cluster.edge.rehearsal_url, cluster.nodes[0].kill(), cluster.postgres.pause() …
"""

import secrets

from waiting import free_port

# What follows a sale, a process each.
SERVICES = (("documents",), ("mail",), ("webhooks", "eligibility", "settlement"))


class Cluster:
    """Starts everything, in an order in which each finds what it needs; `Servers` stops it."""

    def __init__(
            self, servers, nodes=3, database_port=None, redis_port=None, edge_changes=(), edge_ports=None,
            database_ports=None, with_services=False, **settings):
        """
        - database_port, redis_port: functions that give, for each server, the port that nodes are told of: a failing
          network's, for instance.
        - database_ports: the same for PostgreSQL, but for each node, whose number is the second argument.
        - edge_changes: what is altered in nginx's configuration.
        - with_services: whether anything follows a sale.
        - settings: of the nodes and services, beside those that make them a cluster.
        """
        self.admin_token = settings.get("ONSALE_ADMIN_TOKEN") or secrets.token_hex(16)
        secret_key, webhook_secret = "sk_" + secrets.token_hex(16), "whsec_" + secrets.token_hex(16)
        # Fans are sent there, and the provider's notices, before it runs.
        ports = {purpose: free_port() for purpose in ("tls", "rehearsal", "plain")} | (edge_ports or {})
        self.postgres = servers.postgres()
        self.redis = servers.redis()
        self.kafka = servers.kafka() if with_services else None
        self.sandbox = servers.sandbox(
            secret_key,
            ONSALE_PAYMENT_WEBHOOK_URL=f"http://127.0.0.1:{ports['rehearsal']}/v1/webhooks/payments",
            ONSALE_PAYMENT_WEBHOOK_SECRET=webhook_secret)
        self.settings = {
            "DATABASE_URL": self.postgres.url_through(
                database_port(self.postgres) if database_port else self.postgres.port()),
            "ONSALE_REDIS_URL": self.redis.url_through(redis_port(self.redis) if redis_port else self.redis.port()),
            "ONSALE_PAYMENT_URL": self.sandbox.url, "ONSALE_PAYMENT_SECRET_KEY": secret_key,
            "ONSALE_PAYMENT_WEBHOOK_SECRET": webhook_secret, "ONSALE_LOGIN": "open", "ONSALE_ROLES": "sale",
            "ONSALE_PUBLIC_URL": f"https://127.0.0.1:{ports['tls']}", "ONSALE_TRUSTED_PROXIES": "127.0.0.1",
            **({"ONSALE_KAFKA_BROKERS": self.kafka.brokers} if self.kafka else {}),
            **settings, "ONSALE_ADMIN_TOKEN": self.admin_token}
        self.nodes = [
            servers.node(f"node{number}", **{**self.settings, **({
                "DATABASE_URL": self.postgres.url_through(database_ports(self.postgres, number))}
                if database_ports else {})})
            for number in range(1, nodes + 1)]
        # After the nodes, one of which makes the services' key.
        self.workers = [servers.worker(*names, **self.settings) for names in SERVICES] if with_services else []
        self.edge = servers.nginx(
            {node.name: node.address for node in self.nodes}, changes=edge_changes, ports=ports)

    def worker(self, service):
        """The process that a service runs in."""
        return next(worker for worker in self.workers if service in worker.services)

    def roll(self):
        """Stops and starts one node after the other. The exit statuses."""
        statuses = []
        for node in self.nodes:
            statuses.append(node.stop())
            node.start()
        return statuses
