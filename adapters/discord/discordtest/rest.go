package discordtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// maxRequest is how many bytes a request may have.
	// Source: https://docs.discord.com/developers/reference#uploading-files
	maxRequest = 25 << 20
	// bucketLimit and bucketLasts are what one bucket takes, as Discord has it
	// for messages now; it does not promise it.
	// Source: https://docs.discord.com/developers/topics/rate-limits
	bucketLimit = 5
	bucketLasts = 5 * time.Second
	// invalidLimit is how many requests may be refused with 401, 403 or 429 in
	// invalidWindow, until nothing is answered any more.
	// Source: https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
	invalidLimit  = 10_000
	invalidWindow = 10 * time.Minute
	// A channel is renamed so often in renameWindow.
	// Source: https://github.com/discord/discord-api-docs/issues/1900
	renameLimit  = 2
	renameWindow = 10 * time.Minute
)

// Error codes.
// Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes
const (
	codeUnknownChannel     = 10003
	codeUnknownGuild       = 10004
	codeUnknownMember      = 10007
	codeUnknownMessage     = 10008
	codeUnknownUser        = 10013
	codeUnknownEmoji       = 10014
	codeUnknownWebhook     = 10015
	codeUnknownInteraction = 10062
	codeUnknownCommand     = 10063
	codeRenames            = 20028
	codeTooManyCreates     = 30034
	codeTagRequired        = 40067
	codeAcknowledged       = 40060
	codeTooLarge           = 40005
	codeMissingAccess      = 50001
	codeNotOnDM            = 50003
	codeNotTheirs          = 50005
	codeEmpty              = 50006
	codeClosed             = 50007
	codeNoText             = 50008
	codeMissingPermissions = 50013
	codeChannelType        = 50024
	codeToken              = 50027
	codeRecipient          = 50033
	codeForm               = 50035
	codeArchived           = 50083
	codeJSON               = 50109
	codeNoShared           = 50278
	codeNoHistory          = 160002
	codeThreadExists       = 160004
	codeThreadLocked       = 160005
	codeTooManyThreads     = 160006
)

// A refusal is an error in Discord's words.
type refusal struct {
	status  int
	code    int
	message string
	errors  object // of a form, by field
	after   time.Duration
	global  bool
	scope   string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d: %s", r.code, r.message) }

func refuse(status, code int, message string) error {
	return &refusal{status: status, code: code, message: message}
}

var (
	errUnknownChannel = refuse(http.StatusNotFound, codeUnknownChannel, "Unknown Channel")
	errUnknownGuild   = refuse(http.StatusNotFound, codeUnknownGuild, "Unknown Guild")
	errUnknownMember  = refuse(http.StatusNotFound, codeUnknownMember, "Unknown Member")
	errUnknownMessage = refuse(http.StatusNotFound, codeUnknownMessage, "Unknown Message")
	errUnknownUser    = refuse(http.StatusNotFound, codeUnknownUser, "Unknown User")
	errUnknownEmoji   = refuse(http.StatusBadRequest, codeUnknownEmoji, "Unknown Emoji")
	errUnknownWebhook = refuse(http.StatusNotFound, codeUnknownWebhook, "Unknown Webhook")
	errUnknownCommand = refuse(http.StatusNotFound, codeUnknownCommand, "Unknown application command")
	errAccess         = refuse(http.StatusForbidden, codeMissingAccess, "Missing Access")
	errPermissions    = refuse(http.StatusForbidden, codeMissingPermissions, "Missing Permissions")
	errChannelType    = refuse(http.StatusBadRequest, codeChannelType, "Cannot execute action on this channel type")
	errArchivedThread = refuse(http.StatusBadRequest, codeArchived, "Thread is archived")
	errUnauthorized   = refuse(http.StatusUnauthorized, 0, "401: Unauthorized")
	errNotFound       = refuse(http.StatusNotFound, 0, "404: Not Found")
)

// invalid refuses a form: field by field, each path with what is wrong there.
func invalidForm(faults ...fault) error {
	tree := object{}
	for _, f := range faults {
		at := tree
		for _, name := range f.path {
			next, _ := at[name].(object)
			if next == nil {
				next = object{}
				at[name] = next
			}
			at = next
		}
		list, _ := at["_errors"].([]object)
		at["_errors"] = append(list, object{"code": f.code, "message": f.message})
	}
	return &refusal{status: http.StatusBadRequest, code: codeForm, message: "Invalid Form Body", errors: tree}
}

// A fault is what is wrong with one field.
type fault struct {
	path    []string
	code    string
	message string
}

// A call is a request of the bot's.
type call struct {
	s      *Server
	r      *http.Request
	method string
	route  string // as Discord writes it
	raw    []byte // JSON of the body
	files  []Upload
	status int // of the answer; 0: 200, or 204 without one
}

// path is a part of the address.
func (c *call) path(name string) string { return c.r.PathValue(name) }

// query is a parameter of the address.
func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

// flag reports whether a parameter of the address is true.
func (c *call) flag(name string) bool {
	on, err := strconv.ParseBool(c.query(name))
	return err == nil && on
}

// limit is the parameter of that name, within bounds.
func (c *call) limit(otherwise, most int) (int, error) {
	text := c.query("limit")
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, invalidForm(fault{[]string{"limit"}, "NUMBER_TYPE_MAX", fmt.Sprintf("int value should be between 1 and %d.", most)})
	}
	return n, nil
}

