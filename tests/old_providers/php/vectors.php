<?php
// Writes tests/vectors/php_sessions.json: what PHP's serializers and Laravel's encrypter make, for tests that run without PHP.
//     php vectors.php > ../../vectors/php_sessions.json
require 'Illuminate/autoload.php'; // Debian: php-laravel-framework, on PHP's include path

use Illuminate\Cookie\CookieValuePrefix;
use Illuminate\Encryption\Encrypter;
use Illuminate\Session\ArraySessionHandler;
use Illuminate\Session\EncryptedStore;

enum Level: string { case High = 'h'; }
class Own { public $open = 1; protected $half = [2]; private $shut = 'x|y'; }

const KEY = 'a key of these tests, 32 bytes!!';
const PREVIOUS = 'the key before it, 32 bytes too!';

$reference = [1];
$reference['again'] = &$reference[0];
$values = [
    'nothing' => null, 'yes' => true, 'no' => false, 'zero' => 0, 'negative' => -42, 'largest' => PHP_INT_MAX,
    'smallest' => PHP_INT_MIN, 'tenth' => 0.1, 'whole' => 1.0, 'huge' => 1e25, 'tiny' => 5e-324, 'infinite' => INF,
    'empty text' => '', 'text' => 'Grüße', 'quotes and braces' => '";}a:1:{', 'bytes' => "\xff\x00\xfe", 'list' => ['a', 'b'],
    'map' => ['user' => ['id' => 7, 'roles' => ['member']], 5 => 'five'], 'empty' => [],
];
$foreign = ['object' => new Own, 'enumeration' => Level::High, 'reference' => $reference, 'twice' => [$o = new Own, $o], 'SPL' => new ArrayObject([1])];

ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
$sessions = [];
foreach (['php', 'php_serialize', 'php_binary'] as $handler) {
    ini_set('session.serialize_handler', $handler);
    session_id(str_repeat('a', 32));
    session_start();
    $_SESSION = ['user_id' => 7, 'name' => 'Ada | Lovelace', 'signed_in_at' => 1764500000, 'auth' => ['user' => ['id' => 'u-7']], 'roles' => ['member']];
    $sessions[$handler] = base64_encode(session_encode());
    $_SESSION['cart'] = new Own;
    $sessions["$handler with an object"] = base64_encode(session_encode());
    session_destroy();
}

$id = str_repeat('Ab3', 13) . 'Z';
$cookies = [];
foreach (['AES-256-CBC' => 32, 'AES-256-GCM' => 32, 'AES-128-CBC' => 16, 'AES-128-GCM' => 16] as $cipher => $size) {
    foreach (['current' => KEY, 'previous' => PREVIOUS] as $age => $text) {
        $key = substr($text, 0, $size);
        $box = new Encrypter($key, $cipher);
        $cookies[] = ['cipher' => $cipher, 'key' => $age, 'app_key' => 'base64:' . base64_encode($key),
            'cookie' => $box->encrypt(CookieValuePrefix::create('laravel_session', $key) . $id, false),
            'another_name' => $box->encrypt(CookieValuePrefix::create('remember_web', $key) . $id, false),
            'no_name' => $box->encrypt($id, false)];
    }
}

$handler = new ArraySessionHandler(120);
$store = new EncryptedStore('laravel_session', $handler, new Encrypter(KEY, 'AES-256-CBC'), $id);
$store->start();
$store->put('login_web_' . sha1('Illuminate\Auth\SessionGuard'), 7);
$store->put('password_hash_web', '$2y$04$abcdefghijklmnopqrstuv');
$store->save();

$encode = fn (array $of) => array_map(fn ($value) => base64_encode(serialize($value)), $of);
echo json_encode([
    'php' => PHP_VERSION, 'values' => $encode($values), 'foreign' => $encode($foreign), 'sessions' => $sessions,
    'laravel' => ['session_id' => $id, 'cookies' => $cookies, 'encrypted_content' => $handler->read($id)],
], JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES), "\n";
