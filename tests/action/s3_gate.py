"""A gate in front of an S3 server, which calls back at a chosen request."""

import contextlib
import http.client
import http.server
import threading

# Of one hop alone.
HOP = {"connection", "transfer-encoding", "keep-alive"}


class Gate:
    """`at` has something called once, at the next request of these methods whose path has `path` in it: before it is
    forwarded (it is dropped then), or when the server has carried it out."""

    def __init__(self, server):
        self.server, self.trap, self.lock = server, None, threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    owner.forward(self)

            do_PUT = do_POST = do_HEAD = do_DELETE = do_GET

        self.front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.front.daemon_threads = True
        self.front.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self.front.server_port}"
        self.thread = threading.Thread(target=self.front.serve_forever, args=(.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.front.shutdown()
        self.front.server_close()

    def at(self, call, path="", *, methods=("PUT", "POST"), after=False):
        with self.lock:
            self.trap = {"call": call, "path": path, "methods": methods, "after": after}

    def sprung(self, method, path):
        """The trap that a request falls into; None: it is not the one that is waited for."""
        with self.lock:
            trap = self.trap
            if not trap or method not in trap["methods"] or trap["path"] not in path:
                return None
            self.trap = None
            return trap

    def forward(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        trap = self.sprung(request.command, request.path)
        if trap and not trap["after"]:
            trap["call"]()
            request.close_connection = True
            return
        connection = http.client.HTTPConnection("127.0.0.1", int(self.server.rsplit(":", 1)[1]), timeout=60)
        try:
            connection.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():  # the host too: it is part of the signature
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            data = answer.read()
            if trap:
                trap["call"]()
            request.send_response_only(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in HOP | {"content-length"}:
                    request.send_header(name, value)
            length = answer.getheader("Content-Length") if request.command == "HEAD" else len(data)
            request.send_header("Content-Length", str(length or 0))
            request.end_headers()
            request.wfile.write(data)
        finally:
            connection.close()
