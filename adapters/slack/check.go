package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// callTime is how long one call of a check may take, and maxPatience how long
	// Slack may ask us to wait before the next; both are ours.
	callTime    = 15 * time.Second
	maxPatience = time.Minute
	// maxSkew is how far this machine's clock may be from Slack's; it is ours,
	// and well below the five minutes after which a signature is too old.
	// Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
	maxSkew = 2 * time.Minute
)

// A Problem is something on Slack's side that does not fit the configuration,
// and how to mend it.
type Problem struct {
	What string
	Mend string
	// Group is the user group that is not there, if that is the problem: on a
	// desk, the name may be that of another platform's role.
	Group string
}

// Named is something of Slack's that the configuration names.
type Named struct {
	Text  string // as it is written there
	Where string // such as: desk support
}

// CheckOptions say what to ask Slack about.
type CheckOptions struct {
	Features
	BotToken string
	AppToken string // for Socket Mode; empty: HTTP
	APIURL   string // empty: Slack's own

	Channels []Named // slack:workspace:channel
	Members  []Named // # and a channel's id
	Groups   []Named // user groups: ids and handles
	Accounts []Named // slack:workspace:user

	Now  func() time.Time // nil: time.Now
	HTTP *http.Client     // nil: one with a time limit
}

// CheckLive asks Slack whether everything that is configured is there and may
// be used, in one call for each thing, waiting where Slack asks us to. The
// summary says what was looked at. With an error Slack could not be asked, or
// not to the end; the problems found until then come with it. Neither holds a
// token.
func CheckLive(ctx context.Context, o CheckOptions) ([]Problem, string, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: callTime}
	}
	c := &checker{CheckOptions: o, api: slack.New(o.BotToken,
		slack.OptionHTTPClient(o.HTTP), slack.OptionAPIURL(cmp.Or(o.APIURL, slack.APIURL)), slack.OptionAppLevelToken(o.AppToken))}
	err := c.check(ctx)
	return c.problems, c.summary(), err
}

// A checker gathers what is wrong.
type checker struct {
	CheckOptions
	api      *slack.Client
	self     *slack.AuthTestResponse // nil: the bot token is of no use
	granted  map[string]bool         // scopes; nil: Slack did not say
	problems []Problem
}

func (c *checker) add(mend, what string, args ...any) {
	c.problems = append(c.problems, Problem{What: fmt.Sprintf(what, args...), Mend: mend})
}

// summary is empty if Slack did not take the bot token.
func (c *checker) summary() string {
	if c.self == nil {
		return ""
	}
	s := fmt.Sprintf("Slack: workspace %s (%s), as @%s; %s, %s, %s.", c.self.Team, c.self.TeamID, c.self.User,
		several("channel", len(merged(slices.Concat(c.Channels, c.places(c.Members))))), several("user group", len(merged(c.Groups))),
		several("account", len(merged(c.Accounts))))
	if c.granted == nil {
		s += " Slack did not say which scopes the token has."
	}
	if c.AppToken == "" {
		s += " Whether the signing secret is right shows only when Slack sends something."
	}
	return s
}

