# An application on Rails and Devise as Debian packages them (Rails 6.1, Devise 4.8): the session in an encrypted cookie.
#
#     ruby rails_app.rb FOLDER
#
# Two kinds of users: /users/... are Devise's, timeoutable, in SQLite; /plain/... keeps session[:user_id] itself. Says
# {"origin": ...} on standard output when it is up, and ends when standard input closes. /_old/ is what an operator does.
require "json"
require "logger"
require "active_record"
require "action_controller/railtie"
require "active_record/railtie"
require "devise"
require "puma"
require "puma/configuration"
require "puma/launcher"
require "devise/orm/active_record"

SALT = "authenticated encrypted cookie"
SECRETS = [ENV.fetch("SECRET_KEY_BASE")]
DATABASE = File.join(ARGV.fetch(0), "old.sqlite3")
ENV["DATABASE_URL"] = "sqlite3:#{DATABASE}"
ENV["RAILS_ENV"] = "production"

class Old < Rails::Application
  config.root = ARGV.fetch(0)
  config.paths["config/routes.rb"] = File.join(__dir__, "rails_routes.rb")
  config.load_defaults 6.1
  config.eager_load = false
  config.hosts.clear
  config.consider_all_requests_local = true
  config.logger = Logger.new($stderr, level: Logger::WARN)
  config.secret_key_base = SECRETS.first
  config.session_store :cookie_store, key: "_old_session", expire_after: ENV.fetch("EXPIRE_AFTER").to_i
  config.action_dispatch.cookies_serializer = :json
end

Devise.setup do |config|
  config.secret_key = SECRETS.first
  config.stretches = 4 # bcrypt's least: these passwords guard nothing
  config.timeout_in = 30.minutes
  config.sign_out_via = :post
end

class User < ActiveRecord::Base
  devise :database_authenticatable, :timeoutable
end

Old.initialize!
ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table(:users) { |t| t.string :email, null: false; t.string :encrypted_password, null: false }
end

%w[ada bob cyd dan eve].each_with_index { |name, index| User.create!(id: 7 + index, email: "#{name}@example.test", password: "a password of #{name}") }

# Keys as a restart with other settings would set them: the newest makes cookies, the others are still accepted.
def use_secrets(newest, *older)
  generate = ->(secret) { ActiveSupport::CachingKeyGenerator.new(ActiveSupport::KeyGenerator.new(secret, iterations: 1000)) }
  rotations = ActiveSupport::Messages::RotationConfiguration.new
  older.each { |secret| rotations.rotate(:encrypted, generate.(secret).generate_key(SALT, 32), cipher: "aes-256-gcm") }
  Rails.application.env_config.merge!(
    "action_dispatch.key_generator" => generate.(newest), "action_dispatch.secret_key_base" => newest, "action_dispatch.cookies_rotations" => rotations
  )
end

FORM = <<~ERB.freeze
  <form method="post"><input type="hidden" name="authenticity_token" value="<%= form_authenticity_token %>">
  <input name="user[email]"><input name="user[password]" type="password"><button>Go</button></form>
ERB

class ApplicationController < ActionController::Base
  protect_from_forgery with: :exception
end

class DeviseUsersController < ApplicationController
  before_action :authenticate_user!, only: %i[show password]

  def form = render(inline: FORM)
  def show = render(json: { user: current_user.id })

  def create
    user = User.find_by(email: params.dig(:user, :email))
    return head(:unauthorized) unless user&.valid_password?(params.dig(:user, :password))
    sign_in(user)
    redirect_to "/users/account"
  end

  def password
    current_user.update!(password: params.dig(:user, :password))
    bypass_sign_in(current_user)
    head :no_content
  end

  def destroy
    sign_out(:user)
    head :no_content
  end
end

class PlainUsersController < ApplicationController
  def form = render(inline: FORM)
  def show = session[:user_id] ? render(json: { user: session[:user_id] }) : head(:unauthorized)

  def create
    user = User.find_by(email: params.dig(:user, :email))
    return head(:unauthorized) unless user&.valid_password?(params.dig(:user, :password))
    reset_session
    session[:user_id] = user.id
    session[:signed_in_at] = Time.now.to_i
    cookies.encrypted[:prefs] = { value: { session_id: "0" * 32, user_id: 8 } } # another encrypted cookie, which is none
    redirect_to "/plain/account"
  end

  def destroy
    reset_session
    head :no_content
  end
end

class OperatorController < ActionController::Base
  skip_forgery_protection

  def rotate
    SECRETS.unshift(params.require(:secret))
    use_secrets(*SECRETS)
    render json: {}
  end

  def retire
    SECRETS.slice!(1..)
    use_secrets(*SECRETS)
    render json: {}
  end
end

port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
configuration = Puma::Configuration.new do |server|
  server.bind "tcp://127.0.0.1:#{port}"
  server.threads 1, 4
  server.app Old
  server.log_requests false
end
launcher = Puma::Launcher.new(configuration, events: Puma::Events.new($stderr, $stderr))
launcher.events.on_booted { $stdout.puts(JSON.generate(origin: "http://127.0.0.1:#{port}", database: DATABASE, rails: Rails.version)); $stdout.flush }
Thread.new { $stdin.read; exit!(0) }
launcher.run
