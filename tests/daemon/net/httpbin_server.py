"""Serves httpbin on a free port of 127.0.0.1, and over TLS on another where a file of certificate and
key is named. Says the ports, and ends with its standard input."""
import sys
import threading

from httpbin import app
from werkzeug.serving import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # with connections that are kept, and chunks

    def log(self, *_):
        pass


def serve(**options):
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler, **options)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.port


certificate = sys.argv[1]
print(serve(), serve(ssl_context=(certificate, certificate)), flush=True)
sys.stdin.read()
