package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// callTime is how long one call of a check may take, and maxPatience how long
	// Discord may ask us to wait before the next; both are ours.
	callTime    = 15 * time.Second
	maxPatience = time.Minute
	// unsaidWait is how long to wait where Discord asks for a pause and does not
	// say how long, as its outermost servers do. It is ours.
	unsaidWait = 2500 * time.Millisecond
	// maxSkew is how far this machine's clock may be from Discord's; it is ours.
	// Discord's times decide what is too old, and how long an answer may be given.
	maxSkew = 2 * time.Minute
	// fewStarts is how few session starts may be left of the day's; it is ours.
	// When none is left, Discord resets the token.
	// Source: https://docs.discord.com/developers/events/gateway#rate-limiting
	fewStarts = 50
	// maxGuilds is how many servers Discord lists at once.
	// Source: https://docs.discord.com/developers/resources/user#get-current-user-guilds
	maxGuilds = 200
	// maxPauses is how many pauses there are for one call; it is ours.
	maxPauses = 5
	// maxCheckAnswer, in bytes, is ours: more than the channels of any server.
	maxCheckAnswer = 16 << 20
	// checkedAPI is where Discord is asked unless the configuration says otherwise.
	// Source: https://docs.discord.com/developers/reference#api-versioning
	checkedAPI = "https://discord.com/api/v10/"
	// userAgent is how an app names itself.
	// Source: https://docs.discord.com/developers/reference#user-agent
	userAgent = "DiscordBot (https://github.com/signpost-bot/signpost, 1)"
)

// Flags of an application that was granted the Message Content intent: with a
// review, and without.
// Source: https://docs.discord.com/developers/resources/application#application-object-application-flags
const (
	contentGranted = 1 << 18
	contentLimited = 1 << 19
)

// A Problem is something on Discord's side that does not fit the configuration,
// and how to mend it.
type Problem struct {
	What string
	Mend string
	// Role is the role that is not there, if that is the problem: on a desk, the
	// name may be that of another platform's group.
	Role string
}

// Named is something of Discord's that the configuration names.
type Named struct {
	Text  string // as it is written there
	Where string // such as: desk support
}

// CheckOptions say what to ask Discord about.
type CheckOptions struct {
	Features
	Token     string
	PublicKey string // empty: not compared
	APIURL    string // empty: Discord's own
	Gateway   bool   // messages come in, too; else only interactions do, by HTTP
	Content   bool   // the Message Content intent should be granted
	Guild     string // where direct messages belong; empty: the only one

	Asked    []Named      // discord:guild:channel, where people ask
	Desks    []Named      // likewise, where desks have their cards
	Roles    []Named      // ids and names
	Accounts []Named      // discord:guild:user
	Commands []Definition // that should be registered

	Now  func() time.Time // nil: time.Now
	HTTP *http.Client     // nil: one with a time limit
}

// CheckLive asks Discord whether everything that is configured is there and may
// be used, in a few calls, waiting where Discord asks us to. The summary says
// what was looked at. With an error Discord could not be asked, or not to the
// end; the problems found until then come with it. Neither holds the token.
func CheckLive(ctx context.Context, o CheckOptions) ([]Problem, string, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: callTime}
	}
	o.APIURL = strings.TrimSuffix(cmp.Or(o.APIURL, checkedAPI), "/")
	c := &checker{CheckOptions: o, guilds: map[string]*checkedGuild{}}
	err := c.check(ctx)
	return c.problems, c.summary(), err
}

// A checker gathers what is wrong.
type checker struct {
	CheckOptions
	self     checkedUser  // zero: the token is of no use
	in       []checkedRef // the servers that the bot is in
	guilds   map[string]*checkedGuild
	app      string // its id; empty if Discord does not tell
	unknown  bool   // it knows no commands at all
	problems []Problem
}

