"""An SMTP server on loopback that keeps what it gets, and misbehaves as the recipient's name says."""

import argparse
import asyncio
import json
import pathlib
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    def __init__(self, folder, close_after):
        self.folder = folder
        self.count = 0
        self.close_after = close_after
        self.tries = {}

    def note(self, line):
        with open(self.folder / "events", "a", encoding="utf-8") as file:
            file.write(line + "\n")

    async def handle_MAIL(self, server, session, envelope, address, options):
        session.mails = getattr(session, "mails", 0) + 1
        if self.close_after and session.mails > self.close_after:
            return "421 4.7.0 Too many mails on this connection"
        if address.startswith("forbidden@"):
            return "550 5.7.1 Not your sender"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        tries = self.tries[name] = self.tries.get(name, 0) + 1
        self.note(f"rcpt {name}")
        if name.startswith("now450") or (name.startswith("once450") and tries == 1):
            return "450 4.2.1 Mailbox busy"
        if name.startswith("now421"):
            return "421 4.7.0 This domain is busy"
        if name.startswith("good550"):
            return "550-5.1.1 No such\r\n550 5.1.1 mailbox here"
        if name.startswith("slow"):
            await asyncio.sleep(30)
        if name.startswith("cutearly"):
            server.transport.abort()
            return "250 OK"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name.startswith("data451"):
            return "451 4.3.0 Try later"
        if name.startswith("data554"):
            return "554 5.7.1 Looks like spam"
        self.count += 1
        path = self.folder / f"{self.count:05}"
        path.with_suffix(".eml").write_bytes(envelope.original_content)
        known = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": server.transport.get_extra_info("ssl_object") is not None,
                 "user": session.auth_data.login.decode() if session.auth_data else None}
        path.with_suffix(".json").write_text(json.dumps(known))
        if name.startswith("cutlate"):
            server.transport.abort()
        if name.startswith("lateanswer"):
            await asyncio.sleep(30)
        if name.startswith("soonanswer"):
            await asyncio.sleep(2)
        return "250 2.0.0 Kept"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and data.login == b"mailer" and data.password == "Geheim:1/ä".encode()
    return AuthResult(success=right, handled=False, auth_data=data)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--certificate")
    parser.add_argument("--implicit", action="store_true")
    parser.add_argument("--auth", action="store_true")
    parser.add_argument("--close-after", type=int, default=0)
    choice = parser.parse_args()
    handler = Handler(choice.folder, choice.close_after)
    context = None
    if choice.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(choice.certificate)

    def make():
        handler.note("connection")
        return SMTP(
            handler, hostname="mail.test", decode_data=False, data_size_limit=40 << 20,
            tls_context=None if choice.implicit else context,
            require_starttls=bool(context) and not choice.implicit,
            auth_required=choice.auth, auth_require_tls=bool(context) and not choice.implicit,
            authenticator=authenticate if choice.auth else None)

    loop = asyncio.get_running_loop()
    # A client that is cut off is no news.
    loop.set_exception_handler(lambda loop, context: None)
    server = await loop.create_server(
        make, "127.0.0.1", choice.port, ssl=context if choice.implicit else None)
    await server.serve_forever()


asyncio.run(main())
