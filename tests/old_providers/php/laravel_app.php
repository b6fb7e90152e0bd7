<?php
// An application on Laravel as Debian packages it (8.83): its encrypted cookie, its session store in files, its guard, its
// CSRF check, and AuthenticateSession, which ends sessions that were made under another password. FOLDER holds users.json
// and sessions/; APP_KEY, CIPHER and ENCRYPT say how.
require 'Illuminate/autoload.php'; // on PHP's include path

use Illuminate\Auth\AuthServiceProvider;
use Illuminate\Auth\AuthenticationException;
use Illuminate\Auth\GenericUser;
use Illuminate\Config\Repository;
use Illuminate\Contracts\Auth\Authenticatable;
use Illuminate\Contracts\Auth\UserProvider;
use Illuminate\Cookie\CookieServiceProvider;
use Illuminate\Cookie\Middleware\AddQueuedCookiesToResponse;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Encryption\EncryptionServiceProvider;
use Illuminate\Events\EventServiceProvider;
use Illuminate\Filesystem\FilesystemServiceProvider;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Http\Middleware\VerifyCsrfToken;
use Illuminate\Hashing\HashServiceProvider;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Pipeline\Pipeline;
use Illuminate\Session\Middleware\AuthenticateSession;
use Illuminate\Session\Middleware\StartSession;
use Illuminate\Session\SessionServiceProvider;
use Illuminate\Session\TokenMismatchException;
use Illuminate\Support\Facades\Facade;
use Illuminate\Support\MessageBag;
use Illuminate\Support\ViewErrorBag;

$folder = getenv('FOLDER');

class Users implements UserProvider
{
    public function __construct(private string $file) {}
    public function all() { return json_decode(file_get_contents($this->file), true); }
    private function find(callable $fits) { $found = array_values(array_filter($this->all(), $fits)); return $found ? new GenericUser($found[0] + ['password' => $found[0]['hash'], 'remember_token' => null]) : null; }
    public function retrieveById($id) { return $this->find(fn ($user) => $user['id'] === $id); }
    public function retrieveByToken($id, $token) { return null; }
    public function updateRememberToken(Authenticatable $user, $token) {}
    public function retrieveByCredentials(array $words) { return $this->find(fn ($user) => $user['name'] === $words['user']); }
    public function validateCredentials(Authenticatable $user, array $words) { return app('hash')->check($words['password'], $user->getAuthPassword()); }
    public function change($id, $password)
    {
        $users = $this->all();
        foreach ($users as &$user) {
            $user['hash'] = $user['id'] === $id ? app('hash')->make($password) : $user['hash'];
        }
        file_put_contents($this->file, json_encode($users));
    }
}

$app = new Application($folder);
$app->instance('env', 'production');
$app->instance('config', new Repository([
    'app' => ['key' => getenv('APP_KEY'), 'cipher' => getenv('CIPHER') ?: 'AES-256-CBC'],
    'session' => [
        'driver' => 'file', 'files' => "$folder/sessions", 'lifetime' => 120, 'expire_on_close' => false, 'encrypt' => (bool) getenv('ENCRYPT'),
        'lottery' => [0, 100], 'cookie' => 'laravel_session', 'path' => '/', 'domain' => null, 'secure' => false, 'http_only' => true,
        'same_site' => 'lax', 'connection' => null, 'table' => 'sessions', 'store' => null,
    ],
    'auth' => [
        'defaults' => ['guard' => 'web'], 'guards' => ['web' => ['driver' => 'session', 'provider' => 'users']],
        'providers' => ['users' => ['driver' => 'file']],
    ],
    'hashing' => ['driver' => 'bcrypt', 'bcrypt' => ['rounds' => 4]],
]));
Facade::setFacadeApplication($app);
foreach ([EventServiceProvider::class, FilesystemServiceProvider::class, EncryptionServiceProvider::class, HashServiceProvider::class,
          CookieServiceProvider::class, SessionServiceProvider::class, AuthServiceProvider::class] as $provider) {
    $app->register($provider);
}
$app->boot();
$users = new Users("$folder/users.json");
$app['auth']->provider('file', fn () => $users);
$request = Request::capture();
$app->instance('request', $request);
$app->alias('request', Request::class);

$answer = function (Request $request) use ($app, $users) {
    $guard = $app['auth']->guard('web');
    $path = $request->path();
    if ($request->isMethod('get') && in_array($path, ['sign_in', 'sign_out', 'password'], true)) {
        return new Response('<form method="post"><input type="hidden" name="_token" value="' . $request->session()->token() . '"><input name="user"><input name="password"></form>');
    }
    if ($path === 'sign_in') {
        if ($guard->attempt(['user' => $request->input('user'), 'password' => $request->input('password')])) {
            $request->session()->regenerate();
            return new Response('', 204);
        }
        $request->session()->flash('errors', (new ViewErrorBag)->put('default', new MessageBag(['user' => ['wrong']])));
        return new Response('', 401);
    }
    if (!$guard->check()) {
        return new Response('', 401);
    }
    if ($path === 'sign_out') {
        $guard->logout();
        $request->session()->invalidate();
        return new Response('', 204);
    }
    if ($path === 'password') {
        $users->change($guard->id(), $request->input('password'));
        $guard->setUser($users->retrieveById($guard->id()));
        return new Response('', 204);
    }
    if ($path === 'invalid_form') {
        $request->session()->flash('errors', (new ViewErrorBag)->put('default', new MessageBag(['name' => ['wrong']])));
    }
    return new Response(json_encode(['user' => $guard->id()]), 200, ['content-type' => 'application/json']);
};

try {
    (new Pipeline($app))->send($request)
        ->through([EncryptCookies::class, AddQueuedCookiesToResponse::class, StartSession::class, VerifyCsrfToken::class,
            fn ($request, $next) => (new AuthenticateSession($app['auth']))->handle($request->setUserResolver(fn () => $app['auth']->user()), $next)])
        ->then($answer)->send();
} catch (TokenMismatchException) {
    http_response_code(419);
} catch (AuthenticationException) {
    http_response_code(401);
}
