package bot

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/audience"
)

// How much there is on the page: what is seen at a glance, and all together
// less than Slack's 100 blocks.
// Source: https://docs.slack.dev/reference/block-kit/blocks
const (
	homeTopics = 8  // buttons, before the one for all of them
	homeOwn    = 5  // of one's own tickets
	homeQueued = 5  // of a desk's tickets
	homeWaits  = 15 // of all desks' tickets
	homeHeld   = 10 // of the tickets one holds
	homeDesks  = 20 // that someone works; each is a read
)

// maxPrompts is how many questions are suggested, and maxPrompt how many runes
// the label of one has at most: as much as shows on a telephone.
// Source: https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
const (
	maxPrompts = 4
	maxPrompt  = 40
)

// Home implements [chat.Front]. It reads everything at once, and shows nothing
// if some of it cannot be read.
func (b *Bot) Home(ctx context.Context, from chat.Sender) (chat.Home, error) {
	from.Person = b.Person(from.Account)
	t := b.turn(ctx, chat.Event{Place: chat.Direct(from.Account), From: from, Private: true}, nil)
	r, err := t.readHome()
	if err != nil {
		return chat.Home{}, err
	}
	trail := t.takenFor(r.person)
	blocks := []chat.Block{{Layout: chat.Heading, Text: chat.Plain(t.line("home_title"))}}
	for _, part := range [][]chat.Block{t.homeAudience(trail), t.homeBrowse(trail), t.homeTickets(r.asked), t.homeQueues(r.person, r.queues), t.homeHolds(r.held)} {
		blocks = append(blocks, part...)
	}
	return chat.Home{
		Lang:      t.lang,
		Ask:       chat.Field{Name: "question", Label: t.line("home_ask"), Kind: chat.Line, Max: maxFormText},
		Find:      t.line("home_find"),
		Blocks:    blocks,
		Prompts:   t.prompts(trail.Audience),
		Searching: t.line("home_searching"),
	}, nil
}

// A homeRecords is what is read for the page. Who works no desk has no queues,
// and holds nothing.
type homeRecords struct {
	person desk.Person
	asked  []desk.Ticket // their own, newest first; one more than is shown
	queues []homeQueue
	held   []desk.Ticket
}

// A homeQueue is what waits at a desk.
type homeQueue struct {
	desk  string
	total int
	first []desk.Ticket
}

