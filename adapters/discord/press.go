package discord

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// formLife is how long a form can be opened again with what was filled in.
	formLife = 15 * time.Minute
	// formUses is how often, ours.
	formUses = 100
	// againVerb is what the button does that opens a form again. It is the
	// adapter's own: no command of the bot's is called so.
	againVerb = "form-again"
	// formHandle begins the handles under which forms are kept.
	formHandle = "form/"
)

// Kinds of interactions, and of what answers them.
// Source: https://docs.discord.com/developers/interactions/receiving-and-responding
const (
	pinged       = 1
	ranCommand   = 2
	pressedPart  = 3
	typingNow    = 4
	sentForm     = 5
	chatInput    = 1 // kinds of commands
	userMenu     = 2
	messageMenu  = 3
	pong         = 1
	showMessage  = 4
	deferMessage = 5
	deferUpdate  = 6
	showChoices  = 8
	showModal    = 9
)

// An interaction is a command, a press, a sent form, or something that is being
// typed.
type interaction struct {
	ID      string          `json:"id"`
	App     string          `json:"application_id"`
	Kind    int             `json:"type"`
	Data    json.RawMessage `json:"data"`
	Guild   string          `json:"guild_id"`
	Channel string          `json:"channel_id"`
	In      room            `json:"channel"`
	Member  *member         `json:"member"`
	User    *user           `json:"user"`
	Token   string          `json:"token"`
	Message *heardMessage   `json:"message"`
	Locale  string          `json:"locale"`
}

// commandData is what was run, chosen or is being typed, and who and what it
// names.
type commandData struct {
	Kind     int                                                  `json:"type"`
	Name     string                                               `json:"name"`
	Options  []*discordgo.ApplicationCommandInteractionDataOption `json:"options"`
	Target   string                                               `json:"target_id"`
	Resolved struct {
		Users    map[string]user         `json:"users"`
		Members  map[string]member       `json:"members"`
		Messages map[string]heardMessage `json:"messages"`
	} `json:"resolved"`
}

// typed is what was typed, without what it names: the library reads that more
// strictly than we want.
func (d commandData) typed() discordgo.ApplicationCommandInteractionData {
	return discordgo.ApplicationCommandInteractionData{Name: d.Name, Options: d.Options}
}

// named are the ids of those whom a command names.
func (d commandData) named() []string {
	var ids []string
	var look func(options []*discordgo.ApplicationCommandInteractionDataOption, depth int)
	look = func(options []*discordgo.ApplicationCommandInteractionDataOption, depth int) {
		for _, o := range options {
			if o == nil || depth > 3 {
				continue // no command of ours is deeper
			}
			if id, ok := o.Value.(string); ok && o.Type == discordgo.ApplicationCommandOptionUser {
				ids = append(ids, id)
			}
			look(o.Options, depth+1)
		}
	}
	look(d.Options, 0)
	return ids
}

// pressData is what was pressed or sent.
type pressData struct {
	CustomID   string      `json:"custom_id"`
	Values     []string    `json:"values"`
	Components []formField `json:"components"`
}

// A formField is a part of a form that was sent: a row or a label around an
// input, or the input itself.
type formField struct {
	CustomID   string      `json:"custom_id"`
	Value      string      `json:"value"`
	Values     []string    `json:"values"`
	Component  *formField  `json:"component"`
	Components []formField `json:"components"`
}

// values are what a form's fields were filled with.
func (f formField) values(into map[string]string, depth int) {
	if depth > 5 {
		return // no form of ours is that deep
	}
	if f.CustomID != "" {
		into[f.CustomID] = f.Value
		if len(f.Values) > 0 {
			into[f.CustomID] = f.Values[0]
		}
	}
	if f.Component != nil {
		f.Component.values(into, depth+1)
	}
	for _, part := range f.Components {
		part.values(into, depth+1)
	}
}

// A response answers an interaction.
type response struct {
	Kind int `json:"type"`
	Data any `json:"data,omitempty"`
}

