package bot

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/sahilm/fuzzy"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// A command is a line of the one table: what is declared of it, and what it
// does. Every door leads here: slash commands, buttons and forms.
type command struct {
	chat.Command
	run run
	// given are arguments that its emoji stands for.
	given map[string]string
	// form is what the command opens when there is something left to ask; nil
	// if it never does.
	form form
}

// A refusal is why something is not done, in words for the person: the id of
// a sentence and what it is filled in with.
type refusal struct {
	id   string
	args args
	more []chat.Block // what else there is to say or do
	// denied: they lack the right to it, whatever else is the case.
	denied bool
}

func (r *refusal) Error() string { return "refused: " + r.id }

var (
	aTicket = chat.Param{Name: "ticket", Kind: chat.TicketParam, Optional: true}
	aPerson = chat.Param{Name: "agent", Kind: chat.PersonParam}
	aText   = chat.Param{Name: "text", Kind: chat.TextParam}
	some    = func(p chat.Param, name string) chat.Param { p.Name, p.Optional = name, true; return p }
)

// table lists everything that can be done. The verbs of a door are listed in
// this order wherever people choose from them.
func table() []command {
	return slices.Concat(askRows(), ticketRows(), routeRows(), mergeRows(), verbRows(), timeRows(), helpRows(), crewRows(), peopleRows(), linkRows(), reportRows(), lessonRows(), privacyRows(),
		menuRows(), entryRows(), buttonRows(), timeButtons(), feedbackRows(), linkButtons(), lessonButtons(), privacyButtons())
}

// askRows are what askers can type.
func askRows() []command {
	return []command{
		unaudited(ask("", "ask a question; only you see the answer", (*turn).asked, chat.Param{Name: "question", Kind: chat.TextParam, Suggested: true})),
		unaudited(ask("status", "your tickets", (*turn).status)),
		opens(ask("add", "add something to a ticket of yours", (*turn).add, aTicket, aText), (*opening).addForm),
		ask("cancel", "take a ticket of yours back", (*turn).cancel, aTicket),
		unaudited(ask("help", "what can be had here", (*turn).askHelp)),
	}
}

// ticketRows are the agents' verbs on tickets.
func ticketRows() []command {
	return []command{
		ticket("queue", "list tickets", "what waits, in the order it is worked", (*turn).queue),
		ticket("mine", "", "the tickets you hold", (*turn).mine),
		ticket("next", "", "take the first ticket in line, or the first few", (*turn).next, chat.Param{Name: "count", Kind: chat.CountParam, Optional: true}),
		ticket("show", "view", "a ticket with its trail and history", (*turn).show, aTicket),
		sign(ticket("claim", "take", "make a ticket yours", (*turn).claim, aTicket), nil, "👀", "eyes"),
		ticket("release", "unclaim", "put a ticket back at its old place, or all of yours", (*turn).release, aTicket,
			chat.Param{Name: "all", Kind: chat.WordParam, Options: []string{"all"}, Optional: true}),
		lead(ticket("assign", "", "give a ticket to an agent", (*turn).assign, aTicket, aPerson)),
		ticket("transfer", "handover", "hand your ticket to another agent", (*turn).transfer, aTicket, aPerson, some(aText, "note")),
		opens(ticket("reply", "r", "answer the asker", (*turn).reply, aTicket, aText), (*opening).textForm),
		opens(ticket("note", "", "a note only agents see", (*turn).addNote, aTicket, aText), (*opening).textForm),
		ticket("article", "kb", "send a help article to the asker", (*turn).article, aTicket, chat.Param{Name: "query", Kind: chat.TextParam, Suggested: true}),
		sign(opens(ticket("resolve", "solve done", "settle a ticket, with a last word if you like", (*turn).resolve, aTicket, some(aText, "text")),
			(*opening).resolveForm), nil, "✅", "white_check_mark"),
		ticket("close", "force-close", "end a ticket for good, or all without a word for long", (*turn).closeTicket, aTicket, some(aText, "reason"),
			chat.Param{Name: "stale", Kind: chat.SpanParam, Optional: true, Flag: true}),
		ticket("reopen", "", "bring a settled ticket back", (*turn).reopen, aTicket),
		sign(ticket("priority", "prio", "set how urgent a ticket is", (*turn).priority, aTicket,
			chat.Param{Name: "priority", Kind: chat.WordParam, Options: []string{"low", "normal", "high", "urgent"}}),
			map[string]string{"priority": "urgent"}, "🚨", "rotating_light"),
		ticket("label", "", "file a ticket under a word", (*turn).label, aTicket,
			chat.Param{Name: "do", Kind: chat.WordParam, Options: []string{"add", "remove"}},
			chat.Param{Name: "label", Kind: chat.WordParam}),
		ticket("why", "", "why the asker was shown what they were", (*turn).whyShown, aTicket),
	}
}