func (t *turn) readHome() (homeRecords, error) {
	var r homeRecords
	who := t.event.From.Person
	group, ctx := errgroup.WithContext(t.ctx)
	group.Go(func() error {
		p, err := t.reader.Person(ctx, who)
		r.person = p.Value
		return err
	})
	group.Go(func() (err error) {
		r.asked, err = t.reader.Asked(ctx, who, homeOwn+1)
		return err
	})
	desks := t.access.worked(t.event.From)
	desks = desks[:min(len(desks), homeDesks)]
	r.queues = make([]homeQueue, len(desks))
	for i, d := range desks {
		r.queues[i].desk = d.Name
		group.Go(func() (err error) {
			r.queues[i].first, r.queues[i].total, err = t.reader.Queue(ctx, d.Name, t.at, homeQueued)
			return err
		})
	}
	if len(desks) > 0 {
		group.Go(func() (err error) {
			r.held, err = t.reader.Held(ctx, who, homeHeld)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return homeRecords{}, err
	}
	// What they held before they left its desk is no longer theirs to read.
	r.held = t.access.readable(t.event.From, r.held)
	return r, nil
}

// takenFor is who we take the sender for before they have said a word, and why.
func (t *turn) takenFor(p desk.Person) conversation.Trail {
	var names []string
	for _, a := range t.choices(t.event.From, true) {
		names = append(names, a.Name)
	}
	guess := audience.Weigh(names, t.known(t.event.From, cmp.Or(t.chosen, p.Audience)))
	return conversation.Trail{Lang: t.lang, Audience: guess.Name, Why: reasons(guess)}
}

// homeAudience says whom we take the person for, with buttons for who is
// someone else.
func (t *turn) homeAudience(trail conversation.Trail) []chat.Block {
	choices := t.choices(t.event.From, true)
	if len(choices) < 2 {
		return nil
	}
	line := t.text("as_unclear")
	if trail.Audience != "" {
		label := t.audienceLabel(t.lang, trail.Audience)
		line = t.text("home_as_because", args{"Audience": label, "Why": t.why("why_", trail)})
	}
	var buttons []chat.Button
	for _, a := range choices {
		if a.Name != trail.Audience {
			buttons = append(buttons, chat.Button{Label: t.asLabel(t.lang, a.Name), Action: chat.Do("iam", a.Name)})
		}
	}
	return append([]chat.Block{line}, rows(buttons)...)
}

// iam remembers who the sender says they are.
func (t *turn) iam(chat.Invocation) error {
	name := t.event.Action.Arg(0)
	if err := t.choose(name, t.event.From); err != nil {
		return err
	}
	t.tell(t.text("iam_noted", args{"Audience": t.audienceLabel(t.lang, name)}), row(t.browseButton()))
	return nil
}

// homeBrowse leads into the help centre: to the topics of the person's own
// audience, and to the others that have articles.
func (t *turn) homeBrowse(trail conversation.Trail) []chat.Block {
	choices := t.choices(t.event.From, true)
	var topics, others []chat.Button
	if trail.Audience != "" || len(choices) < 2 {
		found := t.useful(trail.Audience)
		for _, topic := range found[:min(len(found), homeTopics)] {
			topics = append(topics, chat.Button{Label: t.topicLabel(t.lang, topic.Name), Action: chat.Do("browse", trail.Audience, topic.Name)})
		}
		if len(found) > homeTopics {
			topics = append(topics, chat.Button{Label: t.line("button_topics"), Action: chat.Do("browse", trail.Audience)})
		}
	}
	for _, a := range choices {
		if a.Name != trail.Audience && len(choices) > 1 && len(t.useful(a.Name)) > 0 {
			others = append(others, chat.Button{Label: t.audienceLabel(t.lang, a.Name), Action: chat.Do("browse", a.Name)})
		}
	}
	if len(topics)+len(others) == 0 {
		return nil
	}
	return slices.Concat(t.homeHeading("home_browse"), rows(topics), rows(others))
}

func (t *turn) homeHeading(id string) []chat.Block {
	return []chat.Block{{Layout: chat.Divider}, {Layout: chat.Heading, Text: chat.Plain(t.line(id))}}
}

// useful are an audience's topics, those with most articles first: what most is
// written about is what most is asked about.
func (t *turn) useful(name string) []knowledge.Topic {
	topics := t.library().Topics(name, knowledge.Lang(t.lang), t.private(t.event.From, true))
	slices.SortStableFunc(topics, func(a, b knowledge.Topic) int { return cmp.Compare(b.Count, a.Count) })
	return topics
}

// prompts are questions that an audience may begin with: one from each of its
// most useful topics, and then a second one, each answered in the person's
// language if any of them is.
func (t *turn) prompts(name string) []chat.Option {
	lang := knowledge.Lang(t.lang)
	articles := t.library().Browse(name, "", lang, t.private(t.event.From, true))
	foreign := func(a *knowledge.Article) bool { return a.Lang != lang }
	if own := slices.DeleteFunc(slices.Clone(articles), foreign); len(own) > 0 {
		articles = own
	}
	questions := map[string][]string{} // by topic
	for _, a := range articles {
		question := a.Title
		if len(a.Questions) > 0 {
			question = a.Questions[0]
		}
		questions[a.Topic] = append(questions[a.Topic], question)
	}
	short := func(question string) int { return min(utf8.RuneCountInString(question)/(maxPrompt+1), 1) }
	var options []chat.Option
	topics := t.useful(name)
	for i, more := 0, true; more; i++ {
		more = false
		for _, topic := range topics {
			all := questions[topic.Name]
			if i == 0 { // those that need not be cut come first
				slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(short(a), short(b)) })
			}
			if i >= len(all) || len(options) == maxPrompts {
				continue
			}
			more = true
			option := chat.Option{Label: chat.Shorten(all[i], maxPrompt), Value: all[i]}
			if !slices.Contains(options, option) {
				options = append(options, option)
			}
		}
	}
	return options
}

