package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// A Library finds articles. What a private audience reads is found only by
// those for whom it is named in private.
type Library interface {
	// Find ranks articles for a question, best first, and says how far to
	// trust them.
	Find(ctx context.Context, q knowledge.Question) (knowledge.Answer, error)
	// Explain says why Find answers as it does.
	Explain(ctx context.Context, q knowledge.Question) (knowledge.Explanation, error)
	Version() string
	// Suggest completes a title or topic that is being typed.
	Suggest(typed string, lang knowledge.Lang, private []string, limit int) []*knowledge.Article
	Article(id knowledge.ArticleID, lang knowledge.Lang, private []string) (*knowledge.Article, bool)
	// Topics and Browse list what there is for an audience.
	Topics(audience string, lang knowledge.Lang, private []string) []knowledge.Topic
	Browse(audience, topic string, lang knowledge.Lang, private []string) []*knowledge.Article
}

// An Audience is a kind of asker, and how one is known.
type Audience struct {
	Name     string
	Labels   map[string]string // by language
	Private  bool
	Roles    []string // that prove it: Discord roles
	Groups   []string // that prove it: Slack user groups
	Channels []string // that hint at it: platform:workspace:channel
}

// Settings are what an installation may choose.
type Settings struct {
	Audiences []Audience
	Topics    map[string]map[string]string // labels by topic and language
	Desks     []desk.Desk                  // at least one
	Members   []Member
	Languages []string // the first is spoken when nothing else is known
	Articles  int      // at most in one answer
	Misses    int      // questions without an article until a person is offered first
	Retention spool.Retention
	Grace     time.Duration // after resolving, in which an asker may come back

	// Watched are the places, threads in them included, where questions to
	// nobody are answered: after OverheardWait without another word, if the
	// match is sure and the question is not older than OverheardMaxAge.
	Watched         []string // platform:workspace:channel
	OverheardWait   time.Duration
	OverheardMaxAge time.Duration // 0: however old
	Deaf            []string      // platforms that keep from us what does not mention us
	// NudgeAfter is how long after an answer that was not sure the asker is
	// asked whether it helped, once; 0: never.
	NudgeAfter time.Duration
	// EscalateAfter is how long after such an answer it becomes a ticket by
	// itself, if the asker was asked and nobody said a word: more than NudgeAfter;
	// 0: never.
	EscalateAfter time.Duration
}

// A Bot makes of each event what should change and what is said. It keeps
// nothing itself.
type Bot struct {
	settings Settings
	access   *access
	words    *words
	table    []command
	library  func() Library
	snippets func() []Snippet
	reader   spool.Reader
	sets     func(spool.Set) map[string]string
	limits   func(platform string) chat.Limits
	now      func() time.Time
	draw     func(Picture) ([]byte, error)
	log      *slog.Logger
}

// Parts are what a Bot works with.
type Parts struct {
	Library  func() Library   // the newest; articles change while we run
	Snippets func() []Snippet // likewise; nil: there are none
	Reader   spool.Reader     // for what is asked outside an event: forms, typeahead
	// Sets are what is known of the store's sets by now: [Channels] and [Links]. Nil: nothing.
	Sets   func(spool.Set) map[string]string
	Limits func(platform string) chat.Limits
	Now    func() time.Time
	Draw   func(Picture) ([]byte, error) // makes a PNG; nil: there are no pictures
	Log    *slog.Logger
}

var (
	_ spool.Handler = (*Bot)(nil)
	_ chat.Front    = (*Bot)(nil)
)

// New makes a Bot. It fails if the settings name no desk.
func New(s Settings, p Parts) (*Bot, error) {
	if len(s.Desks) == 0 {
		return nil, fmt.Errorf("no desk is configured")
	}
	if len(s.Languages) == 0 {
		s.Languages = []string{"en"}
	}
	if p.Limits == nil {
		p.Limits = func(string) chat.Limits { return chat.Limits{} }
	}
	if p.Snippets == nil {
		p.Snippets = func() []Snippet { return nil }
	}
	if p.Sets == nil {
		p.Sets = func(spool.Set) map[string]string { return nil }
	}
	words, err := newWords()
	if err != nil {
		return nil, err
	}
	access := newAccess(s.Desks, s.Members)
	access.links = func() map[string]string { return p.Sets(Links) }
	return &Bot{
		settings: s, access: access, words: words, table: table(),
		library: p.Library, snippets: p.Snippets, reader: p.Reader, sets: p.Sets, limits: p.Limits, now: p.Now, draw: p.Draw, log: p.Log,
	}, nil
}

