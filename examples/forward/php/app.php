<?php
// Answers the messages that Hongyan forwards. Run: SECRET=whsec_... php -S 127.0.0.1:9000 app.php
$key = base64_decode(preg_replace('/^whsec_/', '', getenv('SECRET')));
$body = file_get_contents('php://input');
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
$time = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '0';
$mine = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true));
if (abs(time() - (int) $time) > 300 || !hash_equals($mine, $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '')) {
    http_response_code(401);
    exit;
}
$text = json_decode($body, true)['message']['Content'] ?? '';
if ($text !== '') {
    echo json_encode(['msgtype' => 'text', 'text' => ['content' => '你说：' . $text]]);
}
