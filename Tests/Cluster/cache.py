"""Redis: what may be lost."""

import socket

from server import Server


class Redis(Server):
    """redis-server, which keeps nothing on disk."""

    def __init__(self, servers, name, settings):
        super().__init__(servers, name)
        self.settings = {"maxmemory": "64mb", "maxmemory-policy": "volatile-ttl", **{
            name.replace("_", "-"): value for name, value in settings.items()}}

    @property
    def url(self):
        return self.url_through(self.port())

    def url_through(self, port):
        password = self.settings.get("requirepass")
        return f"redis://{f':{password}@' if password else ''}127.0.0.1:{port}/0"

    def command(self):
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port()), "--save", "",
                   "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no"]
        for name, value in self.settings.items():
            command += [f"--{name}", str(value)]
        return command

    def answers(self):
        try:
            return self.ask("PING") == "+PONG"
        except OSError:
            return False

    def ask(self, *words):
        """Sends one command; the first line of its answer."""
        with socket.create_connection(("127.0.0.1", self.port()), 5) as connection:
            reader = connection.makefile("rb")
            commands = [words]
            if password := self.settings.get("requirepass"):
                commands.insert(0, ("AUTH", password))
            answer = b""
            for command in commands:
                parts = [str(word).encode() for word in command]
                connection.sendall(b"*%d\r\n" % len(parts) + b"".join(
                    b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
                answer = reader.readline()
            return answer.decode().rstrip("\r\n")