// Person says whose account it is.
func (b *Bot) Person(account chat.AccountID) chat.PersonID { return b.access.person(account) }

// Handle makes of an event what should change. It implements [spool.Handler]:
// it only reads, and may be run again for the same event.
func (b *Bot) Handle(ctx context.Context, e chat.Event, v spool.View) (spool.Outcome, error) {
	if e.From.Bot {
		return spool.Outcome{}, nil
	}
	t := b.turn(ctx, e, v)
	var err error
	switch e.Kind {
	case chat.Message:
		err = t.said()
	case chat.Edit:
		err = t.edited()
	case chat.Delete:
		err = t.deleted()
	case chat.Slash, chat.Press, chat.Submit:
		err = t.did()
	case chat.Menu, chat.Reaction:
		err = t.pointed()
	case chat.Tick:
		err = t.ticked()
	case chat.Delivered:
		err = t.arrived()
	case chat.Undeliverable:
		err = t.undelivered()
	case chat.Unreadable:
		err = errors.New("what the platform sent cannot be read")
	}
	if err == nil {
		err = t.family()
	}
	if err != nil {
		return spool.Outcome{}, err
	}
	return t.outcome(), nil
}

// Apologise words what a person is told whose event could not be handled.
func (b *Bot) Apologise(e chat.Event) []chat.Reply {
	if !e.Addressed && e.Kind != chat.Press && e.Kind != chat.Submit {
		return nil // nobody is waiting
	}
	t := b.turn(context.Background(), e, nil)
	t.tell(t.text("apology"))
	return t.out.Replies
}

// Doubt is the reply with the remark that it may have arrived already.
func (b *Bot) Doubt(r chat.Reply) chat.Reply {
	remark := contextLine(b.words.say(b.words.speak(cmp.Or(r.Lang, b.settings.Languages[0])), "doubt"))
	r.Blocks = append([]chat.Block{remark}, r.Blocks...)
	return r
}

func (b *Bot) audience(name string) (Audience, bool) {
	i := slices.IndexFunc(b.settings.Audiences, func(a Audience) bool { return a.Name == name })
	if i < 0 {
		return Audience{}, false
	}
	return b.settings.Audiences[i], true
}

// private lists the private audiences that a sender may read here: those they
// prove by a role, among themselves, and not from another organisation.
func (b *Bot) private(s chat.Sender, alone bool) []string {
	var names []string
	for _, a := range b.settings.Audiences {
		if a.Private && alone && !s.External && (s.HasRole(a.Roles...) || s.InGroup(a.Groups...)) {
			names = append(names, a.Name)
		}
	}
	return names
}

// mayRead reports whether an article that an asker was shown may be named to
// someone else. One that is gone may: nobody can tell any more.
func (b *Bot) mayRead(s chat.Sender, shown conversation.Shown) bool {
	var all []string
	for _, a := range b.settings.Audiences {
		if a.Private {
			all = append(all, a.Name)
		}
	}
	id, lang := knowledge.ArticleID(shown.ID), knowledge.Lang(shown.Lang)
	_, exists := b.library().Article(id, lang, all)
	_, open := b.library().Article(id, lang, b.private(s, true))
	return open || !exists
}

// choices lists the audiences a sender may choose from here.
func (b *Bot) choices(s chat.Sender, alone bool) []Audience {
	private := b.private(s, alone)
	var audiences []Audience
	for _, a := range b.settings.Audiences {
		if !a.Private || slices.Contains(private, a.Name) {
			audiences = append(audiences, a)
		}
	}
	return audiences
}

func (b *Bot) audienceLabel(lang, name string) string {
	a, _ := b.audience(name)
	return b.words.named(lang, "audience", name, a.Labels)
}

func (b *Bot) topicLabel(lang, name string) string {
	return b.words.named(lang, "topic", name, b.settings.Topics[name])
}
