package slack

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// What the ask box and the search for titles are called in the page.
	askAction  = "ask"
	findAction = "find"
	// minTyped is how many characters are typed before titles are offered.
	minTyped = 2
	// maxPage is how many blocks the page has.
	// Source: https://docs.slack.dev/surfaces/app-home
	maxPage = 100
	// maxQuestion is how long a question may be that is asked there.
	maxQuestion = 500
	// maxPrompts is how many prompts are suggested.
	// Source: https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
	maxPrompts = 4
	// maxShown is how many people's pages show an answer at a time.
	maxShown = 1000
)

// A homeOpened tells that someone looks at the app's own page, or at its
// direct messages.
type homeOpened struct {
	User    string `json:"user"`
	Channel string `json:"channel"`
	Tab     string `json:"tab"`
}

// pages are the App Homes of people, and what is special in their direct
// messages: the agent view.
type pages struct {
	*Adapter
	mute atomic.Bool // the agent view is not to be had here

	mu     sync.Mutex
	shown  map[string]*exchange // by user
	wanted map[string]string    // what threads are to show while someone sees to it, by thread
}

// An exchange is what came of the last thing that someone did in their App Home.
type exchange struct {
	handle  chat.ReplyHandle
	replies []chat.Reply
}

func newPages(a *Adapter) *pages {
	return &pages{Adapter: a, shown: map[string]*exchange{}, wanted: map[string]string{}}
}

// opened shows someone their page, as it is now.
func (p *pages) opened(h homeOpened) {
	switch {
	case h.User == "":
	case h.Tab == "messages" && p.o.Agent:
		p.client.learn(h.User, h.Channel)
		p.beside(func(ctx context.Context) { p.suggestPrompts(ctx, h) })
	case h.Tab != "messages":
		p.mu.Lock()
		delete(p.shown, h.User)
		p.mu.Unlock()
		p.beside(func(ctx context.Context) {
			if err := p.publish(ctx, h.User); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, errEnding) {
				p.log.Warn("someone's App Home could not be shown", "err", scrub(err))
			}
		})
	}
}

// answer shows a reply in someone's App Home, where they asked for it.
func (p *pages) answer(ctx context.Context, user string, d chat.Delivery) (chat.Receipt, error) {
	r := d.Reply
	p.mu.Lock()
	on := p.shown[user]
	if on == nil || on.handle != r.Handle {
		for other := range p.shown {
			if len(p.shown) < maxShown {
				break
			}
			delete(p.shown, other)
		}
		on = &exchange{handle: r.Handle}
		p.shown[user] = on
	}
	i := slices.IndexFunc(on.replies, func(old chat.Reply) bool { return old.Key == r.Key })
	switch {
	case r.Deed == chat.Remove:
		on.replies = slices.DeleteFunc(on.replies, func(old chat.Reply) bool { return old.Key == r.Key })
	case i >= 0:
		on.replies[i] = r
	default:
		on.replies = append(on.replies, r)
	}
	p.mu.Unlock()
	return chat.Receipt{Place: r.Place, Message: "home"}, p.publish(ctx, user)
}

// publish shows a person their page.
func (p *pages) publish(ctx context.Context, user string) error {
	s, done, ok := p.enter()
	if !ok {
		return errEnding
	}
	defer done()
	from := p.people.sender(ctx, s.self, user, "", "", false)
	home, err := p.o.Front.Home(ctx, from)
	if err != nil {
		return err
	}
	p.mu.Lock()
	var replies []chat.Reply
	if on := p.shown[user]; on != nil {
		replies = slices.Clone(on.replies)
	}
	p.mu.Unlock()
	blocks := homeBlocks(home, replies, strconv.FormatInt(p.now().UnixMilli(), 36))
	return p.ask(ctx, "views.publish", func(ctx context.Context) error {
		_, err := p.api.PublishViewContext(ctx, slack.PublishViewContextRequest{
			UserID: user, View: slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}},
		})
		return err
	})
}

// homeBlocks are the ask box, what was answered last, and the page itself. The
// box is a new one each time, so that it is empty again.
func homeBlocks(home chat.Home, replies []chat.Reply, box string) []slack.Block {
	var blocks []slack.Block
	if label := chat.Shorten(oneLine(home.Ask.Label), maxFieldLabel); !blank(label) {
		input := slack.NewPlainTextInputBlockElement(nil, askAction)
		input.MaxLength = maxQuestion
		input.DispatchActionConfig = &slack.DispatchActionConfig{TriggerActionsOn: []string{"on_enter_pressed"}}
		ask := slack.NewInputBlock("ask."+box, plain(label), nil, input)
		ask.DispatchAction = true
		blocks = append(blocks, ask)
	}
	if label := chat.Shorten(oneLine(home.Find), maxPlaceholder); !blank(label) {
		find := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain(label), findAction)
		least := minTyped
		find.MinQueryLength = &least
		blocks = append(blocks, slack.NewActionBlock("find."+box, find))
	}
	p := page{ids: map[string]int{}}
	room := maxPage - len(blocks)
	add := func(r chat.Reply, limits chat.Limits) {
		limits.Blocks = max(min(limits.Blocks, room-1), 1)
		for _, b := range chat.Fit(r, limits).Blocks {
			if shown := p.block(b); shown != nil && room > 0 {
				blocks = append(blocks, shown)
				room--
			}
		}
	}
	for _, r := range replies {
		p.tone = r.Tone
		add(r, Limits)
	}
	p.tone = chat.Plainly
	if len(replies) > 0 && room > 1 {
		blocks = append(blocks, slack.NewDividerBlock())
		room--
	}
	whole := Limits
	whole.Blocks, whole.Text = maxPage, maxPage*maxBlock
	if room > 1 {
		add(chat.Reply{Lang: home.Lang, Blocks: home.Blocks}, whole)
	}
	return blocks
}

