package slacktest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRequest is how much of a request is read, in bytes; ours.
const maxRequest = 4 << 20

// A method of the Web API.
type method struct {
	scopes []string // any one of them; none: every token will do
	app    bool     // for the app-level token
	open   bool     // for everybody
	do     func(*call) (object, error)
}

// methods are those that are known, by name. The scopes of those that work in
// channels depend on the channel, and are asked for there.
// Source: https://docs.slack.dev/reference/methods
var methods = map[string]method{
	"api.test":                              {open: true, do: func(*call) (object, error) { return object{}, nil }},
	"auth.test":                             {do: authTest},
	"apps.connections.open":                 {app: true, do: openSocket},
	"bots.info":                             {scopes: []string{"users:read"}, do: botsInfo},
	"chat.postMessage":                      {scopes: []string{"chat:write"}, do: postMessage},
	"chat.postEphemeral":                    {scopes: []string{"chat:write"}, do: postEphemeral},
	"chat.update":                           {scopes: []string{"chat:write"}, do: updateMessage},
	"chat.delete":                           {scopes: []string{"chat:write"}, do: deleteMessage},
	"chat.getPermalink":                     {do: getPermalink},
	"conversations.open":                    {scopes: []string{"im:write", "mpim:write"}, do: openConversation},
	"conversations.list":                    {do: listConversations},
	"conversations.info":                    {do: conversationInfo},
	"conversations.members":                 {do: conversationMembers},
	"conversations.history":                 {do: history},
	"conversations.replies":                 {do: replies},
	"users.conversations":                   {do: listConversations},
	"users.info":                            {scopes: []string{"users:read"}, do: usersInfo},
	"users.list":                            {scopes: []string{"users:read"}, do: usersList},
	"usergroups.list":                       {scopes: []string{"usergroups:read"}, do: usergroupsList},
	"usergroups.users.list":                 {scopes: []string{"usergroups:read"}, do: usergroupsUsers},
	"views.open":                            {do: openView},
	"views.push":                            {do: pushView},
	"views.update":                          {do: updateView},
	"views.publish":                         {do: publishView},
	"files.getUploadURLExternal":            {scopes: []string{"files:write"}, do: getUploadURL},
	"files.completeUploadExternal":          {scopes: []string{"files:write"}, do: completeUpload},
	"files.info":                            {scopes: []string{"files:read"}, do: filesInfo},
	"files.delete":                          {scopes: []string{"files:write"}, do: filesDelete},
	"reactions.add":                         {scopes: []string{"reactions:write"}, do: addReaction},
	"reactions.remove":                      {scopes: []string{"reactions:write"}, do: removeReaction},
	"assistant.threads.setStatus":           {scopes: []string{"assistant:write", "chat:write"}, do: setStatus},
	"assistant.threads.setTitle":            {scopes: []string{"assistant:write"}, do: setTitle},
	"assistant.threads.setSuggestedPrompts": {scopes: []string{"assistant:write"}, do: setPrompts},
	"agents.sessions.setStatus":             {scopes: []string{"assistant:write"}, do: setSession},
	"agents.sessions.rename":                {scopes: []string{"assistant:write"}, do: setTitle},
}

// allScopes are what a bot can ask for here.
// Source: https://docs.slack.dev/reference/scopes
var allScopes = []string{
	"app_mentions:read", "assistant:write", "channels:history", "channels:read", "chat:write", "chat:write.customize", "chat:write.public",
	"commands", "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write", "metadata.message:read",
	"mpim:history", "mpim:read", "mpim:write", "reactions:read", "reactions:write", "team:read", "usergroups:read", "users:read", "users:read.email",
}

// A refusal is an error in Slack's words.
type refusal struct {
	code  string
	extra object // beside it
}

func (r *refusal) Error() string { return r.code }

func fail(code string, details ...string) error {
	r := &refusal{code: code}
	if len(details) > 0 {
		r.extra = object{"response_metadata": object{"messages": details}}
	}
	return r
}

// errCut ends a request without an answer.
var errCut = errors.New("cut")

// A call is a request of the app's.
type call struct {
	s      *Server
	method string
	args   object
	events []*delivery // what it sets off
}

// text, list, flag and number are arguments, however they were sent.
func (c *call) text(name string) string {
	switch v := c.args[name].(type) {
	case string:
		return v
	case nil:
		return ""
	default:
		return string(encode(v))
	}
}

func (c *call) list(name string) []string {
	if v, ok := c.args[name].([]any); ok {
		var all []string
		for _, one := range v {
			all = append(all, fmt.Sprint(one))
		}
		return all
	}
	return strings.FieldsFunc(c.text(name), func(r rune) bool { return r == ',' })
}

func (c *call) flag(name string) bool {
	on, err := strconv.ParseBool(c.text(name))
	return err == nil && on
}

func (c *call) number(name string, otherwise int) int {
	n, err := strconv.Atoi(c.text(name))
	if err != nil {
		return otherwise
	}
	return n
}

// json reads an argument that is JSON, within JSON or as text. Nothing there
// changes nothing.
func (c *call) json(name string, into any) error {
	raw := []byte(c.text(name))
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fail("invalid_arguments", fmt.Sprintf("[ERROR] failed to match %s", name))
	}
	return nil
}

// need refuses what the bot has no scope for: any one of them will do.
func (c *call) need(scopes ...string) error {
	if len(scopes) == 0 || slices.ContainsFunc(scopes, func(scope string) bool { return c.s.scopes[scope] }) {
		return nil
	}
	return &refusal{"missing_scope", object{"needed": strings.Join(scopes, ","), "provided": c.s.provided()}}
}