// A note is a message that answers an interaction at once, for one person.
type note struct {
	Components []discordgo.MessageComponent     `json:"components"`
	Flags      discordgo.MessageFlags           `json:"flags"`
	Mentions   discordgo.MessageAllowedMentions `json:"allowed_mentions"`
}

// interacted takes in an interaction that came through the gateway, and answers
// it.
func (a *Adapter) interacted(ctx context.Context, s *session, raw json.RawMessage) {
	var i interaction
	if err := json.Unmarshal(raw, &i); err != nil {
		if err := a.unreadable(ctx, s, raw, err); err != nil {
			a.log.Warn("nor could it be kept", "err", scrub(err))
		}
		return
	}
	answer := a.take(ctx, s, i, raw)
	if answer == nil {
		return
	}
	if err := a.respond(ctx, i, *answer); err != nil && s.ctx.Err() == nil {
		a.log.Warn("an interaction could not be answered", "event", i.ID, "err", scrub(err))
	}
}

// isToken reports whether s can be an interaction's token: something that stays
// one part of an address.
func isToken(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsAny(s, `/\?#%`) && !strings.ContainsFunc(s, outsideASCII)
}

// respond answers an interaction. Its address is a secret.
func (a *Adapter) respond(ctx context.Context, i interaction, answer response) error {
	return a.callback(ctx, i.ID, i.Token, answer)
}

// take takes in an interaction, and says what answers it. Nil: it is none that
// can be answered.
func (a *Adapter) take(ctx context.Context, s *session, i interaction, raw []byte) (answer *response) {
	defer func() {
		if p := recover(); p != nil {
			a.log.Error("panic while taking something in", "type", "interaction", "panic", p, "stack", stack())
			answer = nil
			if err := a.unreadable(ctx, s, raw, fmt.Errorf("panic: %v", p)); err != nil {
				a.log.Warn("nor could it be kept", "err", scrub(err))
			}
		}
	}()
	if i.Kind == pinged {
		return &response{Kind: pong}
	}
	who := i.User
	if i.Member != nil {
		who = &i.Member.User
	}
	if !isID(i.ID) || who == nil || !isID(who.ID) || !isID(i.App) || !isToken(i.Token) || i.Guild != "" && !isID(i.Guild) || i.Channel != "" && !isID(i.Channel) {
		if err := a.unreadable(ctx, s, raw, errMalformed); err != nil {
			a.log.Warn("nor could it be kept", "err", scrub(err))
		}
		return nil
	}
	a.people.speaks(who.ID, i.Locale)
	e := chat.Event{ID: chat.EventID(Name + ":" + i.ID), At: cmp.Or(timeOf(i.ID), a.now().UTC()), Addressed: true}
	guild := i.Guild
	if guild == "" {
		guild = a.home(ctx, s.self, who.ID)
	}
	e.From = a.people.sender(ctx, guild, *who, i.Member)
	e.From.Locale = cmp.Or(i.Locale, e.From.Locale)
	if i.Guild == "" {
		e.Place, e.Private = chat.Direct(e.From.Account), true
	} else {
		e.Place = chat.Place{Platform: Name, Workspace: i.Guild, Channel: cmp.Or(i.Channel, "0")}
		r := i.In
		if r.ID == "" { // only where Discord does not tell: asking takes of the time there is
			r, _ = a.world.room(ctx, i.Channel)
		}
		if r.thread() && isID(r.Parent) {
			e.Place.Channel, e.Place.Thread = r.Parent, i.Channel
		}
	}
	switch i.Kind {
	case ranCommand:
		return a.ran(ctx, s, i, e, raw)
	case pressedPart:
		return a.pressed(ctx, s, i, e, raw)
	case typingNow:
		return a.typed(ctx, i, e)
	case sentForm:
		return a.sent(ctx, s, i, e, raw)
	}
	a.log.Debug("interaction of an unknown type", "type", i.Kind)
	return nil
}

