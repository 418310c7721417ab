// Answers the messages that Hongyan forwards. Run: SECRET=whsec_... java App.java [PORT]
public class App {
  public static void main(String[] args) throws Exception {
    var key = java.util.Base64.getDecoder().decode(System.getenv("SECRET").replaceFirst("^whsec_", ""));
    var port = args.length > 0 ? Integer.parseInt(args[0]) : 9000;
    var server = com.sun.net.httpserver.HttpServer.create(new java.net.InetSocketAddress("127.0.0.1", port), 0);
    server.createContext("/", call -> { try (call) {
      var body = call.getRequestBody().readAllBytes(); var in = call.getRequestHeaders(); var time = in.getFirst("webhook-timestamp");
      var mac = javax.crypto.Mac.getInstance("HmacSHA256");
      mac.init(new javax.crypto.spec.SecretKeySpec(key, "HmacSHA256"));
      mac.update((in.getFirst("webhook-id") + "." + time + ".").getBytes());
      var mine = "v1," + java.util.Base64.getEncoder().encodeToString(mac.doFinal(body));
      var good = java.security.MessageDigest.isEqual(mine.getBytes(), in.getFirst("webhook-signature").getBytes()) && Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(time)) < 300;
      var text = java.util.regex.Pattern.compile("\"Content\":\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(new String(body, "UTF-8"));
      var answer = good && text.find() ? ("{\"msgtype\":\"text\",\"text\":{\"content\":\"你说：" + text.group(1) + "\"}}").getBytes("UTF-8") : new byte[0];
      call.sendResponseHeaders(good ? 200 : 401, answer.length == 0 ? -1 : answer.length); call.getResponseBody().write(answer);
    } catch (java.security.GeneralSecurityException error) { throw new java.io.IOException(error); } });
    server.start();
  }
}