// homeTickets lists the person's own newest tickets.
func (t *turn) homeTickets(asked []desk.Ticket) []chat.Block {
	if len(asked) == 0 {
		return nil
	}
	blocks := t.homeHeading("home_own")
	for i := range asked[:min(len(asked), homeOwn)] {
		k := &asked[i]
		b := chat.Block{Layout: chat.Paragraph, Text: append(t.ownLine(k), chat.Span{Text: "\n" + t.homeQuestion(k)})}
		if k.Live() {
			b.Layout = chat.Section
			b.Buttons = []chat.Button{{Label: t.line("button_add", args{"Ticket": k.ID}), Action: chat.Do("add", string(k.ID))}}
		}
		blocks = append(blocks, b)
	}
	if len(asked) > homeOwn {
		blocks = append(blocks, contextLine(t.words.say(t.lang, "home_own_rest")))
	}
	return blocks
}

// homeQuestion is a ticket's question on one line, harmless wherever it stands.
func (t *turn) homeQuestion(k *desk.Ticket) string {
	return cmp.Or(chat.Shorten(chat.Defuse(oneLine(k.Question)), listed), t.line("taken_back"))
}

// homeQueues tells an agent how much waits at their desks, and lists what is
// worked first.
func (t *turn) homeQueues(p desk.Person, queues []homeQueue) []chat.Block {
	if len(queues) == 0 {
		return nil
	}
	duty := t.homeDuty(p, queues)
	waiting := slices.DeleteFunc(slices.Clone(queues), func(q homeQueue) bool { return q.total == 0 })
	blocks := t.homeHeading("home_queue")
	switch {
	case len(waiting) == 0:
		return append(append(blocks, t.text("queue_empty")), duty...)
	case len(queues) == 1:
		blocks = append(blocks, t.text("queue_total", args{"N": queues[0].total}))
	default:
		facts := chat.Block{Layout: chat.Facts}
		for _, q := range queues {
			facts.Facts = append(facts.Facts, chat.Fact{Name: q.desk, Value: chat.Plain(strconv.Itoa(q.total))})
		}
		blocks = append(blocks, facts)
	}
	each := max(1, min(homeQueued, homeWaits/len(waiting)))
	for _, q := range waiting[:min(len(waiting), homeWaits)] {
		for i := range q.first[:min(len(q.first), each)] {
			k := &q.first[i]
			small := t.listedLine(k)
			if len(queues) > 1 {
				small = q.desk + " · " + small
			}
			blocks = append(blocks, t.homeTicket(k, small), row(
				chat.Button{Label: t.line("button_claim"), Action: chat.Do("claim", string(k.ID)), Style: chat.Primary}, t.showButton(k)))
		}
	}
	return append(blocks, duty...)
}

// homeHolds lists what an agent holds.
func (t *turn) homeHolds(held []desk.Ticket) []chat.Block {
	if len(held) == 0 {
		return nil
	}
	blocks := t.homeHeading("home_held")
	for i := range held {
		k := &held[i]
		blocks = append(blocks, t.homeTicket(k, t.listedLine(k)), row(
			chat.Button{Label: t.line("button_reply"), Action: chat.Do("reply", string(k.ID)), Style: chat.Primary}, t.showButton(k)))
	}
	return blocks
}

// homeTicket is a ticket as an agent sees it in a list.
func (t *turn) homeTicket(k *desk.Ticket, small string) chat.Block {
	text := t.words.say(t.lang, "listed", args{"Ticket": k.ID})
	return chat.Block{Layout: chat.Paragraph, Text: append(text, chat.Span{Text: " " + t.homeQuestion(k) + "\n" + chat.Shorten(chat.Defuse(oneLine(small)), listed)})}
}