// What Discord answers, as far as a check looks at it.
type (
	checkedRef struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	checkedUser struct {
		ID   string `json:"id"`
		Name string `json:"username"`
		Bot  bool   `json:"bot"`
	}
	checkedApp struct {
		ID        string `json:"id"`
		Flags     int64  `json:"flags"`
		VerifyKey string `json:"verify_key"`
		Endpoint  string `json:"interactions_endpoint_url"`
		CodeGrant bool   `json:"bot_require_code_grant"`
	}
	checkedRole struct {
		checkedRef
		Permissions int64 `json:"permissions,string"`
	}
	checkedOverwrite struct {
		ID    string                            `json:"id"`
		Type  discordgo.PermissionOverwriteType `json:"type"`
		Allow int64                             `json:"allow,string"`
		Deny  int64                             `json:"deny,string"`
	}
	checkedChannel struct {
		checkedRef
		Type       discordgo.ChannelType `json:"type"`
		Guild      string                `json:"guild_id"`
		Parent     string                `json:"parent_id"`
		Overwrites []checkedOverwrite    `json:"permission_overwrites"`
	}
	checkedMember struct {
		User     checkedUser `json:"user"`
		Roles    []string    `json:"roles"`
		TimedOut time.Time   `json:"communication_disabled_until"`
	}
	// A checkedGuild is a server with its channels, and the bot as its member.
	checkedGuild struct {
		checkedRef
		Owner    string        `json:"owner_id"`
		Roles    []checkedRole `json:"roles"`
		channels []checkedChannel
		self     checkedMember
	}
)

func (c *checker) add(mend, what string, args ...any) {
	c.problems = append(c.problems, Problem{What: fmt.Sprintf(what, args...), Mend: mend})
}

// summary is empty if Discord did not take the token.
func (c *checker) summary() string {
	if c.self.ID == "" {
		return ""
	}
	where := "in " + several("server", len(c.in))
	if len(c.in) == 1 {
		where = "in " + c.in[0].label()
	}
	s := fmt.Sprintf("Discord: @%s %s; %s, %s, %s.", c.self.Name, where,
		several("channel", len(merged(slices.Concat(c.Asked, c.Desks)))), several("role", len(merged(c.Roles))), several("account", len(merged(c.Accounts))))
	if c.unknown {
		s += " It knows no commands yet: `signpost serve` registers them."
	}
	return s
}

func several(what string, n int) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// label is a thing's name, with its id.
func (r checkedRef) label() string { return fmt.Sprintf("%s (%s)", oneLine(r.Name), oneLine(r.ID)) }

func (c *checker) check(ctx context.Context) error {
	if err := c.bot(ctx); err != nil || c.self.ID == "" {
		return err
	}
	for _, step := range []func(context.Context) error{c.application, c.sessions, c.commands, c.servers} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if len(c.in) == 0 {
		return nil // nothing can be seen from outside
	}
	for _, step := range []func(context.Context) error{c.channels, c.roles, c.accounts} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// A denial is Discord's refusal of a call.
// Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
type denial struct {
	status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (d *denial) String() string {
	if d.Code == 0 {
		return strconv.Itoa(d.status)
	}
	return fmt.Sprintf("%d %s", d.Code, shorten(oneLine(d.Message), maxName))
}

// get reads something of Discord's, again after a wait if it asks for one. It
// returns how Discord refused, nil if it did not, or an error if it could not
// be asked.
func (c *checker) get(ctx context.Context, path string, into any) (*denial, http.Header, error) {
	for pauses := 0; ; pauses++ {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.APIURL+path, nil)
		if err != nil {
			return nil, nil, errors.New("cannot be asked: discord.api_url is no address; correct it")
		}
		request.Header.Set("Authorization", "Bot "+c.Token)
		request.Header.Set("User-Agent", userAgent)
		response, err := c.HTTP.Do(request)
		var body []byte
		if err == nil {
			body, err = io.ReadAll(io.LimitReader(response.Body, maxCheckAnswer))
			response.Body.Close()
		}
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("cannot be asked: %w; check the network, and discord.api_url if it is set", err)
		case response.StatusCode == http.StatusTooManyRequests:
			wait := pauseFor(body)
			if wait > maxPatience || pauses == maxPauses {
				return nil, nil, fmt.Errorf("wants to be left alone for %v; try again then", wait)
			}
			select {
			case <-ctx.Done():
				return nil, nil, ctx.Err()
			case <-time.After(wait):
			}
		case response.StatusCode >= http.StatusInternalServerError:
			return nil, nil, fmt.Errorf("cannot be asked just now: it answers %d; try again later", response.StatusCode)
		case response.StatusCode != http.StatusOK:
			d := &denial{}
			if json.Unmarshal(body, d) != nil {
				d = &denial{}
			}
			d.status = response.StatusCode
			return d, response.Header, nil
		default:
			if err := json.Unmarshal(body, into); err != nil {
				return nil, nil, errors.New("gives an answer that cannot be read; check discord.api_url if it is set")
			}
			return nil, response.Header, nil
		}
	}
}

