<?php
// An application on PHP's own sessions. FOLDER holds users.json; php.ini says where sessions are and how they are written.
session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax']);
$_SESSION['csrf'] ??= bin2hex(random_bytes(16));
$file = getenv('FOLDER') . '/users.json';
$users = json_decode(file_get_contents($file), true);
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$posted = $_SERVER['REQUEST_METHOD'] === 'POST';

class Cart { public array $lines = ['tea']; private int $total = 3; }

if ($posted && !hash_equals($_SESSION['csrf'], $_POST['csrf'] ?? '')) {
    http_response_code(419);
} elseif (!$posted && in_array($path, ['/sign_in', '/sign_out', '/password', '/cart'], true)) {
    echo '<form method="post"><input type="hidden" name="csrf" value="' . $_SESSION['csrf'] . '"><input name="user"><input name="password"></form>';
} elseif ($path === '/sign_in') {
    $user = $users[$_POST['user'] ?? ''] ?? null;
    if ($user === null || !password_verify($_POST['password'] ?? '', $user['hash'])) {
        http_response_code(401);
    } else {
        session_regenerate_id(true);
        $_SESSION['user_id'] = $user['id'];
        $_SESSION['signed_in_at'] = time();
        $_SESSION['roles'] = ['member'];
    }
} elseif ($path === '/sign_out') {
    $_SESSION = [];
    session_destroy();
} elseif (!isset($_SESSION['user_id'])) {
    http_response_code(401);
} elseif ($path === '/password') {
    foreach ($users as &$user) {
        $user['hash'] = $user['id'] === $_SESSION['user_id'] ? password_hash($_POST['password'], PASSWORD_BCRYPT, ['cost' => 4]) : $user['hash'];
    }
    file_put_contents($file, json_encode($users));
    session_regenerate_id(true);
} elseif ($path === '/cart') {
    $_SESSION['cart'] = new Cart;
} else {
    header('content-type: application/json');
    echo json_encode(['user' => $_SESSION['user_id']]);
}