// helpRows is what agents find the verbs by.
func helpRows() []command {
	return []command{
		unaudited(ticket("help", "", "what agents can do", (*turn).ticketHelp)),
	}
}

// menuRows are what can be chosen from the menu of a message.
func menuRows() []command {
	return []command{
		audits("ticket.open", sign(menu("create", "Create a ticket", "make a ticket of this message", chat.Agent, (*turn).create), nil, "🎫", "ticket")),
		unaudited(sign(menu("find", "Find an article", "find the article that answers this message", chat.Everyone, (*turn).findFor), nil, "🔍", "mag")),
	}
}

// entryRows are what buttons do with what an agent has said.
func entryRows() []command {
	return []command{
		opens(entry("rewrite", (*turn).rewriteOwn, aText), (*opening).rewriteForm),
		entry("unsend", (*turn).unsend),
		entry("undo", (*turn).undo),
		opens(command{Command: chat.Command{Verb: "reply_anyway", Audit: "ticket.reply", Params: []chat.Param{aTicket, aText}, Role: chat.Agent, Visibility: chat.Private},
			run: (*turn).replyAnyway}, (*opening).anywayForm),
	}
}

// buttonRows are the buttons under answers and beside an asker's ticket.
func buttonRows() []command {
	return []command{
		unaudited(button("helped", chat.Public, (*turn).helped)),
		unaudited(button("unhelped", chat.Public, (*turn).notHelped)),
		unaudited(button("more", chat.Public, (*turn).more)),
		unaudited(button("as", chat.Public, (*turn).as)),
		unaudited(button("iam", chat.Private, (*turn).iam)),
		audits("answer.share", button("share", chat.Public, (*turn).share)),
		unaudited(opens(button("details", chat.Public, (*turn).details), (*opening).detailsForm)),
		unaudited(button("browse", chat.Private, (*turn).browse)),
		audits("ticket.open", opens(button("contact", chat.Public, (*turn).contact), (*opening).contactForm)),
		{Command: chat.Command{
			Audit: noAudit, // it is theirs
			Verb:  "read", Params: []chat.Param{aTicket, {Name: "entry", Kind: chat.WordParam}}, Role: chat.Everyone, Visibility: chat.Private,
		}, run: (*turn).read},
	}
}

type (
	run  = func(*turn, chat.Invocation) error
	form = func(*opening, chat.Invocation) (*chat.Form, error)
)

// ask is what anyone can type behind /ask.
func ask(verb, summary string, run run, params ...chat.Param) command {
	return command{Command: chat.Command{
		Door: "ask", Verb: verb, Params: params, Role: chat.Everyone, Visibility: chat.Private, Summary: summary,
	}, run: run}
}

// ticket is what agents can type behind /ticket.
func ticket(verb, aliases, summary string, run run, params ...chat.Param) command {
	return command{Command: chat.Command{
		Door: "ticket", Verb: verb, Aliases: strings.Fields(aliases), Params: params,
		Role: chat.Agent, Visibility: chat.Private, Summary: summary,
	}, run: run}
}

// deskVerb is what agents can type behind /ticket or /desk: it is about the desk
// rather than one ticket, and Discord has no room for it with the others.
func deskVerb(verb, aliases, summary string, run run, params ...chat.Param) command {
	c := ticket(verb, aliases, summary, run, params...)
	c.Under = deskDoor
	return c
}

// deskDoor is the other name of the agents' door.
const deskDoor = "desk"

func button(verb string, v chat.Visibility, run run) command {
	return command{Command: chat.Command{Verb: verb, Role: chat.Everyone, Visibility: v}, run: run}
}

// opens has a command ask in a form for what was left out.
func opens(c command, form form) command {
	c.Opens, c.form = true, form
	return c
}

// sign has emoji on a message do what a command does.
func sign(c command, given map[string]string, emoji ...string) command {
	c.Emoji, c.given = emoji, given
	return c
}

