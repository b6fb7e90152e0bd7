// A net/http application on the published Go SDK; the same routes as every SDK's, see ../contract.py.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/supertokens/supertokens-golang/recipe/multitenancy"
	"github.com/supertokens/supertokens-golang/recipe/multitenancy/multitenancymodels"
	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/session/claims"
	"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

type object = map[string]interface{}

var role, roleValidators = claims.PrimitiveClaim("role", func(string, string, supertokens.UserContext) (interface{}, error) {
	return nil, nil
}, nil)

func text(args object, name string) string {
	value, _ := args[name].(string)
	return value
}

func optionalText(args object, name string) *string {
	if value, there := args[name].(string); there {
		return &value
	}
	return nil
}

func flag(args object, name string) *bool {
	if value, there := args[name].(bool); there {
		return &value
	}
	return nil
}

func member(args object, name string) object {
	if value, there := args[name].(object); there {
		return value
	}
	return object{}
}

func kind(args object) *supertokens.UserIdType {
	if value := optionalText(args, "kind"); value != nil {
		given := supertokens.UserIdType(*value)
		return &given
	}
	return nil
}

func listed(value []string, err error) (interface{}, error) {
	if value == nil {
		value = []string{}
	}
	return value, err
}

var calls = map[string]func(object) (interface{}, error){
	"info": func(args object) (interface{}, error) {
		found, err := session.GetSessionInformation(text(args, "handle"))
		if err != nil || found == nil {
			return nil, err
		}
		return object{
			"sessionHandle":                    found.SessionHandle,
			"userId":                           found.UserId,
			"tenantId":                         found.TenantId,
			"timeCreated":                      found.TimeCreated,
			"expiry":                           found.Expiry,
			"sessionDataInDatabase":            found.SessionDataInDatabase,
			"customClaimsInAccessTokenPayload": found.CustomClaimsInAccessTokenPayload,
		}, nil
	},
	"set_data": func(args object) (interface{}, error) {
		return session.UpdateSessionDataInDatabase(text(args, "handle"), member(args, "data"))
	},
	"merge": func(args object) (interface{}, error) {
		return session.MergeIntoAccessTokenPayload(text(args, "handle"), member(args, "changes"))
	},
	"set_role": func(args object) (interface{}, error) {
		return session.SetClaimValue(text(args, "handle"), role, args["role"])
	},
	"get_role": func(args object) (interface{}, error) {
		found, err := session.GetClaimValue(text(args, "handle"), role)
		if err == nil && found.OK == nil {
			return "SESSION_DOES_NOT_EXIST_ERROR", nil
		}
		if err != nil {
			return nil, err
		}
		return found.OK.Value, nil
	},
	"revoke": func(args object) (interface{}, error) { return session.RevokeSession(text(args, "handle")) },
	"revoke_many": func(args object) (interface{}, error) {
		handles := []string{}
		for _, handle := range args["handles"].([]interface{}) {
			handles = append(handles, handle.(string))
		}
		return listed(session.RevokeMultipleSessions(handles))
	},
	"revoke_user": func(args object) (interface{}, error) {
		return listed(session.RevokeAllSessionsForUser(text(args, "user"), optionalText(args, "tenant")))
	},
	"handles": func(args object) (interface{}, error) {
		return listed(session.GetAllSessionHandlesForUser(text(args, "user"), optionalText(args, "tenant")))
	},
	"jwt": func(args object) (interface{}, error) {
		var seconds *uint64
		if value, there := args["seconds"].(float64); there {
			given := uint64(value)
			seconds = &given
		}
		made, err := session.CreateJWT(member(args, "payload"), seconds, flag(args, "static"))
		if err != nil {
			return nil, err
		}
		return made.OK.Jwt, nil
	},
	"map": func(args object) (interface{}, error) {
		made, err := supertokens.CreateUserIdMapping(
			text(args, "internal"), text(args, "external"), optionalText(args, "info"), flag(args, "force"))
		switch {
		case err != nil:
			return nil, err
		case made.OK != nil:
			return "OK", nil
		case made.UserIdMappingAlreadyExistsError != nil:
			return object{
				"status":                     "USER_ID_MAPPING_ALREADY_EXISTS_ERROR",
				"doesSuperTokensUserIdExist": made.UserIdMappingAlreadyExistsError.DoesSuperTokensUserIdExist,
				"doesExternalUserIdExist":    made.UserIdMappingAlreadyExistsError.DoesExternalUserIdExist,
			}, nil
		}
		return "UNKNOWN_SUPERTOKENS_USER_ID_ERROR", nil
	},
	"mapping": func(args object) (interface{}, error) {
		found, err := supertokens.GetUserIdMapping(text(args, "id"), kind(args))
		if err != nil {
			return nil, err
		}
		if found.OK == nil {
			return "UNKNOWN_MAPPING_ERROR", nil
		}
		return object{
			"internal": found.OK.SupertokensUserId,
			"external": found.OK.ExternalUserId,
			"info":     found.OK.ExternalUserIdInfo,
		}, nil
	},
	"unmap": func(args object) (interface{}, error) {
		done, err := supertokens.DeleteUserIdMapping(text(args, "id"), kind(args), flag(args, "force"))
		if err != nil {
			return nil, err
		}
		return done.OK.DidMappingExist, nil
	},
	"map_info": func(args object) (interface{}, error) {
		done, err := supertokens.UpdateOrDeleteUserIdMappingInfo(text(args, "id"), kind(args), optionalText(args, "info"))
		if err != nil {
			return nil, err
		}
		if done.OK == nil {
			return "UNKNOWN_MAPPING_ERROR", nil
		}
		return "OK", nil
	},
	"put_tenant": func(args object) (interface{}, error) {
		made, err := multitenancy.CreateOrUpdateTenant(text(args, "tenant"), multitenancymodels.TenantConfig{})
		if err != nil {
			return nil, err
		}
		return made.OK.CreatedNew, nil
	},
	"tenants": func(object) (interface{}, error) {
		found, err := multitenancy.ListAllTenants()
		if err != nil {
			return nil, err
		}
		names := []string{}
		for _, tenant := range found.OK.Tenants {
			names = append(names, tenant.TenantId)
		}
		return names, nil
	},
	"delete_tenant": func(args object) (interface{}, error) {
		done, err := multitenancy.DeleteTenant(text(args, "tenant"))
		if err != nil {
			return nil, err
		}
		return done.OK.DidExist, nil
	},
	"user_count": func(object) (interface{}, error) { return supertokens.GetUserCount(nil, nil) },
	"delete_user": func(args object) (interface{}, error) {
		return "OK", supertokens.DeleteUser(text(args, "user"))
	},
}