// pauseFor is how long Discord wants us to wait. What is not JSON comes from
// its outermost servers.
// Source: https://docs.discord.com/developers/topics/rate-limits
func pauseFor(body []byte) time.Duration {
	var limit struct {
		After *float64 `json:"retry_after"` // seconds
	}
	if json.Unmarshal(body, &limit) != nil || limit.After == nil || !(*limit.After >= 0) {
		return unsaidWait
	}
	return time.Duration(min(*limit.After, 24*60*60) * float64(time.Second))
}

// How to mend what is about the app as a whole.
const (
	newToken  = "copy the token from Bot in the developer portal, where Reset Token shows a new one"
	newInvite = "open what `signpost discord invite` prints, and choose the server"
)

// bot checks who the bot is, and the time.
func (c *checker) bot(ctx context.Context) error {
	var self checkedUser
	denied, header, err := c.get(ctx, "/users/@me", &self)
	switch {
	case err != nil:
		return err
	case denied != nil && denied.status == http.StatusUnauthorized:
		c.add(newToken, "the token is not one that Discord knows")
		return nil
	case denied != nil:
		c.add(newToken, "Discord refuses the token (%v)", denied)
		return nil
	case self.ID == "":
		return errors.New("gives an answer that cannot be read; check discord.api_url if it is set")
	}
	self.Name = oneLine(self.Name)
	c.self = self
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		if skew := c.Now().Sub(date).Round(time.Second); skew.Abs() > maxSkew {
			side := "ahead of"
			if skew < 0 {
				side = "behind"
			}
			c.add("set it, with NTP for example", "the clock of this machine is %v %s Discord's, so that what comes may be taken for too old", skew.Abs(), side)
		}
	}
	return nil
}

// application checks how the app is set up in the developer portal.
func (c *checker) application(ctx context.Context) error {
	var app checkedApp
	denied, _, err := c.get(ctx, "/applications/@me", &app)
	switch {
	case err != nil:
		return err
	case denied != nil:
		c.add(newToken, "Discord refuses to tell about the application: %v", denied)
		return nil
	}
	c.app = app.ID
	granted := app.Flags&(contentGranted|contentLimited) != 0
	switch {
	case c.Gateway && c.Content && !granted:
		c.add("turn Message Content Intent on under Bot in the developer portal, or set discord.message_content: false",
			"the Message Content intent is not granted, so Discord will refuse the connection")
	case c.Gateway && !c.Content && granted:
		c.add("set discord.message_content: true, or turn Message Content Intent off under Bot in the developer portal",
			"the Message Content intent is granted and not used, so follow-ups without a mention are not read")
	case !c.Gateway && granted:
		c.add("turn Message Content Intent off under Bot in the developer portal",
			"the Message Content intent is granted and of no use, since no messages come by HTTP")
	}
	switch {
	case c.Gateway && app.Endpoint != "":
		c.add("empty Interactions Endpoint URL under General Information in the developer portal, or set discord.mode: http",
			"Discord sends commands and presses by HTTP, and not over the gateway")
	case !c.Gateway && app.Endpoint == "":
		c.add("while `signpost serve` runs, enter your address with /discord/interactions there, under General Information in the developer portal",
			"no Interactions Endpoint URL is set, so Discord sends nothing")
	}
	if c.PublicKey != "" && app.VerifyKey != "" && !strings.EqualFold(c.PublicKey, app.VerifyKey) {
		c.add("copy the Public Key from General Information of the same app", "discord.public_key is of another app than the token")
	}
	if app.CodeGrant {
		c.add("turn Requires OAuth2 Code Grant off under Bot in the developer portal", "nobody can add the bot to a server, since a code grant is required")
	}
	return nil
}

// servers checks that the bot is where it should be.
func (c *checker) servers(ctx context.Context) error {
	for after := "0"; ; {
		var page []checkedRef
		denied, _, err := c.get(ctx, fmt.Sprintf("/users/@me/guilds?limit=%d&after=%s", maxGuilds, after), &page)
		switch {
		case err != nil:
			return err
		case denied != nil:
			c.add(newToken, "Discord refuses to tell which servers the bot is in: %v", denied)
			return nil
		}
		c.in = append(c.in, page...)
		if len(page) < maxGuilds || !idRule.MatchString(page[len(page)-1].ID) || page[len(page)-1].ID == after {
			break
		}
		after = page[len(page)-1].ID
	}
	var labels []string
	for _, g := range c.in {
		labels = append(labels, g.label())
	}
	if len(labels) > 5 {
		labels = append(labels[:5], "…")
	}
	switch {
	case len(c.in) == 0:
		c.add(newInvite, "the bot is in no server")
	case c.Guild != "" && !c.isIn(c.Guild):
		c.add(newInvite+", or correct discord.guild", "the bot is not in server %s, which discord.guild names", c.Guild)
	case c.Guild == "" && len(c.in) > 1:
		c.add("set discord.guild to one of "+strings.Join(labels, ", "),
			"the bot is in %d servers, and discord.guild does not say which of them direct messages belong to", len(c.in))
	}
	return nil
}

