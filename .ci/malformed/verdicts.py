#!/usr/bin/env python3
"""What a proxy makes of malformed HTTP: requests that it gets, answers that it gets.

verdicts.py requests TABLE PORT APP_PORT: sends each request of the table to the proxy at PORT, plays its app at APP_PORT
verdicts.py answers TABLE PORT APP_PORT:  asks the proxy at PORT, and plays its app, which gives the table's answers (h2c)
verdicts.py page REQUESTS ANSWERS NAME=DIRECTORY...: prints the page with the verdicts that the above have printed into
                                                     files of their names; those without answers come last
verdicts.py judge REQUESTS ANSWERS DIRECTORY: whether these verdicts are as they must be

The tables are those of the tests of runtime/proxy, package codec.
"""
import re
import socket
import sys
import threading
import time
from pathlib import Path

PATIENCE = 1.0  # a proxy that says nothing for so long waits for more
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


def requests(table):
    """Section, what is wrong, and the bytes of each row."""
    rows = []
    for line in Path(table).read_text("ascii").splitlines():
        if line and not line.startswith("#"):
            section, name, shown = line.split("\t", 2)
            text = re.sub(r"\\(?:x([0-9a-fA-F]{2})|(.))",
                          lambda m: chr(int(m[1], 16)) if m[1] else ESCAPES[m[2]], shown)
            rows.append((section, name, text.encode("latin-1")))
    return rows


def answers(table):
    """Section, name, the frames as text, and whether the answer must not pass."""
    rows = []
    for line in Path(table).read_text("ascii").splitlines():
        if line:
            section, name, frames, heard = line.split("|")[:4]
            rows.append((section, name, frames, "reset" in heard))
    return rows


def listen(port):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(128)
    return server


def heard(client, done):
    """What comes until the connection ends, it is done, or nothing comes any more; and whether it ended."""
    text = b""
    while True:
        try:
            client.settimeout(0.2 if done(text) else PATIENCE)
            more = client.recv(65536)
        except TimeoutError:
            return text, False
        except OSError:
            return text, True
        if not more:
            return text, True
        text += more


# ---- requests


class App(threading.Thread):
    """An app of HTTP/1.1 that notes the targets of requests that came whole, and answers them."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.server = listen(port)
        self.whole = []

    def run(self):
        while True:
            connection, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        stream = connection.makefile("rb")
        try:
            while self.one(stream):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        except (OSError, ValueError, OverflowError):
            pass  # the proxy went away, or sent what is none
        finally:
            connection.close()

    def one(self, stream):
        first = stream.readline()
        if not first.endswith(b"\n"):
            return False
        fields = {}
        while (line := stream.readline()).strip():
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        if not line.endswith(b"\n"):
            return False
        if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
            while size := int(stream.readline().split(b";")[0], 16):
                if len(stream.read(size + 2)) < size + 2:
                    return False
            while stream.readline().strip():
                pass
        else:
            length = int(fields.get(b"content-length", b"0"))
            if len(stream.read(length)) < length:
                return False
        words = first.split()
        self.whole.append(words[1].decode("latin-1") if len(words) > 1 else "")
        return True


def judge_requests(table, port, app_port):
    app = App(app_port)
    app.start()
    for section, name, text in requests(table):
        app.whole = []
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(text + SMUGGLED)
            answer, ended = heard(client, lambda said: b"\r\n\r\n" in said)
        time.sleep(0.01)
        targets = list(app.whole)
        if [t for t in targets if not t.endswith("/smuggled")]:
            verdict = "forwarded"
        elif targets:
            verdict = "passed over"
        elif answer.startswith(b"HTTP/1."):
            verdict = answer.split()[1].decode("latin-1")
        else:
            verdict = "closed" if ended else "waits"
        print(verdict, flush=True)


# ---- answers

TYPES = {"data": 0, "headers": 1, "rst": 3, "settings": 4, "push": 5, "ping": 6, "goaway": 7, "window": 8,
         "continuation": 9}


def literal(text):
    for escape, char in (("_", " "), ("\\r", "\r"), ("\\n", "\n"), ("\\0", "\0"), ("\\t", "\t")):
        text = text.replace(escape, char)
    return text.encode("latin-1")


def field(text):
    """A literal without indexing whose name is new (RFC 7541 6.2.2), or bytes as they are."""
    if text.startswith("0x"):
        return bytes.fromhex(text[2:])
    name, _, value = text.partition("=")
    name, value = literal(name), literal(value)
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value


def frame(text, stream):
    """The bytes of a frame; 3 stands for the stream that the proxy has opened."""
    words = text.split()
    if words[0] == "raw":
        return bytes.fromhex("".join(words[1:]).replace("00000003", f"{stream:08x}"))
    number = int(words[1])
    number = number if number % 2 == 0 else number - 3 + stream
    flags, first = 0, 2
    if len(words) > 2 and re.fullmatch("[EHPA]+", words[2]):
        first = 3
        for flag in words[2]:
            flags |= {"H": 4, "P": 8}.get(flag, 1)
    content = b""
    for word in words[first:]:
        if words[0] in ("headers", "continuation"):
            content += field(word)
        else:
            content += bytes.fromhex(word[2:]) if word.startswith("0x") else word.encode("ascii")
    return len(content).to_bytes(3, "big") + bytes([TYPES[words[0]], flags]) + number.to_bytes(4, "big") + content


class Http2App(threading.Thread):
    """An app of HTTP/2 that answers the first request of each connection with the frames of the row."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.server = listen(port)
        self.frames = ""
        self.connections = []

    def run(self):
        while True:
            connection, _ = self.server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            frames = [text.strip() for text in self.frames.split(";")]
            if frames[0] == "settings 0":
                connection.sendall(frame(frames.pop(0), 0))  # some clients wait for them
            opened = self.opened(connection)
            for text in frames:
                connection.sendall(frame(text, opened))
            while connection.recv(65536):
                pass
        except (OSError, IndexError):
            pass  # the proxy went away

    @staticmethod
    def opened(connection):
        """The stream of the first request; the first there is when a client goes on waiting for settings."""
        connection.settimeout(0.5)
        try:
            stream = connection.makefile("rb")
            stream.read(24)
            while True:
                head = stream.read(9)
                stream.read(int.from_bytes(head[:3], "big"))
                if head[3] == 1:
                    return int.from_bytes(head[5:9], "big")
        except TimeoutError:
            return 1
        finally:
            connection.settimeout(None)

    def close(self):
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()
        self.connections = []


