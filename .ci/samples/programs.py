"""What the images of Istio's samples do, as their documentation says, in the few lines that the check needs.

usage: programs.py productpage|details|reviews|ratings|helloworld|httpbin VERSION
"""
import http.server
import json
import os
import sys
import time
import urllib.error
import urllib.request

ROLE, VERSION = sys.argv[1:3]
POD = os.environ.get("HOSTNAME", "unknown")
PORT = {"helloworld": 5000, "httpbin": 8080}.get(ROLE, 9080)
PASSED_ON = ["end-user", "x-request-id", "traceparent", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "user-agent"]


def call(url, headers, seconds):
    passed = {name: headers[name] for name in PASSED_ON if name in headers}
    with urllib.request.urlopen(urllib.request.Request(url, headers=passed), timeout=seconds) as answer:
        return json.load(answer)


def details(headers, path):
    return 200, json.dumps({"id": 0, "author": "William Shakespeare", "type": "paperback"})


def ratings(headers, path):
    return 200, json.dumps({"id": 0, "ratings": {"Reviewer1": 5, "Reviewer2": 4}})


def reviews(headers, path):
    rating = {}
    if VERSION != "v1":
        try:
            stars = call("http://ratings:9080/ratings/0", headers, 10)["ratings"]["Reviewer1"]
            rating = {"rating": {"stars": stars, "color": "black" if VERSION == "v2" else "red"}}
        except OSError:
            rating = {"rating": {"error": "Ratings service is currently unavailable"}}
    return 200, json.dumps({"id": "0", "podname": POD, "reviews": [{"reviewer": "Reviewer1", **rating}]})


def productpage(headers, path):
    lines = ["<title>Simple Bookstore App</title>"]
    try:
        lines.append("author: " + call("http://details:9080/details/0", headers, 3)["author"])
    except OSError:
        lines.append("Error fetching product details")
    for _ in range(2):  # tries, three seconds each
        try:
            lines.append(json.dumps(call("http://reviews:9080/reviews/0", headers, 3)))
            break
        except OSError:
            continue
    else:
        lines.append("Sorry, product reviews are currently unavailable for this book.")
    return 200, "\n".join(lines) + "\n"


def helloworld(headers, path):
    return 200, f"Hello version: {VERSION}, instance: {POD}\n"


def httpbin(headers, path):
    word, _, value = path.strip("/").partition("/")
    if word == "status":
        return int(value), ""
    if word == "delay":
        time.sleep(min(int(value), 10))
    return 200, json.dumps({"headers": {name: headers.get_all(name) for name in set(headers.keys())}})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, body = globals()[ROLE](self.headers, self.path)
        data = body.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", PORT), Handler).serve_forever()
