// Answers the messages that Hongyan forwards. Run: SECRET=whsec_... node app.mjs [PORT]
import http from 'node:http';
import { createHmac, timingSafeEqual } from 'node:crypto';

const key = Buffer.from(process.env.SECRET.replace(/^whsec_/, ''), 'base64');

http.createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': theirs = '' } = request.headers;
  const mine = Buffer.from('v1,' + createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64'));
  const fresh = Math.abs(Date.now() / 1000 - Number(time)) < 300;
  if (!fresh || mine.length !== theirs.length || !timingSafeEqual(mine, Buffer.from(theirs))) {
    return response.writeHead(401).end();
  }
  const text = JSON.parse(body).message.Content;
  response.end(text ? JSON.stringify({ msgtype: 'text', text: { content: '你说：' + text } }) : '');
}).listen(Number(process.argv[2] ?? 9000), '127.0.0.1');
