"""A back end made of wechatpy's own parts: it checks, opens, parses, answers, and seals as a program of its users does."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.replies import ArticlesReply, EmptyReply, ImageReply, MusicReply, create_reply
from wechatpy.utils import check_signature

TOKEN = os.environ["HONGYAN_TOKEN"]
CRYPTO = WeChatCrypto(TOKEN, os.environ["HONGYAN_AES_KEY"], os.environ["HONGYAN_APP_ID"])


def words(message):
    """What was understood, in one line."""
    if message.type != "event":
        return {
            "text": lambda: "text " + message.content,
            "image": lambda: "image " + message.media_id,
            "voice": lambda: "voice " + message.format,
            "location": lambda: "location %s %s %s" % (message.location[0], message.location[1], message.label),
            "link": lambda: "link " + message.title,
        }[message.type]()
    return {
        "subscribe": lambda: "subscribe",
        "subscribe_scan": lambda: "subscribe_scan " + message.scene_id,
        "scan": lambda: "scan " + message.scene_id,
        "click": lambda: "click " + message.key,
        "view": lambda: "view " + message.url,
        "unsubscribe": lambda: "unsubscribe",
    }[message.event]()


def answer(message):
    said = message.content if message.type == "text" else ""
    if said == "图文":
        reply = ArticlesReply(message=message)
        reply.add_article({"title": "标题", "description": "描述", "image": "http://www.example.com/a.jpg", "url": "http://www.example.com/a"})
        return reply
    if said == "音乐":
        return MusicReply(
            message=message, title="红豆", description="王菲", music_url="http://www.example.com/a.mp3",
            hq_music_url="http://www.example.com/b.mp3", thumb_media_id=os.environ["HONGYAN_MEDIA"])
    if said == "图片":
        return ImageReply(message=message, media_id=os.environ["HONGYAN_MEDIA"])
    if said == "不用回复":
        return EmptyReply()
    return create_reply(words(message), message=message)


class Callback(BaseHTTPRequestHandler):
    def query(self):
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def say(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        query = self.query()
        try:
            check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        except InvalidSignatureException:
            return self.say(403, "bad signature")
        self.say(200, query["echostr"])

    def do_POST(self):
        query = self.query()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sealed = query.get("encrypt_type") == "aes"
        try:
            check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
            if sealed:
                body = CRYPTO.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        except (InvalidSignatureException, InvalidAppIdException):
            return self.say(403, "bad signature")
        reply = answer(parse_message(body)).render()
        if sealed and reply:
            reply = CRYPTO.encrypt_message(reply, query["nonce"], query["timestamp"])
        self.say(200, reply)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Callback)
print("ready http://127.0.0.1:%d/" % server.server_port, flush=True)
server.serve_forever()
