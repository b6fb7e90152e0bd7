// A net/http application that leaves its auth provider: sessions live in `segue core`, through the published SDK.
//
//	CORE=http://127.0.0.1:3567 OLD_ISSUER=https://login.example.com OLD_AUDIENCE=https://api.example.com go run .
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/MicahParks/keyfunc/v2"
	"github.com/golang-jwt/jwt/v5"
	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/supertokens"
)

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

var (
	port      = setting("PORT", "4000")
	api       = setting("API", "http://localhost:"+port)
	oldIssuer = os.Getenv("OLD_ISSUER")
)

// oldKeys fetches the old provider's keys, and fetches them again for a key that is new.
func oldKeys() (*keyfunc.JWKS, error) {
	response, err := http.Get(oldIssuer + "/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var discovery struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := json.NewDecoder(response.Body).Decode(&discovery); err != nil {
		return nil, err
	}
	return keyfunc.Get(discovery.JWKS, keyfunc.Options{RefreshUnknownKID: true})
}

// migrateSession exchanges a session of the old provider for one of ours; the tokens ride on the response.
func migrateSession(keys *keyfunc.JWKS) http.HandlerFunc {
	parser := jwt.NewParser(
		jwt.WithIssuer(oldIssuer),
		jwt.WithAudience(os.Getenv("OLD_AUDIENCE")),
		jwt.WithValidMethods([]string{"RS256", "ES256"}),
		jwt.WithExpirationRequired(),
	)
	client := os.Getenv("OLD_CLIENT")
	return func(response http.ResponseWriter, request *http.Request) {
		claims := jwt.MapClaims{}
		old := strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")
		_, err := parser.ParseWithClaims(old, claims, keys.Keyfunc)
		user, _ := claims["sub"].(string)
		if err != nil || user == "" || (client != "" && claims["client_id"] != client) {
			http.Error(response, "the old session does not hold", http.StatusUnauthorized)
			return
		}
		made, err := session.CreateNewSession(request, response, "public", user, nil, nil)
		if err != nil {
			http.Error(response, "try again later", http.StatusServiceUnavailable)
			return
		}
		answer(response, map[string]string{
			"status": "OK", "userId": made.GetUserID(), "sessionHandle": made.GetHandle(),
		})
	}
}

func me(response http.ResponseWriter, request *http.Request) {
	found := session.GetSessionFromRequestContext(request.Context())
	answer(response, map[string]string{"userId": found.GetUserID(), "sessionHandle": found.GetHandle()})
}

func answer(response http.ResponseWriter, value map[string]string) {
	response.Header().Set("content-type", "application/json")
	_ = json.NewEncoder(response).Encode(value)
}

func main() {
	err := supertokens.Init(supertokens.TypeInput{
		Supertokens: &supertokens.ConnectionInfo{ConnectionURI: os.Getenv("CORE"), APIKey: os.Getenv("CORE_API_KEY")},
		AppInfo:     supertokens.AppInfo{AppName: "Example", APIDomain: api, WebsiteDomain: setting("WEBSITE", api)},
		RecipeList:  []supertokens.Recipe{session.Init(nil)},
	})
	if err != nil {
		log.Fatal(err)
	}
	keys, err := oldKeys()
	if err != nil {
		log.Fatal(err)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/migrate-session", migrateSession(keys))
	routes.HandleFunc("/api/me", session.VerifySession(nil, me))
	routes.HandleFunc("/health", func(response http.ResponseWriter, _ *http.Request) {
		answer(response, map[string]string{"status": "OK"})
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, supertokens.Middleware(routes)))
}
