"""Answers the messages that Hongyan forwards. Run: SECRET=whsec_... python3 app.py [PORT]"""
import base64, hashlib, hmac, json, os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["SECRET"].removeprefix("whsec_"))

class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = "%s.%s." % (self.headers["webhook-id"], self.headers["webhook-timestamp"])
        mine = "v1," + base64.b64encode(hmac.digest(KEY, head.encode() + body, hashlib.sha256)).decode()
        fresh = abs(time.time() - int(self.headers["webhook-timestamp"])) < 300
        good = fresh and hmac.compare_digest(mine, self.headers["webhook-signature"])
        text = json.loads(body)["message"].get("Content", "") if good else ""
        answer = json.dumps({"msgtype": "text", "text": {"content": "你说：" + text}}) if text else ""
        self.send_response(200 if good else 401)
        self.end_headers()
        self.wfile.write(answer.encode())

HTTPServer(("127.0.0.1", int((sys.argv + ["9000"])[1])), Hook).serve_forever()