func several(what string, n int) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (c *checker) check(ctx context.Context) error {
	for _, step := range []func(context.Context) error{c.botToken, c.appToken, c.channels, c.groups, c.accounts} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// call does one call, again after a wait if Slack asks for one. It returns the
// code of Slack's refusal, empty if there is none, or an error if Slack could
// not be asked.
func (c *checker) call(ctx context.Context, do func(context.Context) error) (code string, err error) {
	for {
		err := do(ctx)
		var limited *slack.RateLimitedError
		var refusal slack.SlackErrorResponse
		switch {
		case err == nil:
			return "", nil
		case errors.As(err, &refusal):
			return cmp.Or(oneLine(refusal.Err), "without a reason"), nil
		case !errors.As(err, &limited):
			return "", fmt.Errorf("cannot be asked: %w; check the network, and slack.api_url if it is set", err)
		case limited.RetryAfter > maxPatience:
			return "", fmt.Errorf("wants to be left alone for %v; try again then", limited.RetryAfter)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(limited.RetryAfter):
		}
	}
}

// How to mend what is about the app as a whole.
const (
	newManifest = "paste what `signpost slack manifest` prints into App Manifest, then reinstall the app"
	newToken    = "copy the Bot User OAuth Token from OAuth & Permissions of the app"
	newAppToken = "make one under Basic Information, App-Level Tokens, with the scope connections:write"
)

// dead are the codes that a token is refused with.
// Source: https://docs.slack.dev/reference/methods/auth.test
var dead = map[string]string{
	"invalid_auth":     "is not one that Slack knows",
	"not_authed":       "is not one that Slack knows",
	"account_inactive": "is of an app that was removed, or of a workspace that is gone",
	"token_revoked":    "was revoked",
	"token_expired":    "has expired",
}

// botToken checks who the bot is, what it may do, and the time.
func (c *checker) botToken(ctx context.Context) error {
	var self *slack.AuthTestResponse
	code, err := c.call(ctx, func(ctx context.Context) (err error) {
		self, err = c.api.AuthTestContext(ctx)
		return err
	})
	switch why, known := dead[code]; {
	case err != nil:
		return err
	case known:
		c.add(newToken, "the bot token %s", why)
		return nil
	case code != "":
		c.add(newToken, "Slack refuses the bot token (%s)", code)
		return nil
	}
	self.Team, self.TeamID, self.User = oneLine(self.Team), oneLine(self.TeamID), oneLine(self.User)
	c.self = self
	if date, err := http.ParseTime(self.Header.Get("Date")); err == nil {
		if skew := c.Now().Sub(date).Round(time.Second); skew.Abs() > maxSkew {
			side := "ahead of"
			if skew < 0 {
				side = "behind"
			}
			c.add("set it, with NTP for example", "the clock of this machine is %v %s Slack's, so that what Slack sends may be refused as too old", skew.Abs(), side)
		}
	}
	if header := self.Header.Values("X-OAuth-Scopes"); len(header) > 0 {
		c.granted = map[string]bool{}
		for scope := range strings.SplitSeq(strings.Join(header, ","), ",") {
			c.granted[strings.TrimSpace(scope)] = true
		}
		for _, s := range Scopes(c.Features) {
			if !c.granted[s.Name] {
				c.add(newManifest, "the scope %s is missing, which is needed to %s", s.Name, s.Why)
			}
		}
	}
	return nil
}

// appOf matches an app-level token, which tells its app.
var appOf = regexp.MustCompile(`^xapp-\d+-(A[A-Z0-9]+)-`)

// appToken checks that a connection can be opened, without opening it.
func (c *checker) appToken(ctx context.Context) error {
	if c.AppToken == "" {
		return nil
	}
	code, err := c.call(ctx, func(ctx context.Context) error {
		_, _, err := c.api.StartSocketModeContext(ctx)
		return err
	})
	switch why, known := dead[code]; {
	case err != nil:
		return err
	case known:
		c.add(newAppToken, "the app-level token %s", why)
		return nil
	case code == "missing_scope", code == "not_allowed_token_type", code == "no_permission":
		c.add(newAppToken, "the app-level token may not open connections")
		return nil
	case code != "":
		c.add("turn Socket Mode on in the app, or "+newManifest, "Slack opens no connection for the app-level token (%s)", code)
		return nil
	}
	app := appOf.FindStringSubmatch(c.AppToken)
	if app == nil || c.self == nil || c.self.BotID == "" {
		return nil
	}
	var bot *slack.Bot
	code, err = c.call(ctx, func(ctx context.Context) (err error) {
		bot, err = c.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: c.self.BotID})
		return err
	})
	if err == nil && code == "" && bot.AppID != "" && bot.AppID != app[1] {
		c.add("copy both from one app", "the two tokens are of different apps, %s and %s", bot.AppID, app[1])
	}
	return err
}