// askedAtHome is the question that was asked in the ask box, or the title that
// was found by typing; empty if it was something else.
func askedAtHome(act action) string {
	switch {
	case act.Type == "plain_text_input" && act.ActionID == askAction:
		return strings.TrimSpace(chat.Shorten(act.Value, maxQuestion))
	case act.Type == "external_select" && act.ActionID == findAction:
		return act.Selected.Value
	}
	return ""
}

func homeHandle(id chat.EventID) chat.ReplyHandle {
	return chat.ReplyHandle(string(atHome) + "/" + strings.TrimPrefix(string(id), Name+":"))
}

// suggestPrompts offers questions to begin with, above someone's direct
// messages.
func (p *pages) suggestPrompts(ctx context.Context, h homeOpened) {
	s, done, ok := p.enter()
	if !ok || p.mute.Load() {
		if ok {
			done()
		}
		return
	}
	defer done()
	home, err := p.o.Front.Home(ctx, p.people.sender(ctx, s.self, h.User, "", "", false))
	if err != nil {
		p.log.Debug("no questions could be suggested", "err", scrub(err))
		return
	}
	prompts := slack.AssistantThreadsSetSuggestedPromptsParameters{ChannelID: h.Channel}
	for _, o := range home.Prompts[:min(len(home.Prompts), maxPrompts)] {
		prompts.AddPrompt(o.Label, o.Value)
	}
	if len(prompts.Prompts) > 0 {
		p.unlessMuted(p.ask(ctx, "assistant.threads.setSuggestedPrompts", func(ctx context.Context) error {
			return p.api.SetAssistantThreadsSuggestedPromptsContext(ctx, prompts)
		}))
	}
}

// status shows in a thread of direct messages whether an answer is looked for.
// What comes later stands in the end: one call at a time is made for a thread.
func (p *pages) status(user, thread, status string) {
	if !p.o.Agent || p.mute.Load() {
		return
	}
	id := user + "/" + thread
	p.mu.Lock()
	_, underway := p.wanted[id]
	p.wanted[id] = status
	p.mu.Unlock()
	if underway {
		return
	}
	begun := p.beside(func(ctx context.Context) {
		for now := status; ; {
			p.unlessMuted(p.setStatus(ctx, user, thread, now))
			p.mu.Lock()
			if p.wanted[id] == now {
				delete(p.wanted, id)
				p.mu.Unlock()
				return
			}
			now = p.wanted[id]
			p.mu.Unlock()
		}
	})
	if !begun {
		p.mu.Lock()
		delete(p.wanted, id)
		p.mu.Unlock()
	}
}

func (p *pages) setStatus(ctx context.Context, user, thread, status string) error {
	channel, err := p.client.direct(ctx, user)
	if err != nil {
		return err
	}
	return p.ask(ctx, "agents.sessions.setStatus", func(ctx context.Context) error {
		_, err := p.api.SetAgentSessionStatusContext(ctx, slack.AgentSessionSetStatusParameters{
			ChannelID: channel, ThreadTS: thread, Status: status,
		})
		return err
	})
}

// unlessMuted leaves the agent view alone from now on if Slack will not have
// it: it is not in every plan, and nothing depends on it.
func (p *pages) unlessMuted(err error) {
	if err == nil {
		return
	}
	if isRefused(err, "unknown_method", "missing_scope", "not_allowed_token_type", "feature_not_enabled", "not_allowed", "access_denied", "no_permission", "team_access_not_granted") {
		if !p.mute.Swap(true) {
			p.log.Info("the agent view is not to be had in this workspace; everything else works", "err", err,
				"mend", "set slack.agent_view to false, or see that the app has assistant:write")
		}
		return
	}
	p.log.Debug("the agent view was not updated", "err", err)
}

// searching shows someone who wrote us that an answer is looked for.
func (a *Adapter) searching(e chat.Event) {
	if came, thread := doorOf(e.Handle); came == inThread && e.Kind == chat.Message {
		a.pages.status(e.From.Account.User(), thread, slack.AgentSessionStatusProcessing)
	}
}

// Send implements [chat.Platform].
func (a *Adapter) Send(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	receipt, err := a.client.Send(ctx, d)
	user, direct := directTo(d.Reply.Place)
	if came, thread := doorOf(d.Reply.Handle); came == inThread && direct && err == nil {
		a.pages.status(user, thread, slack.AgentSessionStatusActive)
	}
	return receipt, err
}