// isIn reports whether the bot is in a server.
func (c *checker) isIn(guild string) bool {
	return slices.ContainsFunc(c.in, func(g checkedRef) bool { return g.ID == guild })
}

// home is the server that direct messages belong to; empty if that is not clear.
func (c *checker) home() string {
	switch {
	case c.isIn(c.Guild):
		return c.Guild
	case c.Guild == "" && len(c.in) == 1:
		return c.in[0].ID
	}
	return ""
}

// sessions checks that the gateway can be connected to, without doing so.
func (c *checker) sessions(ctx context.Context) error {
	if !c.Gateway {
		return nil
	}
	var gateway struct {
		Limit struct {
			Total     int   `json:"total"`
			Remaining int   `json:"remaining"`
			Reset     int64 `json:"reset_after"` // milliseconds
		} `json:"session_start_limit"`
	}
	denied, _, err := c.get(ctx, "/gateway/bot", &gateway)
	switch l := gateway.Limit; {
	case err != nil:
		return err
	case denied != nil:
		c.add(newToken, "Discord refuses to tell about the gateway: %v", denied)
	case l.Remaining < min(fewStarts, l.Total):
		c.add("stop it, and see in the log why it connects anew so often",
			"only %d of %d connections are left for the next %v; beyond them Discord resets the token",
			l.Remaining, l.Total, (time.Duration(l.Reset) * time.Millisecond).Round(time.Minute))
	}
	return nil
}

// commands checks that Discord knows the commands of this version. That it
// knows none is so before the first start.
func (c *checker) commands(ctx context.Context) error {
	if c.Commands == nil {
		return nil
	}
	var have []Definition
	denied, _, err := c.get(ctx, "/"+commandsPath(cmp.Or(c.app, c.self.ID))+"?with_localizations=true", &have)
	switch {
	case err != nil:
		return err
	case denied != nil:
		c.add(newInvite, "Discord refuses to tell about commands: %v", denied)
	case len(have) == 0:
		c.unknown = true
	case !sameCommands(have, c.Commands):
		c.add("start `signpost serve`, which registers them", "the commands that Discord knows are not those of this version")
	}
	return nil
}

// merged names each thing once, with all places where it is named.
func merged(list []Named) []Named {
	var out []Named
	for _, n := range list {
		i := slices.IndexFunc(out, func(o Named) bool { return o.Text == n.Text })
		switch {
		case i < 0:
			out = append(out, n)
		case !slices.Contains(strings.Split(out[i].Where, ", "), n.Where):
			out[i].Where += ", " + n.Where
		}
	}
	return out
}

// elsewhere reports what is of a server where the bot is not, and whether it is.
func (c *checker) elsewhere(what, guild string, n Named) bool {
	if c.isIn(guild) {
		return false
	}
	c.add(fmt.Sprintf("write %s:%s:…, or add the bot to that server", Name, cmp.Or(c.home(), c.in[0].ID)), "%s %s (%s) is of server %s, where the bot is not", what, n.Text, n.Where, guild)
	return true
}

// guild is a server that the bot is in, asked for once. It is nil if Discord
// refuses, which is then reported.
func (c *checker) guild(ctx context.Context, id string) (*checkedGuild, error) {
	if g, known := c.guilds[id]; known {
		return g, nil
	}
	c.guilds[id] = nil
	g := &checkedGuild{}
	for _, part := range []struct {
		path string
		into any
	}{{"", g}, {"/channels", &g.channels}, {"/members/" + c.self.ID, &g.self}} {
		denied, _, err := c.get(ctx, "/guilds/"+id+part.path, part.into)
		if err != nil {
			return nil, err
		}
		if denied != nil {
			c.add(newInvite, "Discord refuses to tell about server %s: %v", id, denied)
			return nil, nil
		}
	}
	g.ID = id
	c.guilds[id] = g
	if g.self.TimedOut.After(c.Now()) {
		c.add("end it in the server, under Members", "the bot is timed out in %s, and may only read", g.label())
	}
	return g, nil
}