func menu(verb, name, summary string, r chat.Role, run run) command {
	return command{Command: chat.Command{Verb: verb, Menu: name, Role: r, Visibility: chat.Private, Summary: summary}, run: run}
}

// entry is what a button does with an entry of a ticket's history.
func entry(verb string, run run, params ...chat.Param) command {
	params = append([]chat.Param{aTicket, {Name: "entry", Kind: chat.WordParam}}, params...)
	return command{Command: chat.Command{Verb: verb, Params: params, Role: chat.Agent, Visibility: chat.Private}, run: run}
}

// lead keeps a command for leads.
func lead(c command) command { c.Role = chat.Lead; return c }

// Commands are the declared commands that can be typed or chosen from a
// message's menu, for platforms to register.
func (b *Bot) Commands() []chat.Command {
	var list []chat.Command
	for _, c := range b.table {
		if c.Door != "" || c.Menu != "" {
			list = append(list, c.Command)
		}
	}
	return list
}

// Describe words a command in the language nearest to lang, for platforms that
// register it. One that is only a door, without a verb, is what all of the
// door's verbs are for, or what is asked there.
func (b *Bot) Describe(lang string, c chat.Command) chat.Wording {
	lang = b.words.speak(lang)
	var w chat.Wording
	switch {
	case c.Menu != "":
		w.Menu = b.words.line(lang, "menu_"+c.Verb)
	case c.Verb != "":
		w.Summary = b.words.line(lang, "do_"+c.Door+"_"+c.Verb)
	case len(c.Params) > 0:
		w.Summary = b.words.line(lang, "do_"+c.Door+"_question")
	default:
		w.Summary = b.words.line(lang, "door_"+c.Door)
	}
	for _, p := range c.Params {
		pw := chat.ParamWording{Name: b.words.line(lang, "name_"+p.Name), Summary: b.words.line(lang, "about_"+p.Name)}
		for _, word := range p.Options {
			pw.Options = append(pw.Options, b.words.line(lang, p.Name+"_"+word))
		}
		w.Params = append(w.Params, pw)
	}
	return w
}

// Lookup finds what an event sets off. It implements [chat.Front].
func (b *Bot) Lookup(e chat.Event) (chat.Command, bool) {
	c, _, err := b.lookup(e)
	var usage *chat.UsageError
	switch {
	case errors.As(err, &usage) && usage.Command != nil:
		return *usage.Command, true
	case errors.As(err, &usage) && slices.Contains(b.doors(), usage.Door):
		return chat.Command{Door: usage.Door, Role: chat.Everyone, Visibility: chat.Private}, true
	}
	return c.Command, err == nil
}

func (b *Bot) doors() []string { return []string{"ask", "ticket", privacyDoor} }

// errNotOurs: an event sets nothing off.
var errNotOurs = errors.New("not one of our commands or actions")

// lookup finds the command behind an event, and its arguments.
func (b *Bot) lookup(e chat.Event) (command, chat.Invocation, error) {
	switch e.Kind {
	case chat.Slash:
		return b.parse(e.Door, e.Text)
	case chat.Press, chat.Submit:
		for _, c := range b.table {
			if c.Verb == e.Action.Verb && c.Verb != "" && (c.Door != "ask" || c.Verb == "add" || c.Verb == "cancel") {
				return c, pressed(c.Command, e), nil
			}
		}
	case chat.Menu:
		for _, c := range b.table {
			if c.Menu != "" && c.Verb == e.Action.Verb {
				return c, chat.Invocation{Command: c.Command}, nil
			}
		}
	case chat.Reaction:
		emoji := strings.Trim(strings.TrimRight(e.Emoji, "\ufe0f"), ":")
		for _, c := range b.table {
			if slices.Contains(c.Emoji, emoji) {
				in := chat.Invocation{Command: c.Command, Args: map[string]string{}}
				maps.Copy(in.Args, c.given)
				return c, in, nil
			}
		}
	}
	return command{}, chat.Invocation{}, errNotOurs
}

// pressed makes arguments of an action, in the order of the parameters, and of
// a form's values, by name.
func pressed(c chat.Command, e chat.Event) chat.Invocation {
	in := chat.Invocation{Command: c, Args: map[string]string{}}
	for i, param := range c.Params {
		if arg := e.Action.Arg(i); arg != "" {
			in.Args[param.Name] = arg
		}
		if value, ok := e.Values[param.Name]; ok && e.Kind == chat.Submit {
			in.Args[param.Name] = value
		}
	}
	return in
}