// body reads the JSON of the body.
func (c *call) body(into any) error {
	if len(c.raw) == 0 {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	switch err := json.Unmarshal(c.raw, into); {
	case errors.As(err, &wrong):
		return invalidForm(fault{strings.Split(wrong.Field, "."), "BASE_TYPE_BAD_TYPE", "Could not interpret the value."})
	case err != nil:
		return refuse(http.StatusBadRequest, codeJSON, "The request body contains invalid JSON.")
	}
	return nil
}

// judge adds what the bot should not have done.
func (c *call) judge(format string, args ...any) {
	c.s.judge.add("%s %s: %s", c.method, c.route, fmt.Sprintf(format, args...))
}

// A handler answers a call. The lock is held. A nil answer is none: 204.
type handler func(c *call) (any, error)

// open are the routes that need no token of the bot's: theirs is in the address.
var open = map[string]bool{
	"GET /gateway": true,
	"POST /interactions/{interaction_id}/{interaction_token}/callback":    true,
	"POST /webhooks/{webhook_id}/{webhook_token}":                         true,
	"GET /webhooks/{webhook_id}/{webhook_token}/messages/@original":       true,
	"PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original":     true,
	"DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original":    true,
	"GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}":    true,
	"PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}":  true,
	"DELETE /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": true,
}

// handlers are the routes that are known, as Discord writes them.
// Source: https://docs.discord.com/developers/reference
var handlers = map[string]handler{
	"GET /gateway":                 getGateway,
	"GET /gateway/bot":             getGatewayBot,
	"GET /applications/@me":        getApplication,
	"GET /oauth2/applications/@me": getApplication,
	"GET /users/@me":               getSelf,
	"GET /users/@me/guilds":        getGuilds,
	"POST /users/@me/channels":     openDirect,
	"GET /users/{user_id}":         getUser,

	"GET /guilds/{guild_id}":                   getGuild,
	"GET /guilds/{guild_id}/channels":          getChannels,
	"GET /guilds/{guild_id}/roles":             getRoles,
	"GET /guilds/{guild_id}/members":           getMembers,
	"GET /guilds/{guild_id}/members/search":    searchMembers,
	"GET /guilds/{guild_id}/members/{user_id}": getMember,
	"GET /guilds/{guild_id}/threads/active":    getActiveThreads,

	"GET /channels/{channel_id}":                                                     getChannel,
	"PATCH /channels/{channel_id}":                                                   editChannel,
	"DELETE /channels/{channel_id}":                                                  deleteChannel,
	"POST /channels/{channel_id}/typing":                                             typing,
	"GET /channels/{channel_id}/messages":                                            getMessages,
	"POST /channels/{channel_id}/messages":                                           createMessage,
	"GET /channels/{channel_id}/messages/{message_id}":                               getMessage,
	"PATCH /channels/{channel_id}/messages/{message_id}":                             editMessage,
	"DELETE /channels/{channel_id}/messages/{message_id}":                            deleteMessage,
	"GET /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}":        getReactions,
	"PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me":    addReaction,
	"DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": removeReaction,
	"POST /channels/{channel_id}/messages/{message_id}/threads":                      threadFromMessage,
	"POST /channels/{channel_id}/threads":                                            createThread,
	"GET /channels/{channel_id}/threads/archived/public":                             archivedPublic,
	"GET /channels/{channel_id}/threads/archived/private":                            archivedPrivate,
	"GET /channels/{channel_id}/users/@me/threads/archived/private":                  archivedJoined,
	"GET /channels/{channel_id}/thread-members":                                      getThreadMembers,
	"GET /channels/{channel_id}/thread-members/{user_id}":                            getThreadMember,
	"PUT /channels/{channel_id}/thread-members/{user_id}":                            addThreadMember,
	"DELETE /channels/{channel_id}/thread-members/{user_id}":                         removeThreadMember,
	"PUT /channels/{channel_id}/thread-members/@me":                                  joinThread,
	"DELETE /channels/{channel_id}/thread-members/@me":                               leaveThread,

	"GET /applications/{application_id}/commands":                                   getCommands,
	"PUT /applications/{application_id}/commands":                                   putCommands,
	"POST /applications/{application_id}/commands":                                  postCommand,
	"GET /applications/{application_id}/commands/{command_id}":                      getCommand,
	"DELETE /applications/{application_id}/commands/{command_id}":                   deleteCommand,
	"GET /applications/{application_id}/guilds/{guild_id}/commands":                 getCommands,
	"PUT /applications/{application_id}/guilds/{guild_id}/commands":                 putCommands,
	"POST /applications/{application_id}/guilds/{guild_id}/commands":                postCommand,
	"GET /applications/{application_id}/guilds/{guild_id}/commands/{command_id}":    getCommand,
	"DELETE /applications/{application_id}/guilds/{guild_id}/commands/{command_id}": deleteCommand,

	"POST /interactions/{interaction_id}/{interaction_token}/callback":    callback,
	"POST /webhooks/{webhook_id}/{webhook_token}":                         followUp,
	"GET /webhooks/{webhook_id}/{webhook_token}/messages/@original":       getAnswer,
	"PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original":     editAnswer,
	"DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original":    deleteAnswer,
	"GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}":    getAnswer,
	"PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}":  editAnswer,
	"DELETE /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": deleteAnswer,
}

// routes are everything that Discord answers.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range handlers {
		method, route, _ := strings.Cut(pattern, " ")
		serve := func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, method, route, do) }
		for _, version := range []string{"/api/v9", "/api/v10"} {
			mux.HandleFunc(method+" "+version+route, serve)
		}
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, r.Method, r.URL.Path, func(*call) (any, error) { return nil, errNotFound })
	})
	mux.HandleFunc("GET /gateway", s.serveGateway)
	mux.HandleFunc("GET /gateway/", s.serveGateway)
	mux.HandleFunc("GET /resume", s.serveGateway)
	mux.HandleFunc("GET /resume/", s.serveGateway)
	mux.HandleFunc("GET /attachments/{channel}/{id}/{name}", s.serveFile)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		token := s.token
		s.mu.Unlock()
		address := r.URL.String()
		if strings.Contains(address, token) {
			s.judge.add("%s: the bot's token in the address", r.Method)
		}
		if strings.Contains(address, tokenBegins) && !strings.Contains(r.URL.Path, "/interactions/") && !strings.Contains(r.URL.Path, "/webhooks/") {
			s.judge.add("%s: an interaction's token in the address", r.Method)
		}
		mux.ServeHTTP(w, r)
	})
}