// ran takes in a command, or what was chosen from the menu of a message.
func (a *Adapter) ran(ctx context.Context, s *session, i interaction, e chat.Event, raw []byte) *response {
	var data commandData
	if err := json.Unmarshal(i.Data, &data); err != nil {
		return a.broken(ctx, s, e, raw, err)
	}
	switch data.Kind {
	case chatInput:
		e.Kind = chat.Slash
		e.Door, e.Text = commandText(a.o.Commands, data.typed())
		for _, id := range data.named() {
			who, ok := data.Resolved.Users[id]
			if !ok || !isID(id) {
				continue
			}
			who.ID = id
			var m *member
			if in, ok := data.Resolved.Members[id]; ok {
				m = &in
			}
			e.Named = append(e.Named, a.people.sender(ctx, e.Place.Workspace, who, m))
		}
	case messageMenu:
		m, ok := data.Resolved.Messages[data.Target]
		verb, known := a.menuVerb(data.Name)
		if !ok || !known {
			return a.broken(ctx, s, e, raw, errors.New("a menu of nothing"))
		}
		m.ID, m.Channel, m.Guild = data.Target, i.Channel, i.Guild
		e.Kind, e.Message, e.Action = chat.Menu, chat.MessageID(data.Target), chat.Do(verb)
		e.About = a.about(ctx, s.self, m)
		if a.o.Threads && e.Place.Thread == "" && !e.Private && i.In.readable() && !e.About.From.Bot {
			e.Place.Thread = data.Target
		}
	default:
		return a.broken(ctx, s, e, raw, errors.New("a command of an unknown kind"))
	}
	c, _ := a.o.Front.Lookup(e)
	private := e.Private || c.Visibility != chat.Public
	return a.accept(ctx, s, i, e, replyToken{Kind: byCommand, Ephemeral: private}, deferral(private))
}

// menuVerb is what an entry in the menu of a message does, by its name.
func (a *Adapter) menuVerb(name string) (string, bool) {
	j := slices.IndexFunc(a.o.Commands, func(c chat.Command) bool { return c.Menu == name && name != "" })
	if j < 0 {
		return "", false
	}
	return a.o.Commands[j].Verb, true
}

// deferral shows that an answer comes, to one person or to all.
func deferral(private bool) response {
	if private {
		return response{Kind: deferMessage, Data: map[string]any{"flags": discordgo.MessageFlagsEphemeral}}
	}
	return response{Kind: deferMessage}
}

// pressed takes in a button that was pressed or an option that was chosen.
func (a *Adapter) pressed(ctx context.Context, s *session, i interaction, e chat.Event, raw []byte) *response {
	var data pressData
	if err := json.Unmarshal(i.Data, &data); err != nil || i.Message == nil || !isID(i.Message.ID) {
		return a.broken(ctx, s, e, raw, cmp.Or(err, errMalformed))
	}
	do, err := ParseID(data.CustomID)
	if err != nil {
		a.log.Info("what was pressed is not ours", "event", e.ID, "err", err)
		return &response{Kind: deferUpdate}
	}
	if do.Verb == againVerb {
		return a.openAgain(ctx, e, do.Arg(0))
	}
	if len(data.Values) > 0 {
		do = chat.Select{Action: do}.Chosen(chat.Option{Value: data.Values[0]})
	}
	e.Kind, e.Action, e.Message = chat.Press, do, chat.MessageID(i.Message.ID)
	token := replyToken{Kind: byPress, Message: i.Message.ID, Mark: markOf(data.CustomID), Ephemeral: i.Message.ephemeral()}
	if token.Ephemeral && token.Mark != "" {
		e.Message = ephemeralID(token.Mark, i.Message.ID)
	}
	return a.accept(ctx, s, i, e, token, response{Kind: deferUpdate})
}