// Parse splits the words that followed a door. It implements [chat.Front].
func (b *Bot) Parse(door, text string) (chat.Invocation, error) {
	_, in, err := b.parse(door, text)
	return in, err
}

func (b *Bot) parse(door, text string) (command, chat.Invocation, error) {
	if door == deskDoor {
		door = "ticket"
	}
	text = strings.TrimSpace(text)
	verb, rest := cutWord(text)
	verb = strings.ToLower(verb)
	switch {
	case door == "ask":
		verb, rest = askVerb(verb, rest, text)
	case door == privacyDoor:
		verb, rest = "", "" // it has no verbs, whatever was typed
	case verb == "":
		verb = "help"
	}
	for _, c := range b.table {
		if c.Door == door && (c.Verb == verb || slices.Contains(c.Aliases, verb)) {
			in, err := bind(c.Command, verb, rest)
			return c, in, err
		}
	}
	return command{}, chat.Invocation{}, &chat.UsageError{Door: door, Verb: verb, Nearest: b.nearest(door, verb)}
}

// askVerb tells the few verbs of /ask from questions that begin with the same
// word: "cancel my plan" is a question, "cancel T-3" is not.
func askVerb(verb, rest, text string) (string, string) {
	switch verb {
	case "":
		return "help", ""
	case "status", "help":
		if rest == "" {
			return verb, ""
		}
	case "add", "cancel":
		if word, _ := cutWord(rest); isTicket(word) {
			return verb, rest
		}
	}
	return "", text
}

// bind gives each parameter its words.
func bind(c chat.Command, verb, rest string) (chat.Invocation, error) {
	in := chat.Invocation{Command: c, Args: map[string]string{}}
	rest, wrong := bindFlags(c, in.Args, rest)
	if wrong != "" {
		return in, &chat.UsageError{Door: c.Door, Verb: verb, Command: &c, Param: wrong}
	}
	for i, p := range c.Params {
		if p.Flag {
			continue
		}
		if p.Kind == chat.TextParam { // flags may stand behind a ticket, too
			if rest, wrong = bindFlags(c, in.Args, rest); wrong != "" {
				return in, &chat.UsageError{Door: c.Door, Verb: verb, Command: &c, Param: wrong}
			}
		}
		word, after := cutWord(rest)
		switch p.Kind {
		case chat.TicketParam:
			// Where text must follow, a bare number may be part of it.
			text := i+1 < len(c.Params) && c.Params[i+1].Kind == chat.TextParam && !c.Params[i+1].Optional
			if other, _ := cutWord(after); i+1 < len(c.Params) && c.Params[i+1].Kind == chat.TicketParam && !namesTicket(other) {
				continue // the only one is the one that must be named
			}
			if _, err := desk.ParseID(word); err != nil || text && !isTicket(word) {
				if word != "" && len(c.Params) == 1 {
					return in, &chat.UsageError{Door: c.Door, Verb: verb, Command: &c, Param: p.Name}
				}
				continue
			}
		case chat.PersonParam:
			if p.Optional && i+1 < len(c.Params) && mentioned(word) == "" {
				continue
			}
		case chat.TextParam:
			word, after = rest, ""
		case chat.WordParam, chat.CountParam, chat.SpanParam:
			if word != "" && !fits(p, &word) {
				if p.Optional && i+1 < len(c.Params) {
					continue // it was left out; these are the next one's words
				}
				return in, &chat.UsageError{Door: c.Door, Verb: verb, Command: &c, Param: p.Name}
			}
		}
		if word == "" {
			if !p.Optional {
				return in, &chat.UsageError{Door: c.Door, Verb: verb, Command: &c, Param: p.Name}
			}
			continue
		}
		in.Args[p.Name], rest = word, after
	}
	if rest != "" {
		return in, &chat.UsageError{Door: c.Door, Verb: verb, Command: &c}
	}
	return in, nil
}