// serve answers one request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, method, route string, do handler) {
	s.mu.Lock()
	s.pending++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.pending--
		s.change()
		s.mu.Unlock()
	}()
	if s.broken(w, method, route, false) {
		return
	}
	c := &call{s: s, r: r, method: method, route: route}
	err := c.read()
	var answer any
	s.mu.Lock()
	if agent := r.Header.Get("User-Agent"); !strings.HasPrefix(agent, "DiscordBot (") {
		c.judge("the user agent is no DiscordBot (address, version)") // Source: https://docs.discord.com/developers/reference#user-agent
	}
	refused := s.admit(c, w.Header())
	if refused != nil {
		err = refused
	}
	if err == nil {
		err = s.judge.request(c)
	}
	if err == nil {
		answer, err = do(c)
	}
	s.outcome(c, err)
	s.mu.Unlock()
	if s.broken(w, method, route, true) {
		return
	}
	s.reply(w, c, answer, err)
}

// read reads the body of a request: JSON, or a form with files.
func (c *call) read() error {
	body, err := io.ReadAll(io.LimitReader(c.r.Body, maxRequest+1))
	if err != nil {
		return refuse(http.StatusBadRequest, 0, "400: Bad Request")
	}
	if len(body) > maxRequest {
		c.judge("a body of more than %d bytes", maxRequest)
		return refuse(http.StatusRequestEntityTooLarge, codeTooLarge, "Request entity too large")
	}
	raw, files, err := parseBody(c.r.Header.Get("Content-Type"), body)
	if err != nil {
		c.judge("%v", err)
		return err
	}
	c.raw, c.files = raw, files
	return nil
}