// places are channels that are named by # and their id, as those of the bot's
// own workspace.
func (c *checker) places(members []Named) []Named {
	var list []Named
	for _, m := range members {
		list = append(list, Named{Text: Name + ":" + c.self.TeamID + ":" + m.Text[1:], Where: m.Where})
	}
	return list
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

// elsewhere reports what is of another workspace, and whether it is.
func (c *checker) elsewhere(what, workspace string, n Named) bool {
	if workspace == c.self.TeamID {
		return false
	}
	c.add(fmt.Sprintf("write %s:%s:… or take the token of the other workspace", Name, c.self.TeamID),
		"%s %s (%s) is of workspace %s, but the bot token is of %s", what, n.Text, n.Where, workspace, c.self.TeamID)
	return true
}

// channels checks that the bot is in every channel.
func (c *checker) channels(ctx context.Context) error {
	if c.self == nil {
		return nil
	}
	for _, n := range merged(slices.Concat(c.Channels, c.places(c.Members))) {
		place, err := chat.ParsePlace(n.Text)
		if err != nil {
			return err
		}
		if c.elsewhere("channel", place.Workspace, n) {
			continue
		}
		var channel *slack.Channel
		code, err := c.call(ctx, func(ctx context.Context) (err error) {
			channel, err = c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: place.Channel})
			return err
		})
		invite := "/invite @" + c.self.User
		switch {
		case err != nil:
			return err
		case code == "channel_not_found":
			c.add("correct its id, or write "+invite+" in it if it is private", "there is no channel %s (%s) that the bot can see", place.Channel, n.Where)
		case c.unscoped(code):
		case code != "":
			c.add("correct its id", "Slack refuses to tell about channel %s (%s): %s", place.Channel, n.Where, code)
		case channel.IsArchived:
			c.add("unarchive it, or name another", "channel #%s, %s (%s), is archived", oneLine(channel.Name), place.Channel, n.Where)
		case !channel.IsMember && !channel.IsIM && !channel.IsMpIM:
			c.add(fmt.Sprintf("write %s in #%s", invite, oneLine(channel.Name)), "the bot is not in channel #%s, %s (%s)", oneLine(channel.Name), place.Channel, n.Where)
		}
	}
	return nil
}

// unscoped reports whether a call was refused for a scope that is known to be
// missing, and so has been told of.
func (c *checker) unscoped(code string) bool { return code == "missing_scope" && c.granted != nil }

// groups checks that every user group is there.
func (c *checker) groups(ctx context.Context) error {
	if c.self == nil || len(c.Groups) == 0 {
		return nil
	}
	var all []slack.UserGroup
	code, err := c.call(ctx, func(ctx context.Context) (err error) {
		all, err = c.api.GetUserGroupsContext(ctx, slack.GetUserGroupsOptionIncludeDisabled(true))
		return err
	})
	switch {
	case err != nil:
		return err
	case c.unscoped(code):
		return nil
	case code != "":
		c.add(newManifest, "Slack refuses to tell about user groups: %s", code)
		return nil
	}
	for _, n := range merged(c.Groups) {
		i := slices.IndexFunc(all, func(g slack.UserGroup) bool { return g.ID == n.Text || g.Handle == n.Text })
		switch {
		case i < 0:
			c.add("correct its handle, or make it (on a paid plan); on any plan a channel can name agents, such as \"#C024BE91L\"",
				"there is no user group @%s (%s)", n.Text, n.Where)
			c.problems[len(c.problems)-1].Group = n.Text
		case all[i].DateDelete != 0:
			c.add("enable it, or name another", "user group @%s (%s) is disabled", n.Text, n.Where)
		}
	}
	return nil
}

// accounts checks that every account is a person's who is still there.
func (c *checker) accounts(ctx context.Context) error {
	if c.self == nil {
		return nil
	}
	for _, n := range merged(c.Accounts) {
		account := chat.AccountID(n.Text)
		if c.elsewhere("account", account.Workspace(), n) {
			continue
		}
		var user *slack.User
		code, err := c.call(ctx, func(ctx context.Context) (err error) {
			user, err = c.api.GetUserInfoContext(ctx, account.User())
			return err
		})
		switch {
		case err != nil:
			return err
		case code == "user_not_found", code == "user_not_visible":
			c.add("correct its id: in Slack, under a person's profile, Copy member ID", "there is no account %s (%s)", account.User(), n.Where)
		case c.unscoped(code):
			return nil
		case code != "":
			c.add("correct its id", "Slack refuses to tell about account %s (%s): %s", account.User(), n.Where, code)
		case user.Deleted:
			c.add("remove it", "account %s (%s) is deactivated", account.User(), n.Where)
		case user.IsBot:
			c.add("remove it: only people work tickets", "account %s (%s) is a bot's", account.User(), n.Where)
		}
	}
	return nil
}
