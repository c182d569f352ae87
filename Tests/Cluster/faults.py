"""What may happen to a cluster in the middle of an onsale. Each fault is a function that does it, and heals it."""

import random
import signal
import time


class Strike:
    """One fault, while it lasts: `since` is when it was done, `said` what else there is to tell."""

    def __init__(self, cluster, proxies, home):
        """
        - home: the owner of the event on sale.
        - proxies: each node's network to PostgreSQL, in the nodes' order.
        """
        self.cluster = cluster
        self.proxies = proxies
        self.home = home
        self.since = 0.0
        self.said = ""
        self.breaches = []

    def done(self):
        self.since = time.monotonic()

    def last(self, seconds):
        time.sleep(max(0.0, self.since + seconds - time.monotonic()))


def kill_owner(strike):
    """kill -9 the owner"""
    strike.home.process.send_signal(signal.SIGKILL)
    strike.done()
    strike.home.kill()
    strike.last(6)
    strike.home.start()


def kill_owner_and_start_it_at_once(strike):
    """kill -9 the owner, start it at once"""
    strike.home.kill()
    strike.done()
    strike.home.start()


def stop_owner(strike):
    """SIGSTOP the owner for 15 s"""
    strike.home.pause()
    strike.done()
    strike.last(15)
    strike.home.resume()


def stop_owner_shortly(strike):
    """SIGSTOP the owner for 3 s"""
    strike.home.pause()
    strike.done()
    strike.last(3)
    strike.home.resume()


def kill_two_nodes(strike):
    """kill -9 two nodes of three"""
    lost = [strike.home, next(node for node in strike.cluster.nodes if node is not strike.home)]
    for node in lost:
        node.kill()
    strike.done()
    strike.last(6)
    for node in lost:
        node.start()


def kill_connections(strike):
    """end all connections in PostgreSQL"""
    ended = strike.cluster.postgres.end_connections()
    strike.done()
    strike.said = f"{ended} ended"


def restart_database(strike):
    """restart PostgreSQL"""
    strike.cluster.postgres.stop()
    strike.done()
    strike.cluster.postgres.start()
    strike.said = f"it answers after {time.monotonic() - strike.since:.2f} s"


def kill_database(strike):
    """kill -9 PostgreSQL, start it again"""
    strike.cluster.postgres.kill()
    strike.done()
    strike.cluster.postgres.start()
    strike.said = f"it answers after {time.monotonic() - strike.since:.2f} s"


def pause_database(strike):
    """SIGSTOP PostgreSQL for 8 s"""
    strike.cluster.postgres.pause()
    strike.done()
    strike.last(8)
    strike.cluster.postgres.resume()


def _proxy(strike):
    return strike.proxies[strike.cluster.nodes.index(strike.home)]


def cut_network(strike):
    """reset the owner's network to PostgreSQL for 8 s"""
    _proxy(strike).cut()
    strike.done()
    strike.last(8)
    _proxy(strike).pass_on()


def swallow_network(strike):
    """swallow the owner's network to PostgreSQL for 12 s"""
    _proxy(strike).blackhole()
    strike.done()
    strike.last(12)
    _proxy(strike).pass_on()


def lose_commits(strike):
    """lose the answer to a COMMIT, five times"""
    proxy = _proxy(strike)
    before = proxy.dropped
    strike.done()
    for _ in range(5):
        dropped = proxy.dropped
        proxy.drop_answer_to(b"append")
        until = time.monotonic() + 5
        while proxy.dropped == dropped and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.5)
    proxy.pass_on()
    strike.said = f"{proxy.dropped - before} lost"


def slow_network(strike):
    """delay the owner's network to PostgreSQL by 300 ms each way for 8 s"""
    _proxy(strike).delay(0.3)
    strike.done()
    strike.last(8)
    _proxy(strike).pass_on()


def flush_cache(strike):
    """Redis FLUSHALL"""
    strike.cluster.redis.ask("FLUSHALL")
    strike.done()


def restart_cache(strike):
    """restart Redis"""
    strike.cluster.redis.kill()
    strike.done()
    strike.cluster.redis.start()


def stop_cache(strike):
    """SIGSTOP Redis for 10 s"""
    strike.cluster.redis.pause()
    strike.done()
    strike.last(10)
    strike.cluster.redis.resume()


def fill_cache(strike):
    """Redis at its memory limit for 8 s"""
    strike.cluster.redis.ask("CONFIG", "SET", "maxmemory", "1")
    strike.done()
    strike.last(8)
    strike.cluster.redis.ask("CONFIG", "SET", "maxmemory", "64mb")


def reload_edge(strike):
    """nginx reload"""
    strike.cluster.edge.reload()
    strike.done()


def roll(strike):
    """roll all nodes"""
    strike.done()
    statuses = strike.cluster.roll()
    if any(statuses):
        strike.breaches.append(f"nodes that were asked to stop ended with {statuses}")


ALL = [
    kill_owner, kill_owner_and_start_it_at_once, stop_owner, stop_owner_shortly, kill_two_nodes, kill_connections,
    restart_database, kill_database, pause_database, cut_network, swallow_network, slow_network, lose_commits,
    flush_cache, restart_cache, stop_cache, fill_cache, reload_edge, roll]


def in_order(rounds, seed):
    """Each once, as they stand here; or so many, shuffled by a seed, each as often as the others."""
    if rounds is None:
        return list(ALL)
    choice = random.Random(seed)
    chosen = []
    while len(chosen) < rounds:
        chosen += choice.sample(ALL, len(ALL))
    return chosen[:rounds]