// parseBody is the JSON and the files of a body.
func parseBody(contentType string, body []byte) (raw []byte, files []Upload, err error) {
	if len(body) == 0 {
		return nil, nil, nil
	}
	kind, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil, kind != "application/json" && kind != "multipart/form-data":
		return nil, nil, invalidForm(fault{[]string{"_errors"}, "CONTENT_TYPE_INVALID", "Expected \"Content-Type\" header to be one of {'application/json'}."})
	case kind == "application/json":
		if !json.Valid(body) {
			return nil, nil, refuse(http.StatusBadRequest, codeJSON, "The request body contains invalid JSON.")
		}
		return body, nil, nil
	}
	form := multipart.NewReader(strings.NewReader(string(body)), params["boundary"])
	for {
		p, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return raw, files, nil
		}
		var data []byte
		if err == nil {
			data, err = io.ReadAll(p)
		}
		if err != nil {
			return nil, nil, refuse(http.StatusBadRequest, 0, "400: Bad Request")
		}
		switch name := p.FormName(); {
		case name == "payload_json":
			if !json.Valid(data) {
				return nil, nil, refuse(http.StatusBadRequest, codeJSON, "The request body contains invalid JSON.")
			}
			raw = data
		case strings.HasPrefix(name, "files[") && strings.HasSuffix(name, "]"):
			if p.FileName() == "" {
				return nil, nil, invalidForm(fault{[]string{name}, "FILE_NAME", "A file needs a name."})
			}
			n := strings.TrimSuffix(strings.TrimPrefix(name, "files["), "]")
			files = append(files, Upload{Name: p.FileName(), Type: p.Header.Get("Content-Type"), Data: data, at: n})
		default:
			return nil, nil, invalidForm(fault{[]string{name}, "UNKNOWN", "There is no such field in the form."})
		}
	}
}

// admit checks who asks and how often. The lock is held.
func (s *Server) admit(c *call, header http.Header) error {
	if len(s.invalid) >= invalidLimit && s.opts.Now().Sub(s.invalid[0]) < invalidWindow {
		return &refusal{status: http.StatusTooManyRequests, message: "banned"}
	}
	if !open[c.method+" "+c.route] {
		token, bot := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bot ")
		if s.refused {
			c.judge("a request after a 401")
		}
		if !bot || token != s.token {
			s.refused = true
			return errUnauthorized
		}
		s.refused = false
	}
	return s.count(c, header)
}

// A bucket counts the requests of one route in one place.
type bucket struct {
	window
	left int
}

// count counts a request in its bucket, and refuses one too many. The lock is
// held.
// Source: https://docs.discord.com/developers/topics/rate-limits
func (s *Server) count(c *call, header http.Header) error {
	now := s.opts.Now()
	if s.opts.GlobalLimit > 0 && !open[c.method+" "+c.route] {
		b := s.bucket("global", now, time.Second, s.opts.GlobalLimit)
		if b.left == 0 {
			c.judge("more than %d requests in a second", s.opts.GlobalLimit)
			return &refusal{status: http.StatusTooManyRequests, message: "You are being rate limited.", after: time.Second - now.Sub(b.since), global: true, scope: "global"}
		}
		b.left--
	}
	place := cmp.Or(c.path("channel_id"), c.path("guild_id"), c.path("webhook_token"), c.path("interaction_token"))
	limit := cmp.Or(s.opts.Limit, bucketLimit)
	b := s.bucket(c.method+" "+c.route+" "+place, now, s.opts.LimitEvery, limit)
	if s.opts.Limit == 0 {
		b.left = limit
	}
	left, after := b.left-1, s.opts.LimitEvery-now.Sub(b.since)
	header.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, left)))
	header.Set("X-RateLimit-Reset", seconds(time.Duration(now.Add(after).UnixNano())))
	header.Set("X-RateLimit-Reset-After", seconds(after))
	header.Set("X-RateLimit-Bucket", fingerprint(c.method+" "+c.route))
	if left < 0 {
		return &refusal{status: http.StatusTooManyRequests, message: "You are being rate limited.", after: after, scope: "user"}
	}
	b.left = left
	return nil
}

