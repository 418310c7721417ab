// Sends a Node program's calls to the platform through the sandbox's proxy, whatever library makes them:
//
//   hongyan sandbox --proxy 127.0.0.1:7072
//   hongyan sandbox ca -o hongyan-ca.pem
//   HTTPS_PROXY=http://127.0.0.1:7072 NODE_EXTRA_CA_CERTS=$PWD/hongyan-ca.pem node --require ./node-proxy.cjs app.js
//
// Node's own agents know no proxy, and libraries make agents of their own. So this stands where every agent opens a
// connection. Calls to other hosts are left alone.

'use strict';

const http = require('node:http');
const https = require('node:https');
const tls = require('node:tls');

const HOSTS = ['api.weixin.qq.com', 'mp.weixin.qq.com', 'open.weixin.qq.com', 'file.api.weixin.qq.com'];
const proxy = new URL(process.env.HTTPS_PROXY || process.env.https_proxy || 'http://127.0.0.1:7072');

for (const agent of [http.Agent, https.Agent]) {
  const direct = agent.prototype.createConnection;
  agent.prototype.createConnection = function createConnection(options, done) {
    const host = options.host;
    if (!HOSTS.includes(host)) return direct.call(this, options, done);
    const target = `${host}:${options.port}`;
    const asked = http.request({
      host: proxy.hostname,
      port: proxy.port,
      method: 'CONNECT',
      path: target,
      headers: { host: target },
      agent: false,
      createConnection: undefined,
    });
    asked.once('error', done);
    asked.once('connect', (answer, socket) => {
      if (answer.statusCode !== 200) {
        socket.destroy();
        return done(new Error(`the proxy answered ${answer.statusCode} for ${target}`));
      }
      const within = agent === https.Agent ? tls.connect({ ...options, socket, servername: host }) : socket;
      done(null, within);
    });
    asked.end();
  };
}
