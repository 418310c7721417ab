// Answers the messages that Hongyan forwards. Run: SECRET=whsec_... go run main.go
package main

import ("crypto/hmac"; "crypto/sha256"; "encoding/base64"; "encoding/json"; "io"; "net/http"; "os"; "strconv"; "strings"; "time")

func main() {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("SECRET"), "whsec_"))
	http.ListenAndServe("127.0.0.1:9000", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac, stamp := hmac.New(sha256.New, key), r.Header.Get("webhook-timestamp")
		mac.Write(append([]byte(r.Header.Get("webhook-id")+"."+stamp+"."), body...))
		mine := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		seconds, _ := strconv.ParseInt(stamp, 10, 64)
		if time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute || !hmac.Equal([]byte(mine), []byte(r.Header.Get("webhook-signature"))) { w.WriteHeader(401); return }
		var push struct{ Message struct{ Content string } }
		if json.Unmarshal(body, &push); push.Message.Content != "" {
			json.NewEncoder(w).Encode(map[string]any{"msgtype": "text", "text": map[string]string{"content": "你说：" + push.Message.Content}})
		}
	}))
}