// bucket is one, full again if its time is over. The lock is held.
func (s *Server) bucket(name string, now time.Time, lasts time.Duration, limit int) *bucket {
	b := s.buckets[name]
	if b == nil || now.Sub(b.since) >= lasts {
		b = &bucket{window{since: now}, limit}
		s.buckets[name] = b
	}
	return b
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

// outcome counts what was refused, and judges what never should have to be.
// The lock is held.
func (s *Server) outcome(c *call, err error) {
	var r *refusal
	if !errors.As(err, &r) {
		return
	}
	switch {
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden, r.status == http.StatusTooManyRequests && r.scope != "shared":
		now := s.opts.Now()
		s.invalid = append(slices.DeleteFunc(s.invalid, func(at time.Time) bool { return now.Sub(at) >= invalidWindow }), now)
	}
	if r.code == codeForm || r.code == codeJSON || r.code == codeEmpty || r.code == 0 && r.status == http.StatusNotFound {
		c.judge("%s %s", r.message, encode(r.errors))
	}
}

// Invalid is how many requests were refused with 401, 403 or 429 in the last 10
// minutes: at 10,000 Discord answers nothing any more.
func (s *Server) Invalid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now()
	s.invalid = slices.DeleteFunc(s.invalid, func(at time.Time) bool { return now.Sub(at) >= invalidWindow })
	return len(s.invalid)
}

// reply writes an answer.
func (s *Server) reply(w http.ResponseWriter, c *call, answer any, err error) {
	var r *refusal
	if errors.As(err, &r) {
		if r.message == "banned" {
			page(w, r.status)
			return
		}
		w.Header().Set("Via", "1.1 google")
		body := object{"message": r.message, "code": r.code}
		if r.errors != nil {
			body["errors"] = r.errors
		}
		if r.status == http.StatusTooManyRequests {
			limited(w.Header(), body, r)
		}
		s.write(w, c, r.status, body)
		return
	}
	status := c.status
	switch {
	case answer == nil:
		w.WriteHeader(cmp.Or(status, http.StatusNoContent))
		return
	case status == 0:
		status = http.StatusOK
	}
	s.write(w, c, status, answer)
}

// limited says when to come again.
func limited(header http.Header, body object, r *refusal) {
	after := max(r.after, time.Millisecond)
	body["retry_after"], body["global"] = float64(after.Milliseconds())/1000, r.global
	header.Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	header.Set("X-RateLimit-Scope", cmp.Or(r.scope, "user"))
	if r.global {
		header.Set("X-RateLimit-Global", "true")
	}
	if r.code == 0 {
		delete(body, "code")
	}
}

func (s *Server) write(w http.ResponseWriter, c *call, status int, answer any) {
	if s.told != nil && c != nil {
		s.told(c.method, c.route, status, answer)
	}
	body := encode(answer)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever went away does not wait for it
}

// page is what the proxies before Discord answer with.
func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!DOCTYPE html><html><head><title>%d %s</title></head><body>cloudflare</body></html>", status, http.StatusText(status))
}

// broken breaks a request if the fault says so, and reports whether it did.
func (s *Server) broken(w http.ResponseWriter, method, route string, done bool) bool {
	s.mu.Lock()
	if !done {
		s.calls[method+" "+route]++
	}
	ask := s.fault
	s.change()
	s.mu.Unlock()
	if ask == nil {
		return false
	}
	f := ask(method, route, done)
	switch {
	case f.Cut:
		panic(http.ErrAbortHandler) // closes the connection
	case f.Status == 0:
		return false
	case f.HTML:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
		}
		page(w, f.Status)
		return true
	}
	body := object{"message": cmp.Or(f.Message, fmt.Sprintf("%d: %s", f.Status, http.StatusText(f.Status))), "code": f.Code}
	if f.Status == http.StatusTooManyRequests {
		body["message"] = cmp.Or(f.Message, "You are being rate limited.")
		r := &refusal{code: f.Code, after: f.RetryAfter, global: f.Global}
		if f.Global {
			r.scope = "global"
		} else if f.Shared {
			r.scope = "shared"
		}
		limited(w.Header(), body, r)
	}
	if f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden || f.Status == http.StatusTooManyRequests && !f.Shared {
		s.mu.Lock()
		s.invalid = append(s.invalid, s.opts.Now())
		s.mu.Unlock()
	}
	s.write(w, nil, f.Status, body)
	return true
}
