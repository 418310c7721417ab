// Plays a program that uses co-wechat-api: every call goes to the hosts that are written in co-wechat-api itself.
// The proxy comes from a preloaded file, the certificate from NODE_EXTRA_CA_CERTS; nothing here knows of either.
// With HONGYAN_PLATFORM, the address of an account on a gateway, the same calls go there.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import http from 'node:http';
import https from 'node:https';

const API = createRequire(`${process.env.HONGYAN_TEST_NODE_PATH}/`)('co-wechat-api');
const { HONGYAN_APP_ID, HONGYAN_SECRET, HONGYAN_OPENID, HONGYAN_PICTURE } = process.env;

const refused = (call) => call().then(() => 0, (error) => error.code);
const fetched = (url) =>
  new Promise((resolve, reject) => {
    (url.startsWith('https:') ? https : http)
      .get(url, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ type: response.headers['content-type'], bytes: Buffer.concat(chunks).length }));
      })
      .on('error', reject);
  });

const api = new API(HONGYAN_APP_ID, HONGYAN_SECRET);
if (process.env.HONGYAN_PLATFORM) {
  const moved = `${process.env.HONGYAN_PLATFORM}/cgi-bin/`;
  Object.assign(api, { prefix: moved, mpPrefix: moved, fileServerPrefix: moved });
}
const out = { token: (await api.getAccessToken()).accessToken.length > 0 };

out.no_menu = await refused(() => api.getMenu());
await api.createMenu({
  button: [
    { type: 'click', name: '今日歌曲', key: 'V1001_TODAY_MUSIC' },
    {
      name: '菜单',
      sub_button: [
        { type: 'view', name: '搜索', url: 'http://www.example.com/' },
        { type: 'click', name: '赞一下我们', key: 'V1001_GOOD' },
      ],
    },
  ],
});
out.menu = await api.getMenu();

const picture = readFileSync(HONGYAN_PICTURE);
const media = await api.uploadMedia(picture, 'image', '鸿雁.jpg', 'image/jpeg');
out.media_type = media.type;
out.media_id = media.media_id;
out.same_picture = picture.equals(await api.getMedia(media.media_id));

await api.sendText(HONGYAN_OPENID, '你好，“引号”与 <标签> & 😀');
await api.sendImage(HONGYAN_OPENID, media.media_id);
await api.sendNews(HONGYAN_OPENID, [
  { title: '标题', description: '描述', url: 'http://www.example.com/a', picurl: 'http://www.example.com/a.jpg' },
]);
out.unknown_openid = await refused(() => api.sendText('nobody', 'hello'));

const ticket = await api.createTmpQRCode('poster-7', 1800);
const shown = await fetched(api.showQRCodeURL(encodeURIComponent(ticket.ticket)));
out.qrcode = { ...ticket, content_type: shown.type, bytes: shown.bytes };

out.user = await api.getUser({ openid: HONGYAN_OPENID, lang: 'zh_CN' });
out.followers = (await api.getFollowers()).data.openid;
await api.updateRemark(HONGYAN_OPENID, '老朋友');
out.remark = (await api.batchGetUsers([HONGYAN_OPENID])).user_info_list[0].remark;
out.addresses = (await api.getIp()).ip_list.length;
console.log(JSON.stringify(out));
process.exit(0);