// bindFlags takes the flags that words begin with into args, as --stale 14d or
// --stale=14d, and returns the words behind them; wrong is the name of one whose
// value does not fit, or which may have been meant. What writes a long dash for
// two short ones is forgiven.
func bindFlags(c chat.Command, args map[string]string, rest string) (after, wrong string) {
	for {
		word, behind := cutWord(rest)
		bare := strings.TrimLeft(word, "-–—")
		name, value, joined := strings.Cut(bare, "=")
		i := slices.IndexFunc(c.Params, func(p chat.Param) bool { return p.Flag && strings.EqualFold(p.Name, name) })
		switch {
		case bare == word || i < 0 && !aFlag.MatchString(word):
			return rest, ""
		case i < 0:
			if i = slices.IndexFunc(c.Params, func(p chat.Param) bool { return p.Flag }); i < 0 {
				return rest, "" // just words
			}
			return rest, c.Params[i].Name
		case !joined:
			value, behind = cutWord(behind)
		}
		if !fits(c.Params[i], &value) {
			return rest, c.Params[i].Name
		}
		args[c.Params[i].Name], rest = value, behind
	}
}

// aFlag is a word that can hardly be anything else.
var aFlag = regexp.MustCompile(`^--[a-z]`)

// fits reports whether a word may be a parameter's, and writes it as it is kept.
func fits(p chat.Param, word *string) bool {
	switch {
	case len(p.Options) > 0:
		*word = strings.ToLower(*word)
		return slices.Contains(p.Options, *word)
	case p.Kind == chat.CountParam:
		n, err := strconv.Atoi(*word)
		return err == nil && n > 0
	case p.Kind == chat.SpanParam:
		_, err := chat.ParseSpan(*word)
		return err == nil
	}
	return *word != ""
}

// mentioned is whom a word mentions, as the platform calls them; empty if it is
// no mention.
func mentioned(word string) string {
	if user, ok := strings.CutPrefix(word, "<@"); ok {
		return strings.TrimSuffix(strings.TrimPrefix(user, "!"), ">")
	}
	user, _ := strings.CutPrefix(word, "@")
	if user == word {
		return ""
	}
	return user
}

// cutWord splits the first word off.
func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, " \t\r\n"); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

// namesTicket reports whether a word may be a ticket.
func namesTicket(word string) bool {
	_, err := desk.ParseID(word)
	return err == nil
}

// isTicket reports whether a word can only be a ticket: T-12 or #12.
func isTicket(word string) bool {
	return namesTicket(word) && strings.ContainsAny(word[:1], "tT#")
}

// nearest is the verb that may have been meant; empty if none is near.
func (b *Bot) nearest(door, verb string) string {
	if len(verb) > 40 {
		return "" // no verb of ours, however it is turned
	}
	var verbs []string
	for _, c := range b.table {
		if c.Door == door && c.Verb != "" {
			verbs = append(append(verbs, c.Verb), c.Aliases...)
		}
	}
	best, least := "", 3 // two slips at most
	for _, candidate := range verbs {
		if d := levenshtein.ComputeDistance(verb, candidate); d < least && d < len(candidate) {
			best, least = candidate, d
		}
	}
	if best == "" {
		if found := fuzzy.Find(verb, verbs); len(found) > 0 {
			best = found[0].Str
		}
	}
	return best
}

// did handles a command, a press or a sent form.
func (t *turn) did() error {
	if err := t.hear(); err != nil {
		return err
	}
	return t.do(t.lookup(t.event))
}

// do runs a command for the sender, whichever door it came through. One that
// names no ticket is about the one of this place.
func (t *turn) do(c command, in chat.Invocation, err error) error {
	if in.Args != nil && in.Args["ticket"] == "" && in.Args["all"] == "" && in.Args["stale"] == "" && t.event.Kind != chat.Press && t.event.Kind != chat.Submit && c.Door == "ticket" {
		k, err := t.about()
		if err != nil {
			return err
		}
		if k != nil {
			in.Args["ticket"] = string(k.Value.ID)
		}
	}
	var usage *chat.UsageError
	if errors.As(err, &usage) && usage.Command != nil {
		t.acts(*usage.Command, in.Args)
	} else if err == nil {
		t.acts(in.Command, in.Args)
	}
	switch {
	case errors.Is(err, errNotOurs):
		t.log.Info("unknown action was pressed", "event", t.event.ID, "verb", chat.Shorten(t.event.Action.Verb, 30))
		t.refuse(t.text("button_old"))
		return nil
	case errors.As(err, &usage):
		return t.misused(usage, in)
	case err != nil:
		return err
	case !t.access.may(t.event.From, c.Role, ""):
		return t.notAllowed(c.Role)
	}
	t.verb = c.Verb
	return t.answerFor(c.run(t, in))
}