func (s *Server) provided() string {
	return strings.Join(slices.Sorted(maps.Keys(s.scopes)), ",")
}

// serveAPI answers the Web API.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	if err := s.broken(w, name, false); err != nil {
		return
	}
	args, err := decodeArgs(r)
	var answer object
	var events []*delivery
	if err == nil {
		c := &call{s: s, method: name, args: args}
		s.mu.Lock()
		answer, err = s.do(c, r)
		events = c.events
		s.mu.Unlock()
	}
	s.deliverLater(events...)
	var refused *refusal
	if errors.As(err, &refused) {
		answer = object{"error": refused.code}
		maps.Copy(answer, refused.extra)
		if refused.code == "missing_scope" || refused.code == "unknown_method" {
			s.judge.add("%s: %s %v", name, refused.code, cmp.Or[any](refused.extra["needed"], ""))
		}
	}
	answer["ok"] = err == nil
	if kind := r.Header.Get("Content-Type"); kind == "application/json" {
		answer["warning"] = "missing_charset"
	}
	if s.broken(w, name, true) != nil {
		return
	}
	w.Header().Set("X-Oauth-Scopes", s.provided())
	if code := answer["error"]; code == "ratelimited" {
		w.Header().Set("Retry-After", fmt.Sprint(refused.extra["retry_after"]))
		writeJSON(w, http.StatusTooManyRequests, answer)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(encode(v)) // whoever went away does not wait for it
}

// broken breaks a call if the fault says so. Any error: it is answered.
func (s *Server) broken(w http.ResponseWriter, name string, done bool) error {
	s.mu.Lock()
	if !done {
		s.calls[name]++
	}
	fault := s.fault
	s.change()
	s.mu.Unlock()
	if fault == nil {
		return nil
	}
	switch f := fault(name, done); {
	case f.Cut:
		panic(http.ErrAbortHandler) // closes the connection
	case f.Status != 0:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
		}
		http.Error(w, http.StatusText(f.Status), f.Status)
		return errCut
	case f.Error != "":
		writeJSON(w, http.StatusOK, object{"ok": false, "error": f.Error})
		return errCut
	}
	return nil
}

// do checks who calls, and does it. The lock is held.
func (s *Server) do(c *call, r *http.Request) (object, error) {
	m, known := methods[c.method]
	if !known {
		return nil, fail("unknown_method")
	}
	if !m.open {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !bearer {
			token = c.text("token")
		}
		want, other := s.tokens.bot, s.tokens.app
		if m.app {
			want, other = other, want
		}
		switch token {
		case want:
		case "":
			return nil, fail("not_authed")
		case other:
			return nil, fail("not_allowed_token_type")
		default:
			return nil, fail("invalid_auth")
		}
	}
	if err := c.need(m.scopes...); err != nil {
		return nil, err
	}
	return m.do(c)
}

// decodeArgs reads the arguments of a call: a form, or JSON.
func decodeArgs(r *http.Request) (object, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil || len(body) > maxRequest {
		return nil, fail("request_too_large")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if len(body) > 0 && err != nil {
		return nil, fail("missing_post_type")
	}
	return parseArgs(kind, r.URL.RawQuery, body)
}

// parseArgs reads arguments in a body of a kind, and in the address.
func parseArgs(kind, query string, body []byte) (object, error) {
	args := object{}
	form := string(body)
	switch {
	case kind == "application/json":
		form = ""
		if text := strings.TrimSpace(string(body)); text != "" && text != "null" {
			if json.Unmarshal(body, &args) != nil {
				return nil, fail("invalid_json")
			}
		}
	case len(body) > 0 && kind != "application/x-www-form-urlencoded":
		return nil, fail("invalid_post_type")
	}
	for _, encoded := range []string{query, form} {
		values, err := url.ParseQuery(encoded)
		if err != nil {
			return nil, fail("invalid_form_data")
		}
		for name := range values {
			args[name] = values.Get(name)
		}
	}
	return args, nil
}

// page cuts a list to what a cursor and a limit ask for, and names the next
// cursor.
func page[T any](c *call, all []T, limit, most int) ([]T, object, error) {
	start := 0
	if cursor := c.text("cursor"); cursor != "" {
		raw, err := base64.StdEncoding.DecodeString(cursor)
		n, err2 := strconv.Atoi(strings.TrimPrefix(string(raw), "next:"))
		if err != nil || err2 != nil || n < 0 || n > len(all) {
			return nil, nil, fail("invalid_cursor")
		}
		start = n
	}
	n := c.number("limit", limit)
	if n < 1 || n > most {
		return nil, nil, fail("invalid_limit")
	}
	end, next := min(start+n, len(all)), ""
	if end < len(all) {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(end)))
	}
	return all[start:end], object{"next_cursor": next}, nil
}

// authTest is auth.test.
func authTest(c *call) (object, error) {
	return object{
		"url": "https://" + domain + ".slack.com/", "team": "Signpost test", "user": "signpost", "team_id": c.s.opts.Team, "user_id": botUID,
		"bot_id": botID, "is_enterprise_install": false,
	}, nil
}

// botsInfo is bots.info.
func botsInfo(c *call) (object, error) {
	if bot := c.text("bot"); bot != botID {
		return nil, fail("bot_not_found")
	}
	profile := c.s.botProfile()
	profile["user_id"] = botUID
	return object{"bot": profile}, nil
}

// fingerprint tells bodies apart.
func fingerprint(v any) string {
	sum := sha256.Sum256(encode(v))
	return hex.EncodeToString(sum[:8])
}
