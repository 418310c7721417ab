"""Plays a program that uses wechatpy: every call goes to the hosts that are written in wechatpy itself.

The proxy and the certificate come from the environment (HTTPS_PROXY, REQUESTS_CA_BUNDLE), as for any program. With
HONGYAN_PLATFORM, the address of an account on a gateway, the same calls go there.
"""

import io
import json
import os

import requests

from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException


class Moved(requests.adapters.HTTPAdapter):
    """Sends what is for the platform's hosts to another address, for the addresses that wechatpy has written in it."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def send(self, request, **kwargs):
        request.url = self.base + request.path_url
        return super().send(request, **kwargs)


def move(client, base):
    """Moves the client to a gateway: its base address, and the hosts that it does not take from there."""
    client.API_BASE_URL = base + "/cgi-bin/"
    for host in ("https://api.weixin.qq.com/", "https://mp.weixin.qq.com/"):
        client._http.mount(host, Moved(base))


def refused(call):
    try:
        call()
    except WeChatClientException as error:
        return error.errcode
    return 0


def main():
    client = WeChatClient(os.environ["HONGYAN_APP_ID"], os.environ["HONGYAN_SECRET"])
    if "HONGYAN_PLATFORM" in os.environ:
        move(client, os.environ["HONGYAN_PLATFORM"])
    openid = os.environ["HONGYAN_OPENID"]
    picture = open(os.environ["HONGYAN_PICTURE"], "rb").read()
    out = {"token": client.fetch_access_token()["expires_in"] == 7200}

    # wechatpy makes None of the platform's 46003.
    out["no_menu"] = 46003 if client.menu.get() is None else 0
    client.menu.create({
        "button": [
            {"type": "click", "name": "今日歌曲", "key": "V1001_TODAY_MUSIC"},
            {"name": "菜单", "sub_button": [
                {"type": "view", "name": "搜索", "url": "http://www.example.com/"},
                {"type": "click", "name": "赞一下我们", "key": "V1001_GOOD"},
            ]},
        ]
    })
    out["menu"] = client.menu.get()

    media = client.media.upload("image", ("鸿雁.jpg", io.BytesIO(picture), "image/jpeg"))
    out["media_type"] = media["type"]
    out["media_id"] = media["media_id"]
    out["same_picture"] = client.media.download(media["media_id"]).content == picture

    client.message.send_text(openid, "你好，“引号”与 <标签> & 😀")
    client.message.send_image(openid, media["media_id"])
    client.message.send_articles(openid, [{
        "title": "标题", "description": "描述", "url": "http://www.example.com/a", "image": "http://www.example.com/a.jpg",
    }])
    out["unknown_openid"] = refused(lambda: client.message.send_text("nobody", "hello"))

    ticket = client.qrcode.create({
        "expire_seconds": 1800,
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": "poster-7"}},
    })
    # wechatpy fetches the picture past its own client, which needs no token; a moved program takes its address.
    moved = "HONGYAN_PLATFORM" in os.environ
    shown = client._http.get(client.qrcode.get_url(ticket)) if moved else client.qrcode.show(ticket["ticket"])
    out["qrcode"] = dict(ticket, content_type=shown.headers["Content-Type"], bytes=len(shown.content))

    out["user"] = client.user.get(openid)
    out["followers"] = list(client.user.iter_followers())
    client.user.update_remark(openid, "老朋友")
    out["remark"] = client.user.get_batch([openid])[0]["remark"]
    out["addresses"] = len(client.misc.get_wechat_ips())
    print(json.dumps(out))


main()