func body(request *http.Request) object {
	given := object{}
	_ = json.NewDecoder(request.Body).Decode(&given)
	return given
}

func answer(response http.ResponseWriter, value interface{}) {
	response.Header().Set("content-type", "application/json")
	_ = json.NewEncoder(response).Encode(value)
}

func fail(response http.ResponseWriter, request *http.Request, err error) {
	if supertokens.ErrorHandler(err, request, response) != nil {
		response.WriteHeader(http.StatusInternalServerError)
		answer(response, object{"error": err.Error()})
	}
}

func shown(found sessmodels.SessionContainer) object {
	return object{
		"user":    found.GetUserID(),
		"handle":  found.GetHandle(),
		"tenant":  found.GetTenantId(),
		"payload": found.GetAccessTokenPayload(),
	}
}

func withSession(options *sessmodels.VerifySessionOptions, do func(sessmodels.SessionContainer, object) error) http.HandlerFunc {
	return session.VerifySession(options, func(response http.ResponseWriter, request *http.Request) {
		found := session.GetSessionFromRequestContext(request.Context())
		if err := do(found, body(request)); err != nil {
			fail(response, request, err)
			return
		}
		answer(response, shown(found))
	})
}

func nothing(sessmodels.SessionContainer, object) error { return nil }

func signIn(response http.ResponseWriter, request *http.Request) {
	args := body(request)
	tenant := "public"
	if given := optionalText(args, "tenant"); given != nil {
		tenant = *given
	}
	made, err := session.CreateNewSession(
		request, response, tenant, text(args, "user"), member(args, "payload"), member(args, "data"))
	if err != nil {
		fail(response, request, err)
		return
	}
	answer(response, shown(made))
}

func call(response http.ResponseWriter, request *http.Request) {
	result, err := calls[strings.TrimPrefix(request.URL.Path, "/call/")](body(request))
	if err != nil {
		fail(response, request, err)
		return
	}
	answer(response, object{"result": result})
}

func main() {
	origin := "http://127.0.0.1:" + os.Getenv("PORT")
	website, yes := origin, true
	if given := os.Getenv("WEBSITE"); given != "" {
		website = given
	}
	dynamic := os.Getenv("STATIC") != "1"
	config := &sessmodels.TypeInput{
		UseDynamicAccessTokenSigningKey:              &dynamic,
		ExposeAccessTokenToFrontendInCookieBasedAuth: true,
	}
	if given := os.Getenv("ANTI_CSRF"); given != "" {
		config.AntiCsrf = &given
	}
	err := supertokens.Init(supertokens.TypeInput{
		Supertokens: &supertokens.ConnectionInfo{ConnectionURI: os.Getenv("CORE"), APIKey: os.Getenv("API_KEY")},
		AppInfo:     supertokens.AppInfo{AppName: "segue", APIDomain: origin, WebsiteDomain: website},
		RecipeList:  []supertokens.Recipe{session.Init(config), multitenancy.Init(nil)},
	})
	if err != nil {
		log.Fatal(err)
	}
	admins := &sessmodels.VerifySessionOptions{
		OverrideGlobalClaimValidators: func(known []claims.SessionClaimValidator, _ sessmodels.SessionContainer, _ supertokens.UserContext) ([]claims.SessionClaimValidator, error) {
			return append(known, roleValidators.HasValue("admin", nil, nil)), nil
		},
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/ready", func(response http.ResponseWriter, _ *http.Request) { answer(response, "ready") })
	routes.HandleFunc("/signin", signIn)
	routes.HandleFunc("/me", withSession(nil, nothing))
	routes.HandleFunc("/checked", withSession(&sessmodels.VerifySessionOptions{CheckDatabase: &yes}, nothing))
	routes.HandleFunc("/admin", withSession(admins, nothing))
	routes.HandleFunc("/merge", withSession(nil, func(found sessmodels.SessionContainer, changes object) error {
		return found.MergeIntoAccessTokenPayload(changes)
	}))
	routes.HandleFunc("/revoke", withSession(nil, func(found sessmodels.SessionContainer, _ object) error {
		return found.RevokeSession()
	}))
	routes.HandleFunc("/call/", call)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), supertokens.Middleware(routes)))
}