// accept opens the form that an event asks for, or stores the event, and says
// what answers the interaction.
func (a *Adapter) accept(ctx context.Context, s *session, i interaction, e chat.Event, t replyToken, answer response) *response {
	if e.Kind != chat.Submit {
		form, err := a.o.Front.Open(ctx, e)
		if err != nil {
			return a.sorry(e, err)
		}
		if form != nil {
			if opened := a.modal(ctx, i, *form); opened != nil {
				return opened
			}
		}
	}
	t.App, t.ID, t.Token, t.Channel, t.User = i.App, i.ID, i.Token, i.Channel, e.From.Account.User()
	var err error
	if e.Handle, err = a.client.keepToken(ctx, i.ID, t); err == nil {
		err = s.in.Accept(ctx, e)
	}
	if err != nil {
		return a.sorry(e, err)
	}
	return &answer
}

// modal shows a form, and keeps it: what is wrong with it cannot be shown inside.
func (a *Adapter) modal(ctx context.Context, i interaction, f chat.Form) *response {
	d, err := Modal(f)
	if err != nil {
		a.log.Error("a form cannot be shown", "err", err)
		return nil
	}
	if err := a.keepForm(ctx, i.ID, f); err != nil {
		a.log.Warn("a form was not kept, so that it cannot be opened again", "err", scrub(err))
	} else if id := d.CustomID + again + i.ID; len(id) <= maxID {
		d.CustomID = id
	}
	return &response{Kind: showModal, Data: d}
}

func (a *Adapter) keepForm(ctx context.Context, id string, f chat.Form) error {
	kept, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return a.o.Memory.KeepToken(ctx, chat.ReplyHandle(formHandle+id), string(kept), formUses, a.now().Add(formLife))
}

// keptForm is a form that was opened; false if it is no longer known.
func (a *Adapter) keptForm(ctx context.Context, id string) (f chat.Form, ok bool) {
	if !isID(id) {
		return f, false
	}
	kept, err := a.o.Memory.Token(ctx, chat.ReplyHandle(formHandle+id), a.now())
	if err != nil {
		if !errors.Is(err, chat.ErrNoToken) {
			a.log.Warn("a form that was opened cannot be read", "err", scrub(err))
		}
		return f, false
	}
	return f, json.Unmarshal([]byte(kept), &f) == nil
}

// openAgain shows a form once more, with what was filled in.
func (a *Adapter) openAgain(ctx context.Context, e chat.Event, id string) *response {
	f, ok := a.keptForm(ctx, id)
	if !ok {
		return a.sorry(e, errors.New("a form is no longer known"))
	}
	d, err := Modal(f)
	if err != nil {
		return a.sorry(e, err)
	}
	if longer := d.CustomID + again + id; len(longer) <= maxID {
		d.CustomID = longer
	}
	return &response{Kind: showModal, Data: d}
}

// sent takes in a form. What is wrong with it is said to the person alone, who
// can open it again with what they wrote.
func (a *Adapter) sent(ctx context.Context, s *session, i interaction, e chat.Event, raw []byte) *response {
	var data pressData
	if err := json.Unmarshal(i.Data, &data); err != nil {
		return a.broken(ctx, s, e, raw, err)
	}
	do, err := ParseID(data.CustomID)
	if err != nil {
		a.log.Info("what was sent is no form of ours", "event", e.ID)
		return a.sorry(e, err)
	}
	e.Kind, e.Action, e.Values = chat.Submit, do, map[string]string{}
	for _, part := range data.Components {
		part.values(e.Values, 0)
	}
	_, opened, _ := strings.Cut(data.CustomID, again)
	if wrong := a.o.Front.Check(e); len(wrong) > 0 {
		return a.refill(ctx, i, e, opened, wrong)
	}
	c, _ := a.o.Front.Lookup(e)
	private := e.Private || c.Visibility != chat.Public
	t, answer := replyToken{Kind: byForm, Ephemeral: private}, deferral(private)
	if i.Message != nil { // it was opened by a button of a message, which stays
		t = replyToken{Kind: byPress, Message: i.Message.ID, Ephemeral: i.Message.ephemeral()}
		answer = response{Kind: deferUpdate}
	}
	done := a.accept(ctx, s, i, e, t, answer)
	if done.Kind == showMessage { // it was not stored, and must not be lost
		return a.refill(ctx, i, e, opened, map[string]string{"": a.o.Front.Sorry(e.From)})
	}
	return done
}