// kinds are the channels that nobody can ask in, or that have no threads.
// Source: https://docs.discord.com/developers/resources/channel#channel-object-channel-types
var kinds = map[discordgo.ChannelType]string{
	discordgo.ChannelTypeGuildVoice:      "a voice channel",
	discordgo.ChannelTypeGuildCategory:   "a category",
	discordgo.ChannelTypeGuildStageVoice: "a stage",
	discordgo.ChannelTypeGuildDirectory:  "a directory",
}

// channels checks that every channel is there, and that the bot may do in it
// what it has to.
func (c *checker) channels(ctx context.Context) error {
	for _, n := range merged(slices.Concat(c.Asked, c.Desks)) {
		place, err := chat.ParsePlace(n.Text)
		if err != nil {
			return err
		}
		if c.elsewhere("channel", place.Workspace, n) {
			continue
		}
		g, err := c.guild(ctx, place.Workspace)
		if err != nil {
			return err
		}
		if g == nil {
			continue
		}
		i := slices.IndexFunc(g.channels, func(ch checkedChannel) bool { return ch.ID == place.Channel })
		if i < 0 {
			if err := c.stray(ctx, place, n); err != nil {
				return err
			}
			continue
		}
		channel := g.channels[i]
		if kind, ok := kinds[channel.Type]; ok {
			c.add("name a text or forum channel", "#%s, %s (%s), is %s", oneLine(channel.Name), channel.ID, n.Where, kind)
			continue
		}
		named := func(list []Named) bool {
			return slices.ContainsFunc(list, func(o Named) bool { return o.Text == n.Text })
		}
		c.allowed(g, channel, n, named(c.Asked), named(c.Desks))
	}
	return nil
}

// stray reports a channel that is not among its server's: a thread, another
// server's, or none at all.
func (c *checker) stray(ctx context.Context, place chat.Place, n Named) error {
	var channel checkedChannel
	denied, _, err := c.get(ctx, "/channels/"+url.PathEscape(place.Channel), &channel)
	switch {
	case err != nil:
		return err
	case denied != nil, channel.ID != place.Channel:
		c.add("correct its id: with Discord's Developer Mode on, Copy Channel ID in its menu", "there is no channel %s (%s) in server %s that the bot can see", place.Channel, n.Where, place.Workspace)
	case channel.Guild != place.Workspace && idRule.MatchString(channel.Guild):
		c.add(fmt.Sprintf("write %s:%s:%s", Name, channel.Guild, channel.ID), "channel #%s, %s (%s), is of server %s, and not of %s", oneLine(channel.Name), channel.ID, n.Where, channel.Guild, place.Workspace)
	default:
		c.add(fmt.Sprintf("name the channel that it is in, %s:%s:%s", Name, place.Workspace, cmp.Or(oneLine(channel.Parent), "…")), "#%s, %s (%s), is a thread", oneLine(channel.Name), channel.ID, n.Where)
	}
	return nil
}

// needed are the permissions that the bot needs in a channel: what people are
// answered with where they ask, and what cards take. In forums a post is its
// own thread, and only text channels have private ones.
// Source: https://docs.discord.com/developers/topics/threads
func (c *checker) needed(kind discordgo.ChannelType, asked, desk bool) []Permission {
	forum := kind == discordgo.ChannelTypeGuildForum || kind == discordgo.ChannelTypeGuildMedia
	return slices.DeleteFunc(Permissions(Features{Threads: asked && c.Threads, Desk: desk}), func(p Permission) bool {
		switch p.Bit {
		case discordgo.PermissionCreatePublicThreads:
			return forum
		case discordgo.PermissionCreatePrivateThreads:
			return !asked || kind != discordgo.ChannelTypeGuildText
		}
		return false
	})
}

// allowed reports what the bot needs in a channel and may not do there.
func (c *checker) allowed(g *checkedGuild, channel checkedChannel, n Named, asked, desk bool) {
	held, deniers := g.permissions(channel)
	var missing, names []string
	var by []string // who is denied it in the channel; empty for what no role has
	anew := false
	for _, p := range c.needed(channel.Type, asked, desk) {
		if held&p.Bit != 0 {
			continue
		}
		names = append(names, p.Name)
		missing = append(missing, fmt.Sprintf("%s, to %s", p.Name, p.Why))
		if who := deniers[p.Bit]; who == "" {
			anew = true
		} else if !slices.Contains(by, who) {
			by = append(by, who)
		}
	}
	if len(missing) == 0 {
		return
	}
	mend := fmt.Sprintf("under Edit Channel, Permissions, add %s and allow it %s", oneLine(c.self.Name), strings.Join(names, ", "))
	if len(by) > 0 {
		mend += "; there it is denied to " + strings.Join(by, " and ")
	}
	if anew {
		mend += "; or add the bot anew with what `signpost discord invite` prints"
	}
	c.add(mend, "in #%s, %s (%s), the bot lacks %s", oneLine(channel.Name), channel.ID, n.Where, strings.Join(missing, "; "))
}

