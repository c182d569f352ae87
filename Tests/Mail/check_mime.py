"""Reads mails with Python's own parser and compares them with what they were made of. Usage: check_mime.py FOLDER"""

import base64
import email
import email.header
import email.policy
import email.utils
import json
import pathlib
import re
import sys

HEADERS = {"from", "to", "subject", "date", "message-id", "auto-submitted", "content-language", "mime-version",
           "content-type", "content-transfer-encoding", "x-note", "list-unsubscribe", "list-unsubscribe-post"}


def check(raw, wanted):
    assert all(byte < 0x80 for byte in raw), "a byte that is not ASCII"
    assert b"\0" not in raw
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw), "an end of line that is not CRLF"
    for line in raw.split(b"\r\n"):
        allowed = 998 if line.startswith((b"List-Unsubscribe", b"Message-ID", b"From", b"To", b" <")) else 78
        assert not line.endswith((b" ", b"\t")), f"a space that may be lost: {line!r}"
        assert len(line) <= allowed, f"a line of {len(line)}: {line!r}"
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    for part in mail.walk():
        assert not part.defects, part.defects
        for name in part.keys():
            assert not part[name].defects, (name, part[name].defects)
    names = [name.lower() for name in mail.keys()]
    assert len(names) == len(set(names)), "a header twice"
    assert set(names) <= HEADERS, set(names) - HEADERS
    for header in ("from", "to"):
        addresses = mail[header].addresses
        assert len(addresses) == 1, addresses
        assert addresses[0].addr_spec == wanted[header]["address"], addresses
        # Before 3.12.4 the new parser leaves spaces between encoded words of a name; the old one reads them right.
        old = str(email.header.make_header(email.header.decode_header(
            email.utils.parseaddr(email.message_from_bytes(raw)[header].replace("\r\n", ""))[0])))
        assert wanted[header]["name"] in (addresses[0].display_name, old), (addresses[0], old, wanted[header])
    assert str(mail["subject"]) == wanted["subject"], (str(mail["subject"]), wanted["subject"])
    assert str(mail["x-note"] or "") == wanted["note"], (str(mail["x-note"]), wanted["note"])
    assert str(mail["message-id"]) == wanted["id"]
    assert mail["content-language"] == wanted["language"]
    moment = email.utils.parsedate_to_datetime(mail["date"])
    assert int(moment.timestamp()) == wanted["seconds"]
    if wanted["unsubscribe"]:
        assert str(mail["list-unsubscribe"]) == f"<{wanted['unsubscribe']}>"
        assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    parts = [part for part in mail.walk() if not part.is_multipart()]
    texts = [part for part in parts if part.get_content_disposition() is None]
    files = [part for part in parts if part.get_content_disposition() == "attachment"]
    bodies = [wanted["text"]] + ([wanted["html"]] if wanted["html"] is not None else [])
    kinds = ["text/plain", "text/html"][:len(bodies)]
    assert [part.get_content_type() for part in texts] == kinds
    for part, body in zip(texts, bodies):
        assert part.get_param("charset") == "utf-8"
        assert part.get_payload(decode=True) == base64.b64decode(body), "a body that changed"
    assert len(files) == len(wanted["attachments"])
    for part, file in zip(files, wanted["attachments"]):
        assert part.get_filename() == file["name"], (part.get_filename(), file["name"])
        assert part.get_content_type() == file["type"].split(";")[0].lower()
        assert part.get_payload(decode=True) == base64.b64decode(file["bytes"])
    if files:
        assert mail.get_content_type() == "multipart/mixed"
    elif wanted["html"] is not None:
        assert mail.get_content_type() == "multipart/alternative"


def main():
    folder = pathlib.Path(sys.argv[1])
    failures = []
    paths = sorted(folder.glob("*.eml"))
    for path in paths:
        try:
            check(path.read_bytes(), json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
        except Exception as error:
            failures.append(f"{path.name}: {type(error).__name__}: {error}")
    print(f"{len(paths)} mails, {len(failures)} wrong")
    for failure in failures[:10]:
        print(failure)
    sys.exit(1 if failures or not paths else 0)


main()
