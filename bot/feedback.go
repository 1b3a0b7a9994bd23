package bot

import (
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// Here is what an asker says of the help they got.

func feedbackRows() []command {
	comment := button("comment", chat.Private, (*turn).comment)
	comment.Params = []chat.Param{aTicket, aText}
	return []command{
		audits("ticket.rate", button("good", chat.Public, (*turn).rate)),
		audits("ticket.rate", button("bad", chat.Public, (*turn).rate)),
		opens(comment, (*opening).commentForm),
	}
}

// rate keeps whether a settled ticket helped. Only its asker may say. What is
// missing after a bad rating they may simply write, which reopens it; a comment
// reopens nothing.
func (t *turn) rate(chat.Invocation) error {
	k, err := t.own(chat.Invocation{Args: map[string]string{"ticket": t.event.Action.Arg(0)}})
	if err != nil {
		return err
	}
	t.lang = t.words.speak(k.Value.Trail.Lang)
	good := t.event.Action.Verb == "good"
	before := k.Value.Rating
	if err := k.Value.Rate(good, t.at); err != nil {
		return ownExplain(&k.Value, err)
	}
	t.keepTicket(k)
	id, line := "rated_bad", "asker_rated_bad"
	if good {
		id, line = "rated_good", "asker_rated_good"
	}
	if !good && !k.Value.Returns(t.settings.Grace, t.event.At) {
		id = "rated_bad_late" // what they write is a question of its own
	}
	if k.Value.Rating != before {
		t.inThread(&k.Value, func() []chat.Block {
			return []chat.Block{contextLine(t.words.say(t.lang, line, args{"Name": k.Value.Asker.Name, "Ticket": k.Value.ID}))}
		})
	}
	out, err := t.barred()
	switch {
	case err != nil:
		return err
	case out != nil && good:
		t.tell(t.text(id))
	case out != nil: // nobody would hear what is missing
		t.toldBarred(out)
		return t.barredLine(&out.Value)
	default:
		t.tell(t.text(id, args{"Ticket": k.Value.ID}), row(
			chat.Button{Label: t.line("button_comment"), Action: chat.Do("comment", string(k.Value.ID))}))
	}
	return nil
}

// comment keeps what else the asker has to say.
func (t *turn) comment(in chat.Invocation) error {
	k, err := t.own(in)
	if err != nil {
		return err
	}
	t.lang = t.words.speak(k.Value.Trail.Lang)
	if err := t.ifBarred(); err != nil {
		return err
	}
	text := chat.Shorten(strings.TrimSpace(in.Args["text"]), maxStored) // as much as the form takes
	if text == "" {
		return &refusal{id: "comment_what", args: args{"Ticket": k.Value.ID}}
	}
	before := k.Value.Comment
	if err := k.Value.Remark(text, t.at); err != nil {
		return ownExplain(&k.Value, err)
	}
	t.keepTicket(k)
	if k.Value.Comment != before {
		t.inThread(&k.Value, func() []chat.Block { return []chat.Block{t.commented(&k.Value), paragraph(text)} })
		t.toHolder(&k.Value, "asker_commented", text)
	}
	t.tell(t.text("commented"))
	return nil
}

func (t *turn) commented(k *desk.Ticket) chat.Block {
	return contextLine(t.words.say(t.lang, "asker_commented", args{"Name": k.Asker.Name, "Ticket": k.ID}))
}

// commentForm asks an asker what they have to say.
func (o *opening) commentForm(in chat.Invocation) (*chat.Form, error) {
	id, err := desk.ParseID(in.Args["ticket"])
	if err != nil {
		return nil, nil
	}
	k, err := o.reader.Ticket(o.ctx, id)
	if err != nil || !o.asks(&k.Value) || k.Value.Live() {
		return nil, err
	}
	if out, err := o.barred(); out || err != nil {
		return nil, err
	}
	o.lang = o.words.speak(k.Value.Trail.Lang)
	form := o.ask("comment", &k.Value.ID, "form_comment")
	form.Fields[0].Value = k.Value.Comment
	return form, nil
}

// asks reports whether a ticket is the sender's own.
func (o *opening) asks(k *desk.Ticket) bool { return o.access.same(k.Asker, o.event.From) }