// refill says what is wrong with a form, and gives the words back: in the form
// itself behind a button, or, if that cannot be had, to be copied.
func (a *Adapter) refill(ctx context.Context, i interaction, e chat.Event, opened string, wrong map[string]string) *response {
	r := chat.Reply{}
	for _, sentence := range sortedValues(wrong) {
		r.Blocks = append(r.Blocks, chat.Block{Layout: chat.Paragraph, Text: chat.Plain(sentence)})
	}
	f, ok := a.keptForm(ctx, opened)
	if ok {
		for n, field := range f.Fields {
			if value, filled := e.Values[field.Name]; filled {
				f.Fields[n].Value = value
			}
		}
		if err := a.keepForm(ctx, i.ID, f); err != nil {
			a.log.Warn("what was filled in was not kept", "err", scrub(err))
			ok = false
		}
	}
	if ok {
		r.Blocks = append(r.Blocks, chat.Block{Layout: chat.Buttons, Buttons: []chat.Button{
			{Label: cmp.Or(f.Again, "↩"), Action: chat.Do(againVerb, i.ID), Style: chat.Primary},
		}})
	} else {
		for _, words := range sortedValues(e.Values) {
			r.Blocks = append(r.Blocks, chat.Block{Layout: chat.Quote, Text: chat.Plain(words)})
		}
	}
	return notice(r)
}

// sortedValues are the values of a map in the order of its keys.
func sortedValues(m map[string]string) []string {
	var keys, list []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if !blank(m[k]) {
			list = append(list, m[k])
		}
	}
	return list
}

// notice is a message that answers at once, for one person.
func notice(r chat.Reply) *response {
	m := Render(r)
	return &response{Kind: showMessage, Data: note{
		Components: m.Components, Flags: m.Flags | discordgo.MessageFlagsEphemeral,
		Mentions: discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}},
	}}
}

// sorry tells a person that something could not be taken in. Discord does not
// bring it again, so they have to.
func (a *Adapter) sorry(e chat.Event, err error) *response {
	a.log.Warn("an interaction could not be taken in", "event", e.ID, "err", scrub(err))
	return notice(chat.Reply{Blocks: []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain(a.o.Front.Sorry(e.From))}}})
}

// broken keeps an interaction that cannot be read.
func (a *Adapter) broken(ctx context.Context, s *session, e chat.Event, raw []byte, err error) *response {
	if err := a.unreadable(ctx, s, raw, err); err != nil {
		a.log.Warn("nor could it be kept", "err", scrub(err))
	}
	return a.sorry(e, err)
}

// typed offers what may be meant by what is being typed.
func (a *Adapter) typed(ctx context.Context, i interaction, e chat.Event) *response {
	var data commandData
	if err := json.Unmarshal(i.Data, &data); err != nil {
		return &response{Kind: showChoices, Data: map[string]any{"choices": []any{}}}
	}
	q := typing(a.o.Commands, data.typed())
	q.From, q.Place = e.From, e.Place
	choices := []map[string]string{}
	for _, o := range a.o.Front.Suggest(ctx, q) {
		name, value := shorten(oneLine(o.Label), maxChoice), o.Value
		if blank(name) || blank(value) || units(value) > maxChoice || len(choices) == maxChoices {
			continue
		}
		choices = append(choices, map[string]string{"name": name, "value": value})
	}
	return &response{Kind: showChoices, Data: map[string]any{"choices": choices}}
}

// callback answers an interaction once.
func (a *Adapter) callback(ctx context.Context, id, token string, answer response) error {
	return a.do(ctx, http.MethodPost, "interactions/"+id+"/"+token+"/callback", answer, nil)
}

// bodyID names what has no id of its own by what it says.
func bodyID(body []byte) chat.EventID {
	sum := sha256.Sum256(body)
	return chat.EventID(Name + ":" + hex.EncodeToString(sum[:12]))
}

func validText(body []byte) string { return strings.ToValidUTF8(string(body), "\uFFFD") }

func stack() string { return string(debug.Stack()) }
