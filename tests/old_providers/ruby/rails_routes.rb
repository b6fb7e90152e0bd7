# The routes of rails_app.rb, in a file of their own: Devise looks for its own once, before anything is finalized.
Old.routes.draw do
  devise_for :users, skip: :all
  get "/users/sign_in", to: "devise_users#form", as: :new_user_session
  post "/users/sign_in", to: "devise_users#create"
  get "/users/account", to: "devise_users#show"
  get "/users/password", to: "devise_users#form"
  post "/users/password", to: "devise_users#password"
  get "/users/sign_out", to: "devise_users#form"
  post "/users/sign_out", to: "devise_users#destroy"
  get "/plain/sign_in", to: "plain_users#form"
  post "/plain/sign_in", to: "plain_users#create"
  get "/plain/account", to: "plain_users#show"
  get "/plain/sign_out", to: "plain_users#form"
  post "/plain/sign_out", to: "plain_users#destroy"
  post "/_old/rotate", to: "operator#rotate"
  post "/_old/retire", to: "operator#retire"
end
