// A back end made of co-wechat: a plain server that hands it each request as the web framework it is written for does.

import http from 'node:http';
import { createRequire } from 'node:module';

const wechat = createRequire(`${process.env.HONGYAN_TEST_NODE_PATH}/`)('co-wechat');
const { HONGYAN_TOKEN, HONGYAN_AES_KEY, HONGYAN_APP_ID, HONGYAN_MEDIA } = process.env;

// What was understood, in one line.
function words(message) {
  switch (message.MsgType) {
    case 'text':
      return `text ${message.Content}`;
    case 'image':
      return `image ${message.MediaId}`;
    case 'voice':
      return `voice ${message.Format}`;
    case 'location':
      return `location ${message.Location_X} ${message.Location_Y} ${message.Label}`;
    case 'link':
      return `link ${message.Title}`;
  }
  switch (message.Event) {
    case 'subscribe':
      return message.EventKey ? `subscribe_scan ${message.EventKey.replace('qrscene_', '')}` : 'subscribe';
    case 'SCAN':
      return `scan ${message.EventKey}`;
    case 'CLICK':
      return `click ${message.EventKey}`;
    case 'VIEW':
      return `view ${message.EventKey}`;
    case 'unsubscribe':
      return 'unsubscribe';
  }
  throw new Error(`not understood: ${JSON.stringify(message)}`);
}

function answer(message) {
  switch (message.Content) {
    case '图文':
      return [{ title: '标题', description: '描述', picurl: 'http://www.example.com/a.jpg', url: 'http://www.example.com/a' }];
    case '图片':
      return { type: 'image', content: { mediaId: HONGYAN_MEDIA } };
    case '音乐':
      return { title: '红豆', description: '王菲', musicUrl: 'http://www.example.com/a.mp3', hqMusicUrl: 'http://www.example.com/b.mp3' };
    case '不用回复':
      return '';
  }
  return words(message);
}

const config = { token: HONGYAN_TOKEN, appid: HONGYAN_APP_ID, encodingAESKey: HONGYAN_AES_KEY };
const middleware = wechat(config).middleware(async (message) => answer(message));

const server = http.createServer(async (req, res) => {
  const query = Object.fromEntries(new URL(req.url, 'http://localhost').searchParams);
  const ctx = { req, request: {}, query, method: req.method, status: 200, body: '', type: 'text/plain' };
  try {
    await middleware(ctx, async () => {});
    res.writeHead(ctx.status, { 'Content-Type': `${ctx.type}; charset=utf-8` }).end(ctx.body);
  } catch (error) {
    console.error(error);
    res.writeHead(500).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}/`));