def final(answer):
    """Status and the rest of an answer behind those that are only interim; None while there is none."""
    while answer.startswith(b"HTTP/1.") and b"\r\n\r\n" in answer:
        head, _, rest = answer.partition(b"\r\n\r\n")
        status = head.split()[1].decode("latin-1")
        if not status.startswith("1") or status == "101":
            return status, head.lower(), rest
        answer = rest
    return None


def complete(answer, ended):
    found = final(answer)
    if found is None:
        return False
    status, head, rest = found
    if status in ("204", "304"):
        return True
    length = re.search(rb"\r\ncontent-length: *(\d+)", head)
    if length:
        return len(rest) >= int(length[1])
    if b"chunked" in head:
        return re.search(rb"(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n$", rest) is not None
    return ended


def judge_answers(table, port, app_port):
    app = Http2App(app_port)
    app.start()
    for section, name, frames, refused in answers(table):
        app.frames = frames
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            answer, ended = heard(client, lambda said: complete(said, False))
        found = final(answer)
        if found is None:
            verdict = "closed" if ended else "waits"
        elif found[0].startswith("5"):
            verdict = found[0]
        else:
            verdict = ("passed" if complete(answer, ended) else "cut") + ("" if found[0] == "200" else " " + found[0])
        print(verdict, flush=True)
        app.close()
        time.sleep(0.05)  # the proxy sees that the connection has gone


# ---- the page


def passes(verdict):
    return verdict.startswith(("forwarded", "passed"))


def lines(file):
    return Path(file).read_text("ascii").splitlines()


def judge(request_table, answer_table, directory):
    bad = []
    for (section, name, _), verdict in zip(requests(request_table), lines(f"{directory}/requests"), strict=True):
        if verdict != "400":
            bad.append(f"request: {section} {name}: {verdict}")
    for (section, name, _, refused), verdict in zip(answers(answer_table), lines(f"{directory}/answers"), strict=True):
        if passes(verdict) == refused or verdict == "waits":
            bad.append(f"answer: {section} {name}: {verdict}")
    print("\n".join(bad))
    return not bad


def row(*cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def page(request_table, answer_table, *named):
    proxies = [name.split("=", 1) for name in named]
    names = [name for name, _ in proxies]
    asked, answered = requests(request_table), answers(answer_table)
    of_requests = [lines(f"{directory}/requests") for _, directory in proxies]
    clients = [(name, directory) for name, directory in proxies if Path(f"{directory}/answers").exists()]
    of_answers = [lines(f"{directory}/answers") for _, directory in clients]
    bad = [i for i, (_, _, _, refused) in enumerate(answered) if refused]
    print("# Malformed HTTP\n")
    print("What proxies make of requests and answers that are no HTTP, or that two readers could understand differently. "
          "`.ci/parts/malformed` runs all of it against each, in the configuration that they have by default, and fails "
          "when Lateen forwards one; `.ci/parts/malformed --write` writes this page. The tables are those of the tests of "
          "`runtime/proxy`, package `codec`.\n")
    print(row("let pass", *names))
    print("|" + " --- |" * (len(names) + 1))
    print(row(f"of {len(asked)} malformed requests of HTTP/1.1",
              *(str(sum(map(passes, verdicts))) for verdicts in of_requests)))
    print(row(f"of {len(bad)} malformed answers of HTTP/2",
              *(str(sum(passes(verdicts[i]) for i in bad)) for verdicts in of_answers),
              *("" for _ in proxies[len(clients):])))
    print("\n## Requests of HTTP/1.1\n")
    print("A number is the status that the client got and the app saw nothing whole; `forwarded`: the app got the request; "
          "`passed over`: the app got what stood behind it. Each must be 400. Sections are those of RFC 9112.\n")
    print(row("section", "what is wrong", *names))
    print("|" + " --- |" * (len(names) + 2))
    for i, (section, name, _) in enumerate(asked):
        print(row(section, name, *(verdicts[i] for verdicts in of_requests)))
    print("\n## Answers of HTTP/2\n")
    print("`passed`: the client got the answer whole; `cut`: it sees that the answer broke off; a number is the proxy's own "
          "status. Sections are those of RFC 9113.\n")
    print(row("section", "the answer", "must be", *(name for name, _ in clients)))
    print("|" + " --- |" * (len(clients) + 3))
    for i, (section, name, _, refused) in enumerate(answered):
        print(row(section, name, "refused" if refused else "passed", *(verdicts[i] for verdicts in of_answers)))


def main(verb, *arguments):
    if verb == "requests":
        judge_requests(arguments[0], int(arguments[1]), int(arguments[2]))
    elif verb == "answers":
        judge_answers(arguments[0], int(arguments[1]), int(arguments[2]))
    elif verb == "page":
        page(*arguments)
    elif verb == "judge":
        return judge(*arguments)
    else:
        sys.exit(__doc__)
    return True


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
