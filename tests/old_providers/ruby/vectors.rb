# Writes tests/vectors/rails_cookies.json: what Rails' MessageEncryptor makes, for tests that run without Ruby.
#     ruby vectors.rb > ../../vectors/rails_cookies.json
# The keys by SHA-256 are those that Rails 7.0 and newer derive; the messages around them are this Rails' own.
require "json"
require "active_support"
require "active_support/message_encryptor"
require "active_support/messages/metadata"
require "active_support/time"

SECRET = "a secret_key_base of these tests " * 4
OLDER = "the secret_key_base before that one " * 4
SALT = "authenticated encrypted cookie"
SESSION = {
  "session_id" => "0123456789abcdef0123456789abcdef", "user_id" => 7, "signed_in_at" => 1764500000, "name" => "Zoë </script>",
  "_csrf_token" => "x" * 43, "warden.user.user.key" => [[7], "$2a$04$abcdefghijklmnopqrstuv"], "warden.user.user.session" => { "last_request_at" => 1764500000 },
}.freeze
PURPOSE = "cookie._old_session"

def key(secret, digest)
  OpenSSL::PKCS5.pbkdf2_hmac(secret, SALT, 1000, 32, digest)
end

def box(secret, digest)
  ActiveSupport::MessageEncryptor.new(key(secret, digest), cipher: "aes-256-gcm", serializer: ActiveSupport::MessageEncryptor::NullSerializer)
end

text = ActiveSupport::JSON.encode(SESSION)
ends = Time.utc(2030, 1, 2, 3, 4, 5)
cookies = {}
%w[SHA1 SHA256].each do |digest|
  cookies["#{digest} current"] = box(SECRET, digest).encrypt_and_sign(text, purpose: PURPOSE)
  cookies["#{digest} older"] = box(OLDER, digest).encrypt_and_sign(text, purpose: PURPOSE)
end
current = box(SECRET, "SHA256")
cookies["with an end"] = current.encrypt_and_sign(text, purpose: PURPOSE, expires_at: ends)
cookies["another cookie"] = current.encrypt_and_sign(text, purpose: "cookie.remember_user_token")
cookies["no purpose, with an end"] = current.encrypt_and_sign(text, expires_at: ends)
cookies["no envelope"] = current.encrypt_and_sign(text)
cookies["Marshal"] = current.encrypt_and_sign(Marshal.dump(SESSION), purpose: PURPOSE)
cookies["Marshal, no envelope"] = current.encrypt_and_sign(Marshal.dump(SESSION))
# What Rails 7.1 and newer may write where the serializer is JSON itself: the data unwrapped, no null members.
cookies["7.1"] = current.encrypt_and_sign(ActiveSupport::JSON.encode({ "_rails" => { "data" => SESSION, "pur" => PURPOSE } }))
cookies["7.1, with an end"] = current.encrypt_and_sign(ActiveSupport::JSON.encode({ "_rails" => { "data" => SESSION, "exp" => ends.iso8601(3), "pur" => PURPOSE } }))
cookies["nobody"] = current.encrypt_and_sign(ActiveSupport::JSON.encode(SESSION.slice("session_id", "_csrf_token")), purpose: PURPOSE)
cookies["no session id"] = current.encrypt_and_sign(ActiveSupport::JSON.encode(SESSION.except("session_id")), purpose: PURPOSE)

puts JSON.pretty_generate("rails" => ActiveSupport.version.to_s, "secret" => SECRET, "older" => OLDER, "session" => SESSION, "cookies" => cookies)