// answerFor tells the sender why something was refused.
func (t *turn) answerFor(err error) error {
	var no *refusal
	if errors.As(err, &no) {
		t.log.Info("refused", "event", t.event.ID, "why", no.id, "verb", t.verb, "from", t.event.From.Account)
		t.refusedAs(no)
		blocks := []chat.Block{t.text(no.id, no.args)}
		t.refuse(append(blocks, no.more...)...)
		return nil
	}
	return err
}

// needs refuses what only those with a role may do.
func needs(role chat.Role) *refusal { return forbidden("needs_"+string(role), nil) }

func (t *turn) notAllowed(role chat.Role) error {
	return t.answerFor(needs(role))
}

// misused says how a command is typed. Someone who may not use it is told
// just that.
func (t *turn) misused(u *chat.UsageError, in chat.Invocation) error {
	role := chat.Everyone
	if u.Door == "ticket" {
		role = chat.Agent
	}
	if t.act == nil { // a verb that nobody knows
		t.act = &act{what: noAudit}
	}
	t.act.misuse = true
	switch {
	case !t.access.may(t.event.From, role, ""):
		return t.notAllowed(role)
	case u.Command != nil && u.Param == "text" && u.Door == "ticket":
		// The words would have been asked for by a form, had there been a ticket
		// to say them on.
		in.Command = *u.Command
		k, err := t.which(t.ctx, t.view, t.event.From, in)
		var no *refusal
		switch {
		case errors.As(err, &no):
			return t.answerFor(no)
		case err != nil:
			return err
		case !k.Value.Live() || k.Value.Holder != "" && k.Value.Holder != t.event.From.Person:
			t.verb = in.Command.Verb
			if errors.As(t.explain(&k.Value, k.Value.Claim(t.access.agent(t.event.From), t.at)), &no) {
				return t.answerFor(no)
			}
		}
		t.refuse(t.text("usage_missing", args{"Param": t.line("param_text"), "Usage": u.Command.Usage()}))
	case u.Command != nil && u.Param != "":
		blocks := []chat.Block{t.text("usage_missing", args{"Param": t.line("param_" + u.Param), "Usage": u.Command.Usage()})}
		t.refuse(append(blocks, t.wordsFor(*u.Command, u.Param)...)...)
	case u.Command != nil:
		t.refuse(t.text("usage", args{"Usage": u.Command.Usage()}))
	case u.Nearest != "":
		t.refuse(t.text("unknown_nearest", args{"Verb": u.Verb, "Door": u.Door, "Nearest": u.Nearest}))
	default:
		t.refuse(t.text("unknown", args{"Verb": u.Verb, "Door": u.Door}))
	}
	return nil
}

// wordsFor lists what a parameter may be, if that is known.
func (t *turn) wordsFor(c chat.Command, name string) []chat.Block {
	var words []string
	switch name {
	case "desk":
		words = t.otherDesks("")
	case "snippet":
		for _, set := range t.snippetSets() {
			words = append(words, set.name)
		}
	default:
		for _, p := range c.Params {
			if p.Name == name {
				words = p.Options
			}
		}
	}
	if len(words) == 0 {
		return nil
	}
	return []chat.Block{contextLine(chat.Plain(strings.Join(words, " · ")))}
}

// ticketHelp lists what agents can do.
func (t *turn) ticketHelp(chat.Invocation) error {
	t.tell(t.help("ticket", "help_ticket")...)
	return nil
}

func (t *turn) askHelp(chat.Invocation) error {
	t.tell(append(t.help("ask", "help_ask"), row(t.browseButton()))...)
	return nil
}

func (t *turn) help(door, lead string) []chat.Block {
	facts := chat.Block{Layout: chat.Facts}
	for _, c := range t.table {
		if c.Door == door && c.Verb != "help" {
			verb := c.Verb
			if verb == "" {
				verb = "question"
			}
			facts.Facts = append(facts.Facts, chat.Fact{
				Name: c.Usage(), Value: t.words.say(t.lang, fmt.Sprintf("do_%s_%s", door, verb)),
			})
		}
	}
	return []chat.Block{t.text(lead), facts}
}
