// A stand-in for the platform's JS-SDK: says whether wx.config was signed right, and answers calls with samples.
(function (global) {
  "use strict";
  const origin = new URL(document.currentScript ? document.currentScript.src : location.href).origin;
  const zh = /^zh/i.test(navigator.language || "");
  const waiting = { ready: [], error: [] };
  let state = null; // null until wx.config has been answered
  let config = null;

  const SAMPLES = {
    checkJsApi: (o) => ({ checkResult: Object.fromEntries((o.jsApiList || []).map((name) => [name, true])) }),
    getNetworkType: () => ({ networkType: "wifi" }),
    getLocation: () => ({ latitude: 31.2304, longitude: 121.4737, speed: 0, accuracy: 30 }),
    scanQRCode: () => ({ resultStr: "https://example.com/from-the-scanner" }),
    chooseImage: () => ({ localIds: ["weixin://resourceid/sandbox-1"], sourceType: "album" }),
    getLocalImgData: () => ({ localData: "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==" }),
    uploadImage: () => ({ serverId: "material-picture-1" }),
    downloadImage: () => ({ localId: "weixin://resourceid/sandbox-1" }),
    stopRecord: () => ({ localId: "weixin://resourceid/sandbox-2" }),
    translateVoice: () => ({ translateResult: "你好" }),
  };
  const NAMES = (
    "checkJsApi updateAppMessageShareData updateTimelineShareData onMenuShareTimeline onMenuShareAppMessage " +
    "onMenuShareQQ onMenuShareWeibo onMenuShareQZone startRecord stopRecord onVoiceRecordEnd playVoice pauseVoice " +
    "stopVoice onVoicePlayEnd uploadVoice downloadVoice chooseImage previewImage uploadImage downloadImage " +
    "getLocalImgData translateVoice getNetworkType openLocation getLocation startSearchBeacons stopSearchBeacons " +
    "onSearchBeacons closeWindow hideOptionMenu showOptionMenu hideMenuItems showMenuItems hideAllNonBaseMenuItem " +
    "showAllNonBaseMenuItem scanQRCode openProductSpecificView chooseCard addCard openCard chooseWXPay " +
    "openEnterpriseChat launchMiniProgram openAddress"
  ).split(" ");

  function told(answer) {
    const list = answer.findings || [];
    for (const one of list) {
      const say = one.severity === "error" ? console.error : console.warn;
      say.call(console, `[wx.config] ${one.where}: ${zh ? one.zh : one.en}\n${one.doc}`);
    }
    if (answer.ok) console.info("[wx.config] " + (zh ? "签名正确" : "signed right"));
    global.dispatchEvent(new CustomEvent("sandbox:wxconfig", { detail: answer }));
  }

  function settle(answer) {
    state = answer;
    told(answer);
    if (config && config.debug) console.log("[wx] " + answer.errMsg);
    if (answer.ok) waiting.ready.splice(0).forEach((f) => f());
    else waiting.error.splice(0).forEach((f) => f({ errMsg: answer.errMsg }));
  }

  const wx = {
    config(given) {
      config = given || {};
      const { appId, timestamp, nonceStr, signature, jsApiList } = config;
      fetch(origin + "/res/jssdk/config", {
        method: "POST",
        // Text, so that the browser asks for no permission first.
        headers: { "content-type": "text/plain" },
        body: JSON.stringify({ appId, timestamp, nonceStr, signature, jsApiList, href: location.href }),
      })
        .then((answer) => answer.json())
        .catch((error) => ({ ok: false, errMsg: "config:fail," + error, findings: [] }))
        .then(settle);
    },
    ready(f) {
      if (state && state.ok) f();
      else waiting.ready.push(f);
    },
    error(f) {
      if (state && !state.ok) f({ errMsg: state.errMsg });
      else waiting.error.push(f);
    },
  };

  for (const name of NAMES) {
    wx[name] = function (options) {
      const o = options || {};
      const listed = name === "checkJsApi" || (config && (config.jsApiList || []).includes(name));
      const good = state && state.ok && listed;
      const result = good
        ? Object.assign({ errMsg: name + ":ok" }, SAMPLES[name] ? SAMPLES[name](o) : {})
        : { errMsg: name + ":fail, the permission value is offline verifying" };
      console.log("[wx]", name, o, result.errMsg);
      // Later, as on a phone, where the app answers.
      setTimeout(() => {
        const then = good ? o.success : o.fail;
        if (then) then(result);
        if (o.complete) o.complete(result);
      }, 0);
    };
  }

  global.wx = global.jWeixin = wx;
})(window);