// permissions are what the bot may do in a channel, and who is denied a
// permission in the channel that it has in the server. Who may see nothing may
// do nothing either, which is left out here: each permission stands for itself.
// Source: https://docs.discord.com/developers/topics/permissions#permission-overwrites
func (g *checkedGuild) permissions(channel checkedChannel) (held int64, deniers map[int64]string) {
	deniers = map[int64]string{}
	mine := func(id string) bool { return id == g.ID || slices.Contains(g.self.Roles, id) } // @everyone has the server's id
	for _, r := range g.Roles {
		if mine(r.ID) {
			held |= r.Permissions
		}
	}
	if held&discordgo.PermissionAdministrator != 0 || g.Owner == g.self.User.ID && g.Owner != "" {
		return -1, deniers
	}
	apply := func(who string, deny, allow int64) {
		for _, p := range permissions {
			if deny&^allow&p.Bit != 0 && held&p.Bit != 0 {
				deniers[p.Bit] = who
			}
		}
		held = held&^deny | allow
	}
	var deny, allow int64
	var roles []string
	for _, o := range channel.Overwrites {
		switch {
		case o.Type != discordgo.PermissionOverwriteTypeRole:
		case o.ID == g.ID:
			apply("@everyone", o.Deny, o.Allow)
		case mine(o.ID):
			deny, allow = deny|o.Deny, allow|o.Allow
			roles = append(roles, "the role "+g.role(o.ID))
		}
	}
	apply(strings.Join(roles, " or "), deny, allow)
	for _, o := range channel.Overwrites {
		if o.Type == discordgo.PermissionOverwriteTypeMember && o.ID == g.self.User.ID {
			apply("the bot itself", o.Deny, o.Allow)
		}
	}
	return held, deniers
}

func (g *checkedGuild) role(id string) string {
	for _, r := range g.Roles {
		if r.ID == id {
			return oneLine(r.Name)
		}
	}
	return oneLine(id)
}

// roles checks that every role is there, in one of the servers that matter.
func (c *checker) roles(ctx context.Context) error {
	if len(c.Roles) == 0 {
		return nil
	}
	if home := c.home(); home != "" {
		if _, err := c.guild(ctx, home); err != nil {
			return err
		}
	}
	var all []checkedRole
	looked := false
	for _, g := range c.guilds {
		if g != nil {
			looked = true
			all = append(all, g.Roles...)
		}
	}
	if !looked {
		return nil // what kept us from looking is reported
	}
	for _, n := range merged(c.Roles) {
		if !slices.ContainsFunc(all, func(r checkedRole) bool { return r.ID == n.Text || r.Name == n.Text }) {
			c.add("correct its name, or write its id: with Discord's Developer Mode on, Copy Role ID in its menu", "there is no role %s (%s)", n.Text, n.Where)
			c.problems[len(c.problems)-1].Role = n.Text
		}
	}
	return nil
}

// accounts checks that every account is a person's who is still there.
func (c *checker) accounts(ctx context.Context) error {
	for _, n := range merged(c.Accounts) {
		account := chat.AccountID(n.Text)
		if c.elsewhere("account", account.Workspace(), n) {
			continue
		}
		var member checkedMember
		denied, _, err := c.get(ctx, "/guilds/"+account.Workspace()+"/members/"+url.PathEscape(account.User()), &member)
		switch {
		case err != nil:
			return err
		case denied != nil && denied.status == http.StatusForbidden:
			c.add(newInvite, "Discord refuses to tell about account %s (%s): %v", account.User(), n.Where, denied)
		case denied != nil:
			c.add("correct its id: with Discord's Developer Mode on, Copy User ID in a person's menu", "account %s (%s) is no member of server %s", account.User(), n.Where, account.Workspace())
		case member.User.Bot:
			c.add("remove it: only people work tickets", "account %s (%s) is a bot's", account.User(), n.Where)
		}
	}
	return nil
}
